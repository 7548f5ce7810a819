/* What arrives: events, answers to subscriptions, upgrades. */

#define READ_BYTES (1 << 18)
#define NAP_NS 50000 /* see pump */

static char buffer[READ_BYTES + 65536];

/* How a server asks for a sign of life where it cannot send the WebSocket's own ping. */
#define PING "\"event\":\"pusher:ping\""
#define PONG "{\"event\":\"pusher:pong\",\"data\":{}}"

static void delivered(connection *c, const char *text, size_t size, uint64_t came) {
    const char *mark = memmem(text, size, MARK, sizeof MARK - 1);
    if (!mark) {
        if (memmem(text, size, PING, sizeof PING - 1)) send_frame(c, 1, PONG, sizeof PONG - 1);
        if (c->awaited && memmem(text, size, c->by->expect, strlen(c->by->expect))) { c->awaited--; awaited_count--; }
        return;
    }
    uint64_t number = strtoull(mark + sizeof MARK - 1, NULL, 10);
    publication *p = &ring[number % RING];
    p->seen++;
    if (number <= c->last) now_measured.disorder++;
    c->last = number;
    if (measuring) {
        now_measured.deliveries++;
        histogram_add(&now_measured.latency, came > p->due ? (came - p->due) / 1000 : 0);
    }
    if (closed_loop && p->seen >= wanted())
        for (int i = 0; i < publisher_count; i++)
            if (publishers[i]->carries == number) advance(publishers[i]);
}

/* Consume one frame; give back how many bytes were used. 0: incomplete. -1: the connection is gone. */
static long take_frame(connection *c, char *bytes, size_t size, uint64_t came) {
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
        if (c->stage == OPEN) delivered(c, bytes + head, length, came);
        else if (c->stage == UPGRADED) subscribe(c, bytes + head, length); /* the server's greeting */
        else if (memmem(bytes + head, length, c->by->expect, strlen(c->by->expect))) opened(c);
    }
    return (long)(head + length);
}

static size_t take_upgrade(connection *c, char *bytes, size_t size) {
    char *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (!end) return 0;
    if (size < 12 || memcmp(bytes + 9, "101", 3)) { fprintf(stderr, "load: no upgrade: %.60s\n", bytes); exit(1); }
    c->stage = UPGRADED;
    if (!c->by->subscribe) opened(c);
    return (size_t)(end + 4 - bytes);
}

/* As recv(), and when the last of it came into the socket. That is the kernel's word, where it gives one: how long this
 * program then needs to read from a thousand sockets is no part of a delivery's latency. */
static ssize_t receive(int fd, char *into, uint64_t *came) {
    union { char bytes[CMSG_SPACE(sizeof(struct timespec))]; struct cmsghdr align; } control;
    struct iovec part = {.iov_base = into, .iov_len = READ_BYTES};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &message, 0);
    struct cmsghdr *told = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    *came = now_ns();
    if (told && told->cmsg_level == SOL_SOCKET && told->cmsg_type == SCM_TIMESTAMPNS) {
        struct timespec at;
        memcpy(&at, CMSG_DATA(told), sizeof at);
        uint64_t waited = clock_ns(CLOCK_REALTIME) - ((uint64_t)at.tv_sec * 1000000000ull + (uint64_t)at.tv_nsec);
        if (waited < *came) *came -= waited;
    }
    return got;
}

/* 1 when the socket may hold more. */
static int readable(connection *c) {
    size_t size = c->kept_size, used = 0;
    uint64_t came;
    memcpy(buffer, c->kept, size);
    ssize_t got = receive(c->fd, buffer + size, &came);
    if (got < 0 && errno == EAGAIN) return 0;
    if (got <= 0) { if (!got) errno = ECONNRESET; hang_up(c); return 0; }
    size += (size_t)got;
    buffer[size] = 0;
    if (c->kind == PUBLISHER) {
        for (size_t took; (took = take_answers(c, buffer + used, size - used)); ) used += took;
    } else {
        if (c->stage == UPGRADING) used = take_upgrade(c, buffer, size);
        if (c->stage != UPGRADING)
            for (long took; (took = take_frame(c, buffer + used, size - used, came)); used += (size_t)took)
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
 * as often as this process happens to be asleep, which is more often the slower the server is. A nap
 * leaves this process time to spare, so that its CPU share shows whether it was the bottleneck. */
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
