/* The floor under every server: accepts WebSockets, and writes each publication with one send() per socket.
 *
 * usage: sendloop PORT [joined]   (0: any; prints "listening on http://127.0.0.1:PORT")
 * GET with Sec-WebSocket-Key becomes a subscriber of everything. The body of any POST is one publication: it is framed
 * once and sent to every subscriber before the POST is answered. There are no channels, no JSON and no signatures: what
 * remains is the kernel's work, which no server on this machine can avoid without batching its system calls.
 * joined: what came in one turn of the loop is sent at its end, with one send() per socket. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "digest.h"

#define MAX_FD 65536
#define HEAD 8192 /* room for one request with its body */

typedef struct { /* what the kernel did not take yet, in order */
    char *bytes;
    size_t size, room;
} queue;

typedef struct {
    int fd, is_socket, place; /* place: index in `subscribers` */
    char *head;               /* only while a request is incomplete or the connection speaks HTTP */
    size_t filled;
    queue waiting;
} connection;

static connection *connections[MAX_FD];
static int subscribers[MAX_FD], subscriber_count, epoll_fd, joined;
static char gathered[1 << 16]; /* joined: the frames of this turn */
static size_t gathered_size;

static void watch(connection *c, uint32_t events, int operation) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    epoll_ctl(epoll_fd, operation, c->fd, &event);
}

static void drop(connection *c) {
    if (c->is_socket) {
        int moved = subscribers[--subscriber_count];
        subscribers[c->place] = moved;
        connections[moved]->place = c->place;
    }
    connections[c->fd] = NULL;
    close(c->fd);
    free(c->head);
    free(c->waiting.bytes);
    free(c);
}

static void keep(connection *c, const char *bytes, size_t size) {
    queue *q = &c->waiting;
    if (q->size + size > q->room) {
        q->room = (q->size + size) * 2;
        q->bytes = realloc(q->bytes, q->room);
    }
    memcpy(q->bytes + q->size, bytes, size);
    q->size += size;
    watch(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

static inline void put(connection *c, const char *bytes, size_t size) {
    if (!c->waiting.size) {
        ssize_t sent = send(c->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent == (ssize_t)size) return;
        if (sent < 0 && errno != EAGAIN) return; /* gone: its read side reports it */
        if (sent > 0) { bytes += sent; size -= (size_t)sent; }
    }
    keep(c, bytes, size);
}

static void flush(connection *c) {
    queue *q = &c->waiting;
    ssize_t sent = send(c->fd, q->bytes, q->size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return;
    memmove(q->bytes, q->bytes + sent, q->size - (size_t)sent);
    q->size -= (size_t)sent;
    if (!q->size) watch(c, EPOLLIN, EPOLL_CTL_MOD);
}

static void send_gathered(void) {
    for (int i = 0; i < subscriber_count; i++) put(connections[subscribers[i]], gathered, gathered_size);
    gathered_size = 0;
}

static void publish(const char *body, size_t size) {
    size_t head = size < 126 ? 2 : 4;
    if (gathered_size + head + size > sizeof gathered) send_gathered();
    char *frame = gathered + gathered_size;
    frame[0] = (char)0x81;
    if (size < 126) frame[1] = (char)size;
    else { frame[1] = 126; frame[2] = (char)(size >> 8); frame[3] = (char)size; }
    memcpy(frame + head, body, size);
    gathered_size += head + size;
    if (!joined) send_gathered();
}

static void upgrade(connection *c, const char *key) {
    char text[128], accept[32], answer[256];
    uint8_t hashed[20];
    int size = snprintf(text, sizeof text, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    sha1(text, (size_t)size, hashed);
    to_base64(hashed, 20, accept);
    size = snprintf(answer, sizeof answer,
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
    put(c, answer, (size_t)size);
    c->is_socket = 1;
    c->place = subscriber_count;
    subscribers[subscriber_count++] = c->fd;
    free(c->head);
    c->head = NULL;
}

/* Take whole requests off the connection's buffer; -1 when it cannot be one. */
static int requests(connection *c) {
    static const char done[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    for (;;) {
        c->head[c->filled] = 0;
        char *end = strstr(c->head, "\r\n\r\n"), *at;
        if (!end) return c->filled >= HEAD ? -1 : 0;
        if ((at = strcasestr(c->head, "\r\nsec-websocket-key: ")) && at < end) {
            upgrade(c, at + 21);
            return 0;
        }
        at = strcasestr(c->head, "\r\ncontent-length: ");
        size_t size = at && at < end ? strtoul(at + 18, NULL, 10) : 0, whole = (size_t)(end + 4 - c->head) + size;
        if (whole > HEAD) return -1;
        if (c->filled < whole) return 0;
        publish(end + 4, size);
        put(c, done, sizeof done - 1);
        memmove(c->head, c->head + whole, c->filled - whole);
        c->filled -= whole;
    }
}

static void readable(connection *c) {
    static char ignored[65536]; /* what subscribers say (their subscribe, pongs, close) is not looked at */
    char *to = c->is_socket ? ignored : c->head + c->filled;
    ssize_t got = recv(c->fd, to, c->is_socket ? sizeof ignored : HEAD - c->filled, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) { drop(c); return; }
    if (c->is_socket) return;
    c->filled += (size_t)got;
    if (requests(c) < 0) drop(c);
}

static void accept_all(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        if (fd >= MAX_FD) { close(fd); continue; }
        connection *c = calloc(1, sizeof *c);
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        c->fd = fd;
        c->head = malloc(HEAD + 1);
        connections[fd] = c;
        watch(c, EPOLLIN, EPOLL_CTL_ADD);
    }
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    address.sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
    joined = argc > 2 && !strcmp(argv[2], "joined");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) { perror("sendloop"); return 1; }
    getsockname(listener, (struct sockaddr *)&address, &size);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* ends with the bench */
    printf("listening on http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    epoll_fd = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, ready[256];
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(epoll_fd, ready, 256, -1);
        for (int i = 0; i < count; i++) {
            connection *c = ready[i].data.ptr;
            if (!c) { accept_all(listener); continue; }
            if (ready[i].events & EPOLLOUT) flush(c);
            if (ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(c);
        }
        if (gathered_size) send_gathered();
    }
}
