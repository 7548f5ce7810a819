/* The load generator: many WebSocket subscribers and signed HTTP publishers in one thread on epoll.
 *
 * usage: load PORT SERVER_PID APP_ID KEY SECRET CHANNEL PATH [SUBSCRIBE EXPECT]
 *   PATH       of the WebSocket request
 *   SUBSCRIBE  text frame that a connection sends after the server's first frame; without it the upgrade is enough.
 *              "{auth}" in it becomes the signature for CHANNEL
 *   EXPECT     what the frame contains that answers it
 *
 * Commands come on stdin, one a line; each is answered by one line of JSON on stdout:
 *   connect N INFLIGHT        N more subscribers, INFLIGHT of them under way at a time
 *   leave N                   the newest N subscribers leave
 *   close                     all subscribers leave
 *   fanout W SECONDS BYTES    W publications in flight, the next when one has reached every subscriber
 *   rate HZ SECONDS BYTES     publications by the clock; latency counts from the time at which each was due. The result
 *                             has all latencies, too: "late" is pairs of microseconds and how many
 *   publish W SECONDS BYTES   W requests in flight to a channel that nobody follows
 *   channels N EACH           N subscribers subscribe to EACH further channels that nobody else has
 *   scatter W SECONDS BYTES   as fanout, but each publication goes to the next of those channels, to one subscriber
 *   mute                      one more subscriber, which is not read from the moment it has subscribed
 *   stuff KB                  so much is published to a channel that only that one follows
 *   way<TAB>PATH<TAB>HEADERS<TAB>SUBSCRIBE<TAB>EXPECT
 *                             subscribers that connect from here on do it so; HEADERS: lines that end in \r\n, or nothing
 * Between commands pings are answered. Every result has the CPU time (user and system) of the server and of this
 * process in the window that was measured, from the process clocks of the kernel (nanoseconds, all threads). */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include "state.h"
#include "connections.h"
#include "publishing.h"
#include "receiving.h"

#define WARM_NS 150000000ull /* not measured, at the start of each closed loop */
#define DRAIN_NS 5000000000ull
#define CONNECT_NS 60000000000ull
#define AT_ONCE 2000 /* subscriptions to further channels under way */

static void do_connect(int count, int inflight) {
    int target = subscriber_count + count;
    uint64_t deadline = now_ns() + CONNECT_NS;
    refused_connections = 0;
    window_open();
    while (subscriber_count < target || pending) {
        while (subscriber_count < target && pending < inflight) {
            subscribers[subscriber_count] = dial(SUBSCRIBER, subscriber_count);
            subscriber_count++;
            pending++;
        }
        pump(now_ns() + 20000000ull);
        if (now_ns() > deadline) { refused_connections += pending; pending = 0; break; }
    }
    window_close();
    report(0);
}

static void more_publishers(int count) {
    while (publisher_count < count) {
        publishers[publisher_count] = dial(PUBLISHER, publisher_count);
        publisher_count++;
        pending++;
    }
    while (pending) pump(now_ns() + 20000000ull);
}

static uint64_t lost_since(uint64_t first) {
    uint64_t lost = 0;
    for (uint64_t number = first; number <= sequence; number++)
        if (ring[number % RING].seen < wanted()) lost += wanted() - ring[number % RING].seen;
    return lost;
}

static void drain(uint64_t first) {
    uint64_t deadline = now_ns() + DRAIN_NS;
    stop_publishing = 0;
    while ((in_flight() || lost_since(first)) && now_ns() < deadline) pump(now_ns() + 5000000ull);
}

static void do_closed_loop(int width, double seconds) {
    uint64_t first = sequence + 1, started = now_ns(), until = started + WARM_NS + (uint64_t)(seconds * 1e9);
    more_publishers(width);
    closed_loop = 1;
    stop_publishing = until;
    for (int i = 0; i < width; i++) publish(publishers[i], 0);
    while (now_ns() < started + WARM_NS) pump(started + WARM_NS);
    window_open();
    while (now_ns() < until) pump(until);
    window_close();
    drain(first);
    closed_loop = 0;
    for (int i = 0; i < publisher_count; i++) publishers[i]->carries = 0;
    report(lost_since(first));
}

static void do_rate(double hz, double seconds) {
    uint64_t first = sequence + 1, start = now_ns() + 50000000ull, total = (uint64_t)(hz * seconds), done = 0;
    more_publishers(1);
    window_open();
    while (done < total) {
        uint64_t due = start + (uint64_t)((double)done / hz * 1e9);
        int free_one = 0;
        while (free_one < publisher_count && publishers[free_one]->carries) free_one++;
        if (now_ns() >= due && free_one == publisher_count && publisher_count < MAX_PUBLISHERS)
            more_publishers(publisher_count + 1); /* all are still waiting for their answers */
        if (now_ns() >= due && free_one < publisher_count) { publish(publishers[free_one], due); done++; }
        else pump(free_one < publisher_count ? due : now_ns() + 1000000ull);
    }
    drain(first); /* what comes late belongs to the figures */
    window_close();
    for (int i = 0; i < publisher_count; i++) publishers[i]->carries = 0;
    report(lost_since(first));
}

static void do_leave(int count) {
    for (; count > 0 && subscriber_count > 0; count--) {
        connection *c = subscribers[--subscriber_count];
        if (c) hang_up(c);
    }
    pending = 0;
    if (!subscriber_count) each_count = each_holders = awaited_count = 0;
    puts("{}");
    fflush(stdout);
}

static void wait_for(const int *zero, const long *also_zero) {
    uint64_t deadline = now_ns() + CONNECT_NS;
    while (*zero || *also_zero) {
        pump(now_ns() + 20000000ull);
        if (now_ns() > deadline) { errno = ETIMEDOUT; fail("a subscription"); }
    }
}

static void do_channels(int holders, int each) {
    const int none = 0;
    if (holders > subscriber_count || holders < 1 || each < 1) { errno = EINVAL; fail("channels"); }
    window_open();
    for (int i = 0; i < holders; i++) {
        for (int k = 0; subscribers[i] && k < each; k++) subscribe_each(subscribers[i], k);
        while (awaited_count > AT_ONCE) pump(now_ns() + 20000000ull);
    }
    wait_for(&none, &awaited_count);
    window_close();
    each_holders = holders;
    each_count = each;
    report(0);
}

static void do_mute(void) {
    refused_connections = 0;
    window_open();
    connection *c = dial(MUTE, 0);
    pending++;
    wait_for(&pending, &awaited_count);
    if (refused_connections) fail("the subscriber that is to be mute was refused");
    subscribe_each(c, MUTE_CHANNEL);
    wait_for(&pending, &awaited_count);
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, c->fd, NULL); /* nobody looks at it again; it stays open to the end */
    window_close();
    report(0);
}

static void do_stuff(int kilobytes) {
    window_open();
    more_publishers(1);
    for (int left = kilobytes * 1000; left > 0; left -= event_bytes) {
        publish(publishers[0], 0);
        while (in_flight()) pump(now_ns() + 5000000ull);
    }
    window_close();
    report(0);
}

/* The line has the four parts between tabs; they are kept as long as this process lives. */
static void do_way(const char *line) {
    char *kept = strdup(line), *part[4] = {0}, *rest = kept;
    way *w = calloc(1, sizeof *w);
    strsep(&rest, "\t");
    for (int i = 0; i < 4; i++) part[i] = rest ? strsep(&rest, "\t") : NULL;
    if (!part[1] || (part[2] && !part[3])) { errno = EINVAL; fail("way"); }
    for (char *at; (at = strstr(part[1], "\\r\\n")); memmove(at + 2, at + 4, strlen(at + 4) + 1)) at[0] = '\r', at[1] = '\n';
    *w = (way){part[0], part[1], part[2], part[3]};
    current_way = w;
    puts("{}");
    fflush(stdout);
}

static void command(char *line) {
    double number = 0, seconds = 0;
    char name[16] = "";
    line[strcspn(line, "\n")] = 0;
    event_bytes = 200;
    memset(&now_measured, 0, sizeof now_measured);
    sscanf(line, "%15s %lf %lf %d", name, &number, &seconds, &event_bytes);
    if (!strcmp(name, "stuff")) event_bytes = 4000;
    audience = !strcmp(name, "publish")   ? NOBODY
               : !strcmp(name, "scatter") ? ONE_EACH
               : !strcmp(name, "stuff")   ? THE_MUTE
                                          : EVERYONE;
    by_the_clock = !strcmp(name, "rate");
    int loop = !strcmp(name, "fanout") || audience == NOBODY || (audience == ONE_EACH && each_count);
    if (event_bytes < 20 || event_bytes > 4000 || number < 0 || number > MAX_FD) { errno = EINVAL; fail(line); }
    busy = 1;
    if (!strcmp(name, "connect") && number + subscriber_count < MAX_FD) do_connect((int)number, (int)seconds);
    else if (loop && number >= 1 && number <= MAX_PUBLISHERS) do_closed_loop((int)number, seconds);
    else if (!strcmp(name, "rate") && number * seconds < RING) do_rate(number, seconds);
    else if (!strcmp(name, "close")) do_leave(subscriber_count);
    else if (!strcmp(name, "leave")) do_leave((int)number);
    else if (!strcmp(name, "channels")) do_channels((int)number, (int)seconds);
    else if (!strcmp(name, "mute")) do_mute();
    else if (!strcmp(name, "stuff")) do_stuff((int)number);
    else if (!strcmp(name, "way")) do_way(line);
    else { errno = EINVAL; fail(line); }
    busy = 0;
}

int main(int argc, char **argv) {
    char line[4096];
    if (argc != 8 && argc != 10) {
        fputs("usage: load PORT SERVER_PID APP_ID KEY SECRET CHANNEL PATH [SUBSCRIBE EXPECT]\n", stderr);
        return 2;
    }
    port = atoi(argv[1]);
    if ((errno = clock_getcpuclockid(atoi(argv[2]), &server_clock))) fail("the server's CPU clock");
    app_id = argv[3]; app_key = argv[4]; app_secret = argv[5]; channel = argv[6];
    way first = {argv[7], "", argc == 10 ? argv[8] : NULL, argc == 10 ? argv[9] : NULL};
    current_way = &first;
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1000); /* naps as short as asked for */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setvbuf(stdin, NULL, _IONBF, 0);
    epoll_fd = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &event)) fail("stdin must be a pipe");
    for (;;) {
        while (!pump(now_ns() + 1000000000ull)) {}
        if (!fgets(line, sizeof line, stdin)) return 0; /* the bench has gone: so do we */
        command(line);
    }
}
