/* Says the same WebSocket message again and again, and waits for what comes of it.
 *
 *   ingest PID SECONDS DEPTH HEARD_FD SAID_FD... < FRAMES
 *
 * The sockets are open, their handshakes are over: whoever starts this program has seen to that. Each speaker (SAID_FD)
 * has DEPTH messages under way: its masked frame is written so many times at once, and again when all speakers' frames are
 * answered at the listener (HEARD_FD) by as many text frames. Standard input has one frame for each, all of one length. A speaker that listens to itself is named by its one number
 * twice. The program never sleeps: it looks again and again, so that the server (PID) pays nothing for waking it, and
 * `looked_in_vain_s` tells how much of the time it was the one who waited.
 *
 * One line of JSON comes out: seconds, server_cpu_s, messages, looked_in_vain_s.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 64 /* speakers */
#define FRAME_BYTES 65536
#define WARM_S 0.05 /* not counted */
#define STUCK_S 5.0 /* without an answer */

#define PING "{\"type\":\"ping\"" /* an old socket asks now and then whether anybody is there; that answers nothing */

static uint8_t batch[FRAME_BYTES * 16], heard[1 << 18];

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "unexpected");
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(pid_t pid) { /* user and system time of the process, all threads */
    struct timespec t;
    clockid_t clock = (clockid_t)((~(unsigned)pid << 3) | 2);
    if (clock_gettime(clock, &t)) fail("the server's clock");
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void say(int fd, const uint8_t *what, size_t size) {
    for (size_t at = 0; at < size;) {
        ssize_t n = send(fd, what + at, size - at, MSG_NOSIGNAL);
        if (n > 0) at += (size_t)n;
        else if (n < 0 && errno != EAGAIN && errno != EINTR) fail("send");
    }
}

/* Text frames that have become whole; what is left of `heard` is put to its front. */
static unsigned long take(size_t *size) {
    unsigned long texts = 0;
    size_t at = 0;
    for (;;) {
        if (*size - at < 2) break;
        size_t head = 2, length = heard[at + 1] & 127;
        if (length == 126) {
            head = 4;
            if (*size - at < head) break;
            length = (size_t)heard[at + 2] << 8 | heard[at + 3];
        } else if (length == 127) {
            errno = 0;
            fail("a frame of more than 65,535 bytes");
        }
        if (*size - at < head + length) break;
        int opcode = heard[at] & 15;
        errno = 0;
        if (opcode == 8) fail("the server has closed");
        texts += opcode == 1 && (length < sizeof PING - 1 || memcmp(heard + at + head, PING, sizeof PING - 1));
        at += head + length;
    }
    memmove(heard, heard + at, *size - at);
    *size -= at;
    return texts;
}

int main(int argc, char **argv) {
    if (argc < 6 || argc > 5 + MOST) {
        fprintf(stderr, "usage: ingest PID SECONDS DEPTH HEARD_FD SAID_FD... < FRAMES\n");
        return 2;
    }
    pid_t pid = atoi(argv[1]);
    double seconds = atof(argv[2]);
    unsigned long depth = strtoul(argv[3], NULL, 10);
    int listener = atoi(argv[4]), speakers = argc - 5, said[MOST];
    for (int i = 0; i < speakers; i++) said[i] = atoi(argv[5 + i]);

    static uint8_t frames[FRAME_BYTES];
    size_t all = fread(frames, 1, sizeof frames, stdin), frame = all / (size_t)speakers, said_at_once = depth * frame;
    errno = 0;
    if (!frame || all % (size_t)speakers || !depth || depth * all > sizeof batch) fail("the frames, or so many of them");
    for (int i = 0; i < speakers; i++)
        for (unsigned long k = 0; k < depth; k++)
            memcpy(batch + (size_t)i * said_at_once + k * frame, frames + (size_t)i * frame, frame);

    size_t held = 0;
    unsigned long counted = 0;
    int warm = 0;
    double began = now(), ends = began + WARM_S, spent = 0, vain = 0, last = began;
    for (;;) {
        for (int i = 0; i < speakers; i++) say(said[i], batch + (size_t)i * said_at_once, said_at_once);
        unsigned long waits = depth * (unsigned long)speakers;
        double looked = now();
        while (waits) {
            ssize_t n = recv(listener, heard + held, sizeof heard - held, MSG_DONTWAIT);
            double t = now();
            if (n > 0) {
                held += (size_t)n;
                unsigned long texts = take(&held);
                errno = 0;
                if (texts > waits) fail("more answers than messages");
                waits -= texts;
                counted += texts;
                last = t;
                looked = now();
                continue;
            }
            if (n == 0) fail("the server is gone");
            if (errno != EAGAIN && errno != EINTR) fail("recv");
            vain += t - looked;
            looked = t;
            errno = 0;
            if (t - last > STUCK_S) fail("no answer");
        }
        double t = now();
        if (t < ends) continue;
        if (warm) {
            printf("{\"seconds\": %.6f, \"server_cpu_s\": %.9f, \"messages\": %lu, \"looked_in_vain_s\": %.6f}\n",
                   t - began, cpu(pid) - spent, counted, vain);
            return 0;
        }
        warm = 1, counted = 0, vain = 0, began = now(), ends = began + seconds, spent = cpu(pid);
    }
}
