/* Latencies by size: exact to the microsecond below 256 us, within 1 % above. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H
#include <stdint.h>
#include <string.h>

#define HISTOGRAM_CELLS 4096

typedef struct {
    uint64_t cells[HISTOGRAM_CELLS], count, largest_us;
} histogram;

static inline void histogram_add(histogram *h, uint64_t us) {
    int shift = us < 256 ? 0 : 56 - __builtin_clzll(us); /* 56: keeps the eight highest bits */
    uint64_t cell = (uint64_t)shift * 128 + (us >> shift);
    h->cells[cell < HISTOGRAM_CELLS ? cell : HISTOGRAM_CELLS - 1]++;
    h->count++;
    if (us > h->largest_us) h->largest_us = us;
}

static inline uint64_t histogram_us(int cell) {
    int shift = cell < 256 ? 0 : cell / 128 - 1;
    return (uint64_t)(cell - shift * 128) << shift;
}

/* The value below or at which `share` (0 to 1) of what was added lies, in microseconds. */
static inline uint64_t histogram_at(const histogram *h, double share) {
    uint64_t wanted = (uint64_t)(share * (double)h->count), passed = 0;
    for (int cell = 0; cell < HISTOGRAM_CELLS; cell++) {
        passed += h->cells[cell];
        if (passed > wanted) return histogram_us(cell);
    }
    return h->largest_us;
}
#endif
