/* The load generator: many WebSocket subscribers and signed HTTP publishers in one thread on epoll.
 *
 * usage: load PORT SERVER_PID APP_ID KEY SECRET CHANNEL PATH [SUBSCRIBE EXPECT]
 *   PATH       of the WebSocket request
 *   SUBSCRIBE  text frame that a connection sends after the server's first frame; without it the upgrade is enough
 *   EXPECT     what the frame contains that answers it
 *
 * Commands come on stdin, one a line; each is answered by one line of JSON on stdout:
 *   connect N INFLIGHT        N more subscribers, INFLIGHT of them under way at a time
 *   fanout W SECONDS BYTES    W publications in flight, the next when one has reached every subscriber
 *   rate HZ SECONDS BYTES     publications by the clock; latency counts from the time at which each was due
 *   publish W SECONDS BYTES   W requests in flight to a channel that nobody follows
 *   close                     all subscribers leave
 * Between commands pings are answered. Every result has the CPU time (user and system) of the server and of this
 * process in the window that was measured, from the process clocks of the kernel (nanoseconds, all threads). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "digest.h"
#include "histogram.h"

#define MAX_FD 65536
#define RING 65536           /* publications remembered; far more than are ever in flight */
#define MAX_PUBLISHERS 64
#define READ_BYTES (1 << 18)
#define WARM_NS 150000000ull /* not measured, at the start of each closed loop */
#define NAP_NS 50000         /* see pump */
#define DRAIN_NS 5000000000ull
#define CONNECT_NS 60000000000ull
#define MARK "tbx="          /* stands before the publication's number in its data */
#define KEY_HEADER "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

enum kind { CONTROL, SUBSCRIBER, PUBLISHER };
enum stage { CONNECTING, UPGRADING, UPGRADED, SUBSCRIBING, OPEN };

typedef struct {
    int fd, kind, stage, index;
    uint64_t since, last; /* when connect() was called; number of the last publication seen */
    char *kept;           /* bytes of an incomplete frame or answer */
    size_t kept_size;
    uint64_t carries;     /* publisher: number of the publication on its way, 0 when free */
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
static const char *app_id, *app_key, *app_secret, *channel, *path, *subscribe_text, *expect_text;
static clockid_t server_clock;
static results now_measured;
static int measuring, closed_loop, event_bytes, publish_only, busy;
static uint64_t stop_publishing;
static char buffer[READ_BYTES + 65536];

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

/* ---- windows --------------------------------------------------------------------------------------------------- */
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
           "\"max_ms\": %.3f}\n",
           (double)(r->ended - r->started) / 1e9, r->server_s, r->own_s, open_count, r->published, r->completed,
           r->deliveries, r->answers, r->refused, lost, r->disorder, r->dropped, refused_connections,
           r->latency.count, (double)histogram_at(&r->latency, 0.5) / 1e3,
           (double)histogram_at(&r->latency, 0.99) / 1e3, (double)r->latency.largest_us / 1e3);
    fflush(stdout);
}

/* ---- connections ----------------------------------------------------------------------------------------------- */
static void send_all(connection *c, const char *bytes, size_t size) {
    while (size) { /* requests are far smaller than a socket's buffer: a full one means that the server is stuck */
        ssize_t sent = send(c->fd, bytes, size, MSG_NOSIGNAL);
        if (sent < 0) return; /* the read side reports why */
        bytes += sent;
        size -= (size_t)sent;
    }
}

static void send_frame(connection *c, int opcode, const char *text, size_t size) {
    static const uint8_t mask[4] = {0x1f, 0x2e, 0x3d, 0x4c};
    char frame[4096];
    size_t head = size < 126 ? 2 : 4;
    if (size > sizeof frame - 8) return;
    frame[0] = (char)(0x80 | opcode);
    frame[1] = (char)(0x80 | (size < 126 ? size : 126));
    if (size >= 126) { frame[2] = (char)(size >> 8); frame[3] = (char)size; }
    memcpy(frame + head, mask, 4);
    for (size_t i = 0; i < size; i++) frame[head + 4 + i] = (char)(text[i] ^ mask[i & 3]);
    send_all(c, frame, head + 4 + size);
}

static connection *dial(enum kind kind, int index) {
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    connection *c = calloc(1, sizeof *c);
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0 || c->fd >= MAX_FD) fail("socket");
    c->kind = kind;
    c->index = index;
    c->since = now_ns();
    /* Subscribers come from many addresses, as in life; 200 of them share one. */
    from.sin_addr.s_addr = htonl(kind == SUBSCRIBER ? 0x7f010001u + (uint32_t)(index / 200) : INADDR_LOOPBACK);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)port);
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from)) fail("bind to an address of 127.0.0.0/8");
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) fail("connect");
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
    return c;
}

static void hang_up(connection *c) {
    struct linger now = {.l_onoff = 1, .l_linger = 0}; /* reset: no port is left waiting for a minute */
    if (c->kind == PUBLISHER) { /* one that is idle may be closed; another is opened when it is needed */
        if (c->stage != OPEN || c->carries) fail("the server closed a connection in the middle of a publish");
        publishers[c->index] = publishers[--publisher_count];
        publishers[c->index]->index = c->index;
    } else if (c->stage == OPEN) { open_count--; now_measured.dropped++; }
    else { pending--; refused_connections++; }
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(c->fd);
    free(c->kept);
    if (c->kind == SUBSCRIBER) subscribers[c->index] = NULL;
    free(c);
}

static void opened(connection *c) {
    c->stage = OPEN;
    pending--;
    open_count++;
    if (measuring) histogram_add(&now_measured.latency, (now_ns() - c->since) / 1000);
}

static void connected(connection *c) {
    int error = 0;
    socklen_t size = sizeof error;
    /* Edge-triggered saves half of the polls. A read always asks for more than a socket holds, so that a short one
     * has emptied it. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = c};
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) { errno = error; hang_up(c); return; }
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
    c->stage = c->kind == PUBLISHER ? OPEN : UPGRADING;
    if (c->kind == PUBLISHER) { pending--; return; }
    char request[1024];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          KEY_HEADER "Sec-WebSocket-Version: 13\r\n\r\n", path, port);
    send_all(c, request, (size_t)length);
}

/* ---- publishing ------------------------------------------------------------------------------------------------ */
static void publish(connection *c, uint64_t due) {
    static char request[16384], body[8192], query[512], text[1024], data[4096];
    char md5_hex[33], signature[65];
    uint8_t digest[32];
    uint64_t number = ++sequence;
    int filled = snprintf(data, sizeof data, MARK "%012lu.", number);
    while (filled < event_bytes) data[filled] = (char)('a' + filled % 26), filled++;
    data[filled] = 0;
    int body_size = snprintf(body, sizeof body, "{\"name\":\"bench\",\"channels\":[\"%s\"],\"data\":\"%s\"}",
                             publish_only ? "nobody" : channel, data);
    md5(body, (size_t)body_size, digest);
    to_hex(digest, 16, md5_hex);
    snprintf(query, sizeof query, "auth_key=%s&auth_timestamp=%ld&auth_version=1.0&body_md5=%s", app_key, time(NULL),
             md5_hex);
    int text_size = snprintf(text, sizeof text, "POST\n/apps/%s/events\n%s", app_id, query);
    hmac_sha256(app_secret, text, (size_t)text_size, digest);
    to_hex(digest, 32, signature);
    int size = snprintf(request, sizeof request,
                        "POST /apps/%s/events?%s&auth_signature=%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                        "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                        app_id, query, signature, port, body_size, body);
    ring[number % RING] = (publication){.due = due ? due : now_ns()};
    c->carries = number;
    now_measured.published++;
    send_all(c, request, (size_t)size);
}

/* A publication is complete when it was answered and has reached everyone; in a closed loop the next one follows. */
static void advance(connection *c) {
    publication *p = &ring[c->carries % RING];
    if (!c->carries || !p->answered) return;
    if (closed_loop && !publish_only && p->seen < (uint32_t)open_count) return;
    now_measured.completed += (uint64_t)measuring;
    c->carries = 0;
    if (closed_loop && now_ns() < stop_publishing) publish(c, 0);
}

static int in_flight(void) {
    int count = 0;
    for (int i = 0; i < publisher_count; i++) count += publishers[i]->carries != 0;
    return count;
}

static void answered(connection *c, int status) {
    ring[c->carries % RING].answered = 1;
    now_measured.answers += (uint64_t)measuring;
    if (status / 100 != 2) now_measured.refused++; /* some say 201 */
    if (measuring && publish_only)
        histogram_add(&now_measured.latency, (now_ns() - ring[c->carries % RING].due) / 1000);
    advance(c);
}

/* Consume whole answers; give back how many bytes were used. */
static size_t take_answers(connection *c, char *bytes, size_t size) {
    char *end = memmem(bytes, size, "\r\n\r\n", 4), *length;
    if (!end) return 0;
    *end = 0; /* for the string functions; the rest of the head is not needed again */
    length = strcasestr(bytes, "\r\ncontent-length:");
    size_t whole = (size_t)(end + 4 - bytes) + (length ? strtoul(length + 17, NULL, 10) : 0);
    *end = '\r';
    if (size < whole) return 0;
    answered(c, atoi(bytes + 9));
    return whole;
}

/* ---- receiving ------------------------------------------------------------------------------------------------- */
static void delivered(connection *c, const char *text, size_t size) {
    const char *mark = memmem(text, size, MARK, sizeof MARK - 1);
    if (!mark) return;
    uint64_t number = strtoull(mark + sizeof MARK - 1, NULL, 10);
    publication *p = &ring[number % RING];
    p->seen++;
    if (number <= c->last) now_measured.disorder++;
    c->last = number;
    if (measuring) {
        now_measured.deliveries++;
        histogram_add(&now_measured.latency, (now_ns() - p->due) / 1000);
    }
    if (closed_loop && p->seen >= (uint32_t)open_count)
        for (int i = 0; i < publisher_count; i++)
            if (publishers[i]->carries == number) advance(publishers[i]);
}

/* Consume one frame; give back how many bytes were used. 0: incomplete. -1: the connection is gone. */
static long take_frame(connection *c, char *bytes, size_t size) {
    size_t head = 2, length;
    if (size < 2) return 0;
    length = (uint8_t)bytes[1] & 127;
    if (length == 126) {
        if (size < 4) return 0;
        length = (size_t)(uint8_t)bytes[2] << 8 | (uint8_t)bytes[3];
        head = 4;
    } else if (length == 127) {
        errno = EPROTO;
        hang_up(c); /* no event of the bench is that long */
        return -1;
    }
    if (size < head + length) return 0;
    int opcode = bytes[0] & 15;
    if (opcode == 8) { errno = ECONNRESET; hang_up(c); return -1; }
    if (opcode == 9) send_frame(c, 10, bytes + head, length);
    if (opcode == 1) {
        if (c->stage == OPEN) delivered(c, bytes + head, length);
        else if (c->stage == UPGRADED) { /* the server's greeting */
            send_frame(c, 1, subscribe_text, strlen(subscribe_text));
            c->stage = SUBSCRIBING;
        } else if (memmem(bytes + head, length, expect_text, strlen(expect_text))) opened(c);
    }
    return (long)(head + length);
}

static size_t take_upgrade(connection *c, char *bytes, size_t size) {
    char *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (!end) return 0;
    if (size < 12 || memcmp(bytes + 9, "101", 3)) { fprintf(stderr, "load: no upgrade: %.60s\n", bytes); exit(1); }
    c->stage = UPGRADED;
    if (!subscribe_text) opened(c);
    return (size_t)(end + 4 - bytes);
}

/* 1 when the socket may hold more. */
static int readable(connection *c) {
    size_t size = c->kept_size, used = 0;
    memcpy(buffer, c->kept, size);
    ssize_t got = recv(c->fd, buffer + size, READ_BYTES, 0);
    if (got < 0 && errno == EAGAIN) return 0;
    if (got <= 0) { if (!got) errno = ECONNRESET; hang_up(c); return 0; }
    size += (size_t)got;
    buffer[size] = 0;
    if (c->kind == PUBLISHER) {
        for (size_t took; (took = take_answers(c, buffer + used, size - used)); ) used += took;
    } else {
        if (c->stage == UPGRADING) used = take_upgrade(c, buffer, size);
        if (c->stage != UPGRADING)
            for (long took; (took = take_frame(c, buffer + used, size - used)); used += (size_t)took)
                if (took < 0) return 0;
    }
    free(c->kept);
    c->kept = NULL;
    if ((c->kept_size = size - used)) memcpy(c->kept = malloc(c->kept_size), buffer + used, c->kept_size);
    return got == READ_BYTES;
}

/* Handle what is there, waiting for it until `until`; 1 when stdin has something to say.
 *
 * During a command it naps and looks, instead of sleeping in epoll_wait: otherwise a server pays for waking this process
 * as often as this process happens to be asleep, which is more often the slower the server is. A nap costs latencies
 * 0.05 ms, and leaves this process time to spare, so that its CPU share shows whether it was the bottleneck. */
static int pump(uint64_t until) {
    struct epoll_event ready[512];
    uint64_t now = now_ns();
    int wait_ms = busy || until <= now ? 0 : (int)((until - now) / 1000000ull), asked = 0;
    if (busy) clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = NAP_NS}, NULL);
    int count = epoll_wait(epoll_fd, ready, 512, wait_ms);
    for (int i = 0; i < count; i++) {
        connection *c = ready[i].data.ptr;
        if (!c) asked = 1;
        else if (c->stage == CONNECTING) connected(c);
        else while (readable(c)) {}
    }
    return asked;
}

/* ---- commands -------------------------------------------------------------------------------------------------- */
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
        if (ring[number % RING].seen < (uint32_t)open_count) lost += (uint32_t)open_count - ring[number % RING].seen;
    return lost;
}

static void drain(uint64_t first) {
    uint64_t deadline = now_ns() + DRAIN_NS;
    stop_publishing = 0;
    while ((in_flight() || (!publish_only && lost_since(first))) && now_ns() < deadline) pump(now_ns() + 5000000ull);
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
    report(publish_only ? 0 : lost_since(first));
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

static void do_close(void) {
    for (int i = 0; i < subscriber_count; i++)
        if (subscribers[i]) hang_up(subscribers[i]);
    subscriber_count = open_count = pending = 0;
    puts("{}");
    fflush(stdout);
}

static void command(char *line) {
    double number = 0, seconds = 0;
    char name[16] = "";
    event_bytes = 200;
    memset(&now_measured, 0, sizeof now_measured);
    sscanf(line, "%15s %lf %lf %d", name, &number, &seconds, &event_bytes);
    publish_only = !strcmp(name, "publish");
    if (event_bytes < 20 || event_bytes > 4000 || number < 0 || number > MAX_FD) { errno = EINVAL; fail(line); }
    busy = 1;
    if (!strcmp(name, "connect") && number + subscriber_count < MAX_FD) do_connect((int)number, (int)seconds);
    else if ((!strcmp(name, "fanout") || publish_only) && number >= 1 && number <= MAX_PUBLISHERS)
        do_closed_loop((int)number, seconds);
    else if (!strcmp(name, "rate") && number * seconds < RING) do_rate(number, seconds);
    else if (!strcmp(name, "close")) do_close();
    else { errno = EINVAL; fail(line); }
    busy = 0;
}

int main(int argc, char **argv) {
    char line[256];
    if (argc != 8 && argc != 10) {
        fputs("usage: load PORT SERVER_PID APP_ID KEY SECRET CHANNEL PATH [SUBSCRIBE EXPECT]\n", stderr);
        return 2;
    }
    port = atoi(argv[1]);
    if ((errno = clock_getcpuclockid(atoi(argv[2]), &server_clock))) fail("the server's CPU clock");
    app_id = argv[3]; app_key = argv[4]; app_secret = argv[5]; channel = argv[6]; path = argv[7];
    if (argc == 10) { subscribe_text = argv[8]; expect_text = argv[9]; }
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
