/* What the load generator knows: its connections, what was published, and the window that is being measured. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include "digest.h"
#include "histogram.h"

#define MAX_FD 65536
#define RING 65536 /* publications remembered; far more than are ever in flight */
#define MAX_PUBLISHERS 64
#define MARK "tbx=" /* stands before the publication's number in its data */

enum kind { CONTROL, SUBSCRIBER, PUBLISHER, MUTE };
enum stage { CONNECTING, UPGRADING, UPGRADED, SUBSCRIBING, OPEN };
enum audience { EVERYONE, NOBODY, ONE_EACH, THE_MUTE }; /* who is published to */

typedef struct { /* how a subscriber comes in */
    const char *path, *headers, *subscribe, *expect;
} way;

typedef struct {
    int fd, kind, stage, index;
    const way *by;
    uint64_t since, last; /* when connect() was called; number of the last publication seen */
    char *kept;           /* bytes of an incomplete frame or answer */
    size_t kept_size;
    uint64_t carries; /* publisher: number of the publication on its way, 0 when free */
    int awaited;      /* subscriber: further channels whose subscription is not answered yet */
} connection;

typedef struct {
    uint64_t due;
    uint32_t seen;
    int answered;
} publication;

typedef struct { /* one command's results */
    histogram latency;
    uint64_t published, completed, deliveries, answers, refused, disorder, dropped, started, ended;
    double server_s, own_s;
} results;

static connection *subscribers[MAX_FD], *publishers[MAX_PUBLISHERS];
static publication ring[RING];
static int subscriber_count, publisher_count, pending, open_count, refused_connections, epoll_fd, port;
static uint64_t sequence;
static const char *app_id, *app_key, *app_secret, *channel;
static const way *current_way;
static clockid_t server_clock;
static results now_measured;
static int measuring, closed_loop, by_the_clock, event_bytes, busy;
static enum audience audience;
static long awaited_count, each_count, each_holders; /* channels of single subscribers: asked for; there; of how many */
static uint64_t stop_publishing;

static uint64_t clock_ns(clockid_t id) {
    struct timespec t;
    if (clock_gettime(id, &t)) return 0;
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}
static uint64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

static void fail(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* At how many subscribers a publication is to arrive. */
static uint32_t wanted(void) {
    return audience == EVERYONE ? (uint32_t)open_count : audience == ONE_EACH ? 1 : 0;
}

static void window_open(void) {
    memset(&now_measured.latency, 0, sizeof now_measured.latency);
    now_measured.deliveries = now_measured.answers = now_measured.completed = 0;
    now_measured.server_s = -(double)clock_ns(server_clock) / 1e9;
    now_measured.own_s = -(double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9;
    now_measured.started = now_ns();
    measuring = 1;
}

static void window_close(void) {
    measuring = 0;
    now_measured.ended = now_ns();
    now_measured.server_s += (double)clock_ns(server_clock) / 1e9;
    now_measured.own_s += (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9;
}

static void report(uint64_t lost) {
    results *r = &now_measured;
    printf("{\"seconds\": %.6f, \"server_cpu_s\": %.6f, \"own_cpu_s\": %.6f, \"connections\": %d, \"published\": %lu, "
           "\"completed\": %lu, \"deliveries\": %lu, \"answers\": %lu, \"refused\": %lu, \"lost\": %lu, "
           "\"disorder\": %lu, \"dropped\": %lu, \"failed\": %d, \"samples\": %lu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
           "\"max_ms\": %.3f, \"late\": [",
           (double)(r->ended - r->started) / 1e9, r->server_s, r->own_s, open_count, r->published, r->completed,
           r->deliveries, r->answers, r->refused, lost, r->disorder, r->dropped, refused_connections,
           r->latency.count, (double)histogram_at(&r->latency, 0.5) / 1e3,
           (double)histogram_at(&r->latency, 0.99) / 1e3, (double)r->latency.largest_us / 1e3);
    const char *between = "";
    for (int cell = 0; by_the_clock && cell < HISTOGRAM_CELLS; cell++)
        if (r->latency.cells[cell]) {
            printf("%s[%lu, %lu]", between, histogram_us(cell), r->latency.cells[cell]);
            between = ", ";
        }
    puts("]}");
    fflush(stdout);
}
