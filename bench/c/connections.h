/* Connections of the load generator: how they are dialled, what they send, how they end. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MUTE_ADDRESS 0x7f000002u
#define EACH "each-%d-%d" /* the channel of one subscriber: its index, and which of its channels */
#define MUTE_CHANNEL 1000000
#define KEY_HEADER "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

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
    c->by = current_way;
    c->since = now_ns();
    /* Subscribers come from many addresses, as in life; 200 of them share one. The one that never reads has its own. */
    from.sin_addr.s_addr = htonl(kind == SUBSCRIBER ? 0x7f010001u + (uint32_t)(index / 200)
                                 : kind == MUTE     ? MUTE_ADDRESS
                                                    : INADDR_LOOPBACK);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)port);
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (kind == SUBSCRIBER) setsockopt(c->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on); /* see receive */
    if (kind == MUTE) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &on, sizeof on); /* as small as the kernel lets it be */
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from)) fail("bind to an address of 127.0.0.0/8");
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) fail("connect");
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
    return c;
}

/* A publisher whose server closes after each answer goes on at once: on loopback the kernel accepts while it is called. */
static void redial(connection *c) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = c};
    int on = 1;
    close(c->fd);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || c->fd >= MAX_FD) fail("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to)) fail("connect");
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
}

static void hang_up(connection *c) {
    struct linger now = {.l_onoff = 1, .l_linger = 0}; /* reset: no port is left waiting for a minute */
    if (c->kind == PUBLISHER) { /* one that is idle may be closed; another is opened when it is needed */
        if (c->stage != OPEN || c->carries) fail("the server closed a connection in the middle of a publish");
        publishers[c->index] = publishers[--publisher_count];
        publishers[c->index]->index = c->index;
    } else if (c->stage == OPEN) {
        open_count -= c->kind == SUBSCRIBER;
        now_measured.dropped += c->kind == SUBSCRIBER;
        awaited_count -= c->awaited;
    }
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
    open_count += c->kind == SUBSCRIBER;
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
    char request[4096];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          KEY_HEADER "Sec-WebSocket-Version: 13\r\n%s\r\n", c->by->path, port, c->by->headers);
    send_all(c, request, (size_t)length);
}

/* Ask for the channel. "{auth}" in the text becomes the signature that a private channel wants of this connection. */
static void subscribe(connection *c, const char *greeting, size_t size) {
    char text[2048], token[512], signature[65], *slot;
    uint8_t digest[32];
    snprintf(text, sizeof text, "%s", c->by->subscribe);
    if ((slot = strstr(text, "{auth}"))) {
        static const char before[] = "socket_id\\\":\\\"";
        const char *id = memmem(greeting, size, before, sizeof before - 1);
        if (!id) { errno = EPROTO; fail("no socket_id in the greeting"); }
        id += sizeof before - 1;
        int length = snprintf(token, sizeof token, "%.*s:%s", (int)strcspn(id, "\\"), id, channel);
        hmac_sha256(app_secret, token, (size_t)length, digest);
        to_hex(digest, 32, signature);
        snprintf(text, sizeof text, "%.*s%s:%s%s", (int)(slot - text), c->by->subscribe, app_key, signature,
                 c->by->subscribe + (slot - text) + 6);
    }
    send_frame(c, 1, text, strlen(text));
    c->stage = SUBSCRIBING;
}

/* Ask for one more channel, which is this connection's alone. */
static void subscribe_each(connection *c, int number) {
    char text[128];
    int size = snprintf(text, sizeof text, "{\"event\":\"pusher:subscribe\",\"data\":{\"channel\":\"" EACH "\"}}",
                        c->index, number);
    send_frame(c, 1, text, (size_t)size);
    c->awaited++;
    awaited_count++;
}
