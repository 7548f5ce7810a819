/* Signed publications over HTTP, and when one is complete. */

static void name_channel(char *name, size_t size, uint64_t number) {
    if (audience == EVERYONE) snprintf(name, size, "%s", channel);
    else if (audience == NOBODY) snprintf(name, size, "nobody");
    else if (audience == THE_MUTE) snprintf(name, size, EACH, 0, MUTE_CHANNEL);
    else { /* all in turn, and two in a row are far from each other */
        uint64_t at = number * 7919 % ((uint64_t)each_count * (uint64_t)each_holders);
        snprintf(name, size, EACH, (int)(at % (uint64_t)each_holders), (int)(at / (uint64_t)each_holders));
    }
}

static void publish(connection *c, uint64_t due) {
    static char request[16384], body[8192], query[512], text[1024], data[4096], name[256];
    char md5_hex[33], signature[65];
    uint8_t digest[32];
    uint64_t number = ++sequence;
    int filled = snprintf(data, sizeof data, MARK "%012lu.", number);
    while (filled < event_bytes) data[filled] = (char)('a' + filled % 26), filled++;
    data[filled] = 0;
    name_channel(name, sizeof name, number);
    int body_size = snprintf(body, sizeof body, "{\"name\":\"bench\",\"channels\":[\"%s\"],\"data\":\"%s\"}",
                             name, data);
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
    if (closed_loop && p->seen < wanted()) return;
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
    if (measuring && audience == NOBODY)
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
    int closes = strcasestr(bytes, "\r\nconnection: close") != NULL;
    *end = '\r';
    if (size < whole) return 0;
    if (closes) redial(c);
    answered(c, atoi(bytes + 9));
    return whole;
}
