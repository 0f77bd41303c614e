// Load over kept HTTP/1.1 connections to one port of 127.0.0.1, plain or TLS.
//
//   load rate   PORT TARGET CONNECTIONS RATE SECONDS WARM-UP [tls]
//   load closed PORT TARGET CONNECTIONS REQUESTS [tls]
//
// `rate` is an open model: request k is due at start + k / RATE, whatever became of those before it. When all connections are
// busy it waits, and its latency still counts from when it was due: no coordinated omission. `closed` sends the next request
// of a connection when the last is answered, as fast as it goes. Both print one line of JSON; times in microseconds.
//
// Latencies go into a histogram of 64 buckets an octave (an error of at most 1.6 %), from 1 µs to an hour. A failure is any
// status but 200, a body of another length than announced, and a connection that ends: it is opened again (at most once a
// request). Requests due in the first WARM-UP seconds are not recorded.
//
// Build: clang -O2 -o load load.c -lssl -lcrypto -lm
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SUB = 64, OCTAVES = 32, HEAD = 4096, GRACE_SECONDS = 20 };

struct connection {
    int descriptor;
    SSL *tls;
    int is_busy, fresh, closes;
    int64_t due;         // of the request under way, nanoseconds
    size_t head;         // bytes of the answer's head so far; 0 once it is whole
    int64_t body;        // bytes of its body still to come; -1 before the head is whole
    char input[HEAD];
};

static struct {
    int port, connections, is_rate;
    double rate;
    int64_t total, warm_up;
    char request[1024];
    size_t request_length;
    SSL_CTX *tls;
} plan;

static uint64_t histogram[OCTAVES * SUB];
static int64_t recorded, answered, failed, largest, sum;
static char scratch[1 << 16];

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

// Values below 64 have a bucket each; above, 64 an octave: bucket = octave * 64 + the six bits behind the first.
static int bucket_of(uint64_t micros) {
    if (micros < SUB) return micros;
    int octave = 63 - __builtin_clzll(micros) - 5;
    int index = octave * SUB + (micros >> (octave - 1)) % SUB;
    return index < OCTAVES * SUB ? index : OCTAVES * SUB - 1;
}

// The upper edge of a bucket.
static uint64_t value_of(int bucket) {
    if (bucket < SUB) return bucket;
    int octave = bucket / SUB;
    return ((uint64_t)(SUB + bucket % SUB + 1) << (octave - 1)) - 1;
}

static void record(int64_t nanos) {
    uint64_t micros = nanos / 1000;
    histogram[bucket_of(micros)]++;
    recorded++;
    sum += micros;
    if ((int64_t)micros > largest) largest = micros;
}

static uint64_t quantile(double share) {
    uint64_t wanted = recorded * share + 0.5, seen = 0;
    for (int bucket = 0; bucket < OCTAVES * SUB; bucket++)
        if ((seen += histogram[bucket]) >= wanted && seen) return value_of(bucket);
    return 0;
}

// Connects, in TLS as well, and waits for it: it happens before the clock starts, or after a failure.
static void open_connection(struct connection *connection) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(plan.port)};
    int one = 1;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->descriptor < 0 || connect(connection->descriptor, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
    setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (plan.tls) {
        connection->tls = SSL_new(plan.tls);
        SSL_set_fd(connection->tls, connection->descriptor);
        SSL_set_tlsext_host_name(connection->tls, "localhost");
        if (SSL_connect(connection->tls) != 1) {
            fprintf(stderr, "load: no TLS handshake\n");
            exit(1);
        }
    }
    fcntl(connection->descriptor, F_SETFL, O_NONBLOCK);
    connection->is_busy = connection->closes = 0;
    connection->fresh = 1;
}

static void close_connection(struct connection *connection) {
    if (connection->tls) SSL_free(connection->tls);
    connection->tls = NULL;
    close(connection->descriptor);
}

static void watch(int loop, struct connection *connection) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = connection};
    if (epoll_ctl(loop, EPOLL_CTL_ADD, connection->descriptor, &event) < 0) die("epoll");
}

static void reopen(int loop, struct connection *connection) {
    close_connection(connection);
    open_connection(connection);
    watch(loop, connection);
}

// A request is small: a socket without room for it counts as broken.
static int send_request(struct connection *connection, int64_t due) {
    connection->is_busy = 1;
    connection->due = due;
    connection->head = 0;
    connection->body = -1;
    ssize_t count = connection->tls ? SSL_write(connection->tls, plan.request, plan.request_length)
                                    : send(connection->descriptor, plan.request, plan.request_length, MSG_NOSIGNAL);
    return count == (ssize_t)plan.request_length;
}

// -1: broken, 0: nothing more now.
static ssize_t receive(struct connection *connection, void *buffer, size_t size) {
    if (!connection->tls) {
        ssize_t count = read(connection->descriptor, buffer, size);
        return count > 0 ? count : count < 0 && errno == EAGAIN ? 0 : -1;
    }
    int count = SSL_read(connection->tls, buffer, size);
    if (count > 0) return count;
    return SSL_get_error(connection->tls, count) == SSL_ERROR_WANT_READ ? 0 : -1;
}

// Looks for the end of the head in what has come. Returns -1 when it is none of ours.
static int read_head(struct connection *connection) {
    connection->input[connection->head] = 0;
    char *end = memmem(connection->input, connection->head, "\r\n\r\n", 4);
    if (!end) return connection->head < HEAD - 1 ? 0 : -1;
    char *length = strcasestr(connection->input, "\r\ncontent-length:");
    if (strncmp(connection->input, "HTTP/1.1 200", 12) != 0 || !length || length > end) return -1;
    char *close_mark = strcasestr(connection->input, "\r\nconnection: close");
    connection->closes = close_mark && close_mark < end;
    connection->body = strtoll(length + 17, NULL, 10) - (connection->input + connection->head - end - 4);
    return connection->body < 0 ? -1 : 0;
}

// 1: the answer is whole, 0: more must come, -1: broken.
static int take(struct connection *connection) {
    while (connection->body != 0) {
        ssize_t count;
        if (connection->body < 0) {
            count = receive(connection, connection->input + connection->head, HEAD - 1 - connection->head);
            if (count <= 0) return count;
            connection->head += count;
            if (read_head(connection) < 0) return -1;
        } else {
            size_t room = (size_t)connection->body < sizeof scratch ? (size_t)connection->body : sizeof scratch;
            count = receive(connection, scratch, room);
            if (count <= 0) return count;
            connection->body -= count;
        }
    }
    return 1;
}

static void finish(int loop, struct connection *connection, int64_t start) {
    int64_t end = now();
    answered++;
    if (connection->due - start >= plan.warm_up) record(end - connection->due);
    connection->is_busy = connection->fresh = 0;
    if (connection->closes) reopen(loop, connection);
}

static void fail(int loop, struct connection *connection) {
    if (connection->is_busy) failed++;
    reopen(loop, connection);
}

// Sends what is due over connections that are free. Returns nanoseconds until the next one is due, -1 when none is.
static int64_t send_due(int loop, struct connection *all, int64_t start, int64_t *sent) {
    static int last;
    int64_t moment = now();
    while (*sent < plan.total) {
        int64_t due = plan.is_rate ? start + (int64_t)(*sent * 1e9 / plan.rate) : moment;
        if (due > moment) return due - moment;
        int tried = 0;
        while (tried < plan.connections && all[last].is_busy) last = (last + 1) % plan.connections, tried++;
        if (tried == plan.connections) return -1;
        struct connection *connection = &all[last];
        last = (last + 1) % plan.connections;
        ++*sent;
        if (send_request(connection, due)) continue;
        // A connection that was closed while it was idle is no failure of this request: once more, over a new one.
        int was_fresh = connection->fresh;
        reopen(loop, connection);
        if (was_fresh || !send_request(connection, due)) fail(loop, connection);
    }
    return -1;
}

static void run(void) {
    struct connection *all = calloc(plan.connections, sizeof *all);
    int loop = epoll_create1(EPOLL_CLOEXEC);
    if (!all || loop < 0) die("load");
    for (int index = 0; index < plan.connections; index++) {
        open_connection(&all[index]);
        watch(loop, &all[index]);
    }
    struct epoll_event events[256];
    int64_t start = now(), sent = 0, progress = start;
    while (answered + failed < plan.total && now() - progress < GRACE_SECONDS * 1000000000LL) {
        int64_t wait = send_due(loop, all, start, &sent);
        struct timespec limit = {wait < 0 ? 1 : wait / 1000000000, wait < 0 ? 0 : wait % 1000000000};
        int ready = epoll_pwait2(loop, events, 256, &limit, NULL);
        for (int index = 0; index < ready; index++) {
            struct connection *connection = events[index].data.ptr;
            int state = take(connection);
            int has_ended = state < 0 || events[index].events & (EPOLLRDHUP | EPOLLHUP);
            if (state > 0 && connection->is_busy)
                finish(loop, connection, start);
            else if (state < 0 || (has_ended && !connection->is_busy))
                fail(loop, connection);
            progress = now();
        }
    }
    failed += plan.total - answered - failed;
    double seconds = (now() - start) / 1e9;
    printf("{\"requests\": %lld, \"failed\": %lld, \"seconds\": %.3f, \"perSecond\": %.0f, \"mean\": %.1f, \"p50\": %llu, "
           "\"p90\": %llu, \"p99\": %llu, \"p999\": %llu, \"max\": %lld}\n",
           (long long)answered, (long long)failed, seconds, answered / seconds, recorded ? (double)sum / recorded : 0,
           (unsigned long long)quantile(0.5), (unsigned long long)quantile(0.9), (unsigned long long)quantile(0.99),
           (unsigned long long)quantile(0.999), (long long)largest);
}

int main(int count, char **words) {
    plan.is_rate = count > 1 && strcmp(words[1], "rate") == 0;
    int wanted = plan.is_rate ? 8 : 6;
    if (count < wanted || count > wanted + 1) {
        fprintf(stderr, "load rate PORT TARGET CONNECTIONS RATE SECONDS WARM-UP [tls]\n"
                        "load closed PORT TARGET CONNECTIONS REQUESTS [tls]\n");
        return 64;
    }
    signal(SIGPIPE, SIG_IGN);
    plan.port = atoi(words[2]);
    plan.connections = atoi(words[4]);
    plan.total = strtoll(words[5], NULL, 10);
    if (plan.is_rate) {
        plan.rate = atof(words[5]);
        plan.total = plan.rate * atof(words[6]);
        plan.warm_up = atof(words[7]) * 1e9;
    }
    plan.request_length = snprintf(plan.request, sizeof plan.request,
                                   "GET %s HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n", words[3]);
    if (plan.request_length >= sizeof plan.request || plan.connections < 1) return 64;
    if (count > wanted) {
        plan.tls = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_verify(plan.tls, SSL_VERIFY_NONE, NULL);
        static const unsigned char alpn[] = "\x08http/1.1";
        SSL_CTX_set_alpn_protos(plan.tls, alpn, sizeof alpn - 1);
    }
    run();
    return failed > 0;
}
