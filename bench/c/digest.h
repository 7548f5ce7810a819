/* SHA-1, SHA-256, MD5, HMAC-SHA256 and base64, small and without a library, so that the bench compiles with gcc alone.
 * SHA-1 answers a WebSocket handshake, MD5 and HMAC-SHA256 sign a publish request. Not for secrets of value. */
#ifndef BENCH_DIGEST_H
#define BENCH_DIGEST_H
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static inline uint32_t rol32(uint32_t x, int n) { return (x << n) | (x >> (32 - n)); }
static inline uint32_t ror32(uint32_t x, int n) { return (x >> n) | (x << (32 - n)); }
static inline uint32_t be32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline uint32_t le32(const uint8_t *p) {
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

typedef void (*block_fn)(uint32_t *state, const uint8_t *block);

static void sha1_block(uint32_t *s, const uint8_t *p) {
    uint32_t w[80];
    for (int i = 0; i < 16; i++) w[i] = be32(p + 4 * i);
    for (int i = 16; i < 80; i++) w[i] = rol32(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t a = s[0], b = s[1], c = s[2], d = s[3], e = s[4];
    for (int i = 0; i < 80; i++) {
        uint32_t f, k;
        if (i < 20) { f = (b & c) | (~b & d); k = 0x5a827999; }
        else if (i < 40) { f = b ^ c ^ d; k = 0x6ed9eba1; }
        else if (i < 60) { f = (b & c) | (b & d) | (c & d); k = 0x8f1bbcdc; }
        else { f = b ^ c ^ d; k = 0xca62c1d6; }
        uint32_t t = rol32(a, 5) + f + e + k + w[i];
        e = d; d = c; c = rol32(b, 30); b = a; a = t;
    }
    s[0] += a; s[1] += b; s[2] += c; s[3] += d; s[4] += e;
}

static const uint32_t SHA256_K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static void sha256_block(uint32_t *s, const uint8_t *p) {
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++) w[i] = be32(p + 4 * i);
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (ror32(a, 7) ^ ror32(a, 18) ^ (a >> 3)) + w[i - 7] +
               (ror32(b, 17) ^ ror32(b, 19) ^ (b >> 10));
    }
    memcpy(v, s, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t t1 = v[7] + (ror32(v[4], 6) ^ ror32(v[4], 11) ^ ror32(v[4], 25)) +
                      ((v[4] & v[5]) ^ (~v[4] & v[6])) + SHA256_K[i] + w[i];
        uint32_t t2 = (ror32(v[0], 2) ^ ror32(v[0], 13) ^ ror32(v[0], 22)) +
                      ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) s[i] += v[i];
}

static const uint32_t MD5_K[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
static const uint8_t MD5_R[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};

static void md5_block(uint32_t *s, const uint8_t *p) {
    uint32_t a = s[0], b = s[1], c = s[2], d = s[3];
    for (int i = 0; i < 64; i++) {
        uint32_t f;
        int g;
        if (i < 16) { f = (b & c) | (~b & d); g = i; }
        else if (i < 32) { f = (d & b) | (~d & c); g = (5 * i + 1) & 15; }
        else if (i < 48) { f = b ^ c ^ d; g = (3 * i + 5) & 15; }
        else { f = c ^ (b | ~d); g = (7 * i) & 15; }
        uint32_t t = a + f + MD5_K[i] + le32(p + 4 * g);
        a = d; d = c; c = b;
        b += rol32(t, MD5_R[(i >> 4) * 4 + (i & 3)]);
    }
    s[0] += a; s[1] += b; s[2] += c; s[3] += d;
}

/* All three share the padding; they differ in the byte order of the length. */
static void digest_run(uint32_t *state, block_fn block, int big_endian, const uint8_t *data, size_t size) {
    uint8_t last[128] = {0};
    size_t whole = size & ~(size_t)63, rest = size - whole, padded = rest < 56 ? 64 : 128;
    uint64_t bits = (uint64_t)size * 8;
    for (size_t at = 0; at < whole; at += 64) block(state, data + at);
    memcpy(last, data + whole, rest);
    last[rest] = 0x80;
    for (int i = 0; i < 8; i++) last[padded - 1 - i] = (uint8_t)(bits >> (big_endian ? 8 * i : 56 - 8 * i));
    for (size_t at = 0; at < padded; at += 64) block(state, last + at);
}

static inline void store_be(const uint32_t *state, int words, uint8_t *out) {
    for (int i = 0; i < 4 * words; i++) out[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i & 3)));
}

static inline void sha1(const void *data, size_t size, uint8_t out[20]) {
    uint32_t s[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    digest_run(s, sha1_block, 1, data, size);
    store_be(s, 5, out);
}

static inline void sha256(const void *data, size_t size, uint8_t out[32]) {
    uint32_t s[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    digest_run(s, sha256_block, 1, data, size);
    store_be(s, 8, out);
}

static inline void md5(const void *data, size_t size, uint8_t out[16]) {
    uint32_t s[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    digest_run(s, md5_block, 0, data, size);
    for (int i = 0; i < 16; i++) out[i] = (uint8_t)(s[i / 4] >> (8 * (i & 3)));
}

#define HMAC_MAX 4096 /* longest message that hmac_sha256 takes; the texts signed here have a few hundred bytes */

static inline int hmac_sha256(const char *key, const void *data, size_t size, uint8_t out[32]) {
    uint8_t pad[64 + HMAC_MAX], outer[96], hashed[32];
    size_t key_size = strlen(key);
    if (size > HMAC_MAX) return -1;
    memset(pad, 0, 64);
    if (key_size > 64) { sha256(key, key_size, hashed); memcpy(pad, hashed, 32); }
    else memcpy(pad, key, key_size);
    for (int i = 0; i < 64; i++) { outer[i] = pad[i] ^ 0x5c; pad[i] ^= 0x36; }
    memcpy(pad + 64, data, size);
    sha256(pad, 64 + size, hashed);
    memcpy(outer + 64, hashed, 32);
    sha256(outer, 96, out);
    return 0;
}

static inline void to_hex(const uint8_t *data, int size, char *out) {
    for (int i = 0; i < size; i++) sprintf(out + 2 * i, "%02x", data[i]);
}

static inline void to_base64(const uint8_t *data, int size, char *out) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < size; i += 3) {
        uint32_t v = (uint32_t)data[i] << 16 | (i + 1 < size ? data[i + 1] << 8 : 0) | (i + 2 < size ? data[i + 2] : 0);
        *out++ = alphabet[v >> 18 & 63];
        *out++ = alphabet[v >> 12 & 63];
        *out++ = i + 1 < size ? alphabet[v >> 6 & 63] : '=';
        *out++ = i + 2 < size ? alphabet[v & 63] : '=';
    }
    *out = 0;
}
#endif
