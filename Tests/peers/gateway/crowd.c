// A crowd of clients at one port of 127.0.0.1, by epoll: many connections that do nothing, little, or something rude.
//
//   crowd idle  PORT COUNT TARGET       each gets one answer, then stays; ends when standard input ends
//   crowd slow  PORT COUNT INTERVAL-MS  each sends one byte of a head that never ends, every so often; ends likewise
//   crowd abort PORT COUNT SEED         one after another, 64 at a time, each ends in a rude way that the seed chooses
//
// `idle` and `slow` print `held N failed M` once all have connected (and been served), and `open N` at their end: how many of
// them the other side has left open. `abort` prints `aborted N failed M`. A connection comes from 127.0.0.(2 + n / 9000), so
// that a source address has fewer than 10,000 of them for one port; a process of its own serves each source (open files).
//
// Build: clang -O2 -o crowd crowd.c
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PER_SOURCE = 9000, IN_FLIGHT = 128, PATIENCE_SECONDS = 240 };

enum state { NONE, CONNECTING, WAITING, HELD, LOST };

struct client {
    int descriptor;
    enum state state;
    int sent;            // bytes of the slow head
    size_t got;          // bytes of the answer
    char head[512];      // the answer's beginning, to find its end
};

static int port;
static const char *target = "/";

static void die(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

// Begins to connect from 127.0.0.(2 + source). Returns -1 when that fails at once.
static int begin(int source) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    if (descriptor < 0) return -1;
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons(port)};
    from.sin_addr.s_addr = htonl(0x7F000002 + source);
    to.sin_addr.s_addr = htonl(0x7F000001);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    // The port is chosen by connect(), so that it may serve several destinations.
    setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(descriptor, (struct sockaddr *)&from, sizeof from) == 0 &&
        (connect(descriptor, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS))
        return descriptor;
    close(descriptor);
    return -1;
}

static void lose(struct client *client) {
    if (client->state != LOST && client->descriptor >= 0) close(client->descriptor);
    client->state = LOST;
}

// Whether the answer is whole: head, and as many bytes as its Content-Length says.
static int is_whole(struct client *client) {
    size_t kept = client->got < sizeof client->head - 1 ? client->got : sizeof client->head - 1;
    client->head[kept] = 0;
    char *end = strstr(client->head, "\r\n\r\n"), *length = strcasestr(client->head, "\r\ncontent-length:");
    if (!end || !length || length > end) return 0;
    return client->got >= (size_t)(end - client->head) + 4 + strtoul(length + 17, NULL, 10);
}

static void receive(struct client *client) {
    char buffer[16384];
    for (;;) {
        ssize_t count = read(client->descriptor, buffer, sizeof buffer);
        if (count < 0 && errno == EAGAIN) break;
        if (count <= 0) return lose(client);
        if (client->got < sizeof client->head - 1) {
            size_t room = sizeof client->head - 1 - client->got;
            memcpy(client->head + client->got, buffer, (size_t)count < room ? (size_t)count : room);
        }
        client->got += count;
    }
    if (client->state == WAITING && is_whole(client)) {
        if (strncmp(client->head, "HTTP/1.1 200", 12) != 0) return lose(client);
        client->state = HELD;
    }
}

static void connected(struct client *client, int is_slow) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(client->descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) return lose(client);
    client->state = is_slow ? HELD : WAITING;
    if (is_slow) return;
    char request[256];
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: crowd.test\r\n\r\n", target);
    if (write(client->descriptor, request, length) != length) lose(client);
}

static void dribble(struct client *clients, int count) {
    static const char start[] = "GET / HTTP/1.1\r\nHost: crowd.test\r\nX-Slow: ";
    for (int index = 0; index < count; index++) {
        struct client *client = &clients[index];
        if (client->state != HELD) continue;
        char byte = client->sent < (int)sizeof start - 1 ? start[client->sent] : 'a';
        client->sent++;
        if (send(client->descriptor, &byte, 1, MSG_NOSIGNAL) < 0 && errno != EAGAIN) lose(client);
    }
}

// One source's connections, in a process of its own. Reports two numbers through `report` when all are there, one at the end.
static void hold(int source, int count, int interval_ms, int report, int lifeline) {
    struct client *clients = calloc(count, sizeof *clients);
    int loop = epoll_create1(0), begun = 0, busy = 0, told = 0;
    struct epoll_event events[256], event = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
    if (!clients || loop < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, lifeline, &event) < 0) die("crowd");
    double deadline = now() + PATIENCE_SECONDS, next = now() + interval_ms / 1e3;
    for (;;) {
        busy = 0;
        for (int index = 0; index < begun; index++)
            busy += clients[index].state == CONNECTING || clients[index].state == WAITING;
        for (; begun < count && busy < IN_FLIGHT; begun++, busy++) {
            struct client *client = &clients[begun];
            client->descriptor = begin(source);
            client->state = client->descriptor < 0 ? LOST : CONNECTING;
            event = (struct epoll_event){.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = begun};
            if (client->state == CONNECTING) epoll_ctl(loop, EPOLL_CTL_ADD, client->descriptor, &event);
        }
        if (!told && begun == count && (busy == 0 || now() > deadline)) {
            int numbers[2] = {0, 0};
            for (int index = 0; index < count; index++) numbers[clients[index].state != HELD]++;
            if (write(report, numbers, sizeof numbers) < 0) die("report");
            told = 1;
        }
        int ready = epoll_wait(loop, events, 256, told && !interval_ms ? -1 : 50);
        for (int index = 0; index < ready; index++) {
            if (events[index].data.u32 == UINT32_MAX) goto end;
            struct client *client = &clients[events[index].data.u32];
            if (client->state == CONNECTING && events[index].events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
                connected(client, interval_ms > 0);
            if ((client->state == WAITING || client->state == HELD) && events[index].events & (EPOLLIN | EPOLLHUP))
                receive(client);
        }
        if (interval_ms && now() >= next) {
            dribble(clients, begun);
            next = now() + interval_ms / 1e3;
        }
    }
end:;
    int open = 0;
    for (int index = 0; index < count; index++) open += clients[index].state == HELD;
    if (write(report, &open, sizeof open) < 0) die("report");
    exit(0);
}

static void crowd(int count, int interval_ms) {
    int sources = (count + PER_SOURCE - 1) / PER_SOURCE, held = 0, failed = 0, open = 0;
    int lifeline[2], report[2], numbers[2];
    if (pipe(lifeline) < 0 || pipe(report) < 0) die("pipe");
    for (int source = 0; source < sources; source++) {
        int share = source < sources - 1 ? PER_SOURCE : count - source * PER_SOURCE;
        pid_t child = fork();
        if (child < 0) die("fork");
        if (child == 0) {
            close(lifeline[1]);
            hold(source, share, interval_ms, report[1], lifeline[0]);
        }
    }
    close(report[1]);
    for (int source = 0; source < sources; source++) {
        if (read(report[0], numbers, sizeof numbers) != sizeof numbers) break;
        held += numbers[0];
        failed += numbers[1];
    }
    printf("held %d failed %d\n", held, failed);
    fflush(stdout);
    char byte;
    while (read(0, &byte, 1) > 0) {
    }
    close(lifeline[1]);
    while (read(report[0], numbers, sizeof *numbers) == sizeof *numbers) open += numbers[0];
    while (wait(NULL) > 0) {
    }
    printf("open %d\n", open);
}

// SplitMix64.
static uint64_t next_random(uint64_t *state) {
    uint64_t word = *state += 0x9E3779B97F4A7C15;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB;
    return word ^ (word >> 31);
}

static void end_rudely(int descriptor, int by_reset) {
    struct linger linger = {1, 0};
    if (by_reset) setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(descriptor);
}

// One connection's life: some bytes of one of these, perhaps some of the answer, and an end by RST or FIN.
static int be_rude(uint64_t *random) {
    static const char *const texts[] = {
        "GET /?size=100000 HTTP/1.1\r\nHost: crowd.test\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: crowd.test\r\nContent-Length: 100000\r\n\r\nonly a little of it",
        "POST / HTTP/1.1\r\nHost: crowd.test\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\nonly a little of it",
        "GET / HTTP/1.1\r\nHost: crowd.test\r\n\r\nGET / HTTP/1.1\r\nHost: crowd.test\r\n\r\nGET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: crowd.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "\x16\x03\x01\x02\x01\x01",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/1.1\r\nbroken",
    };
    int descriptor = begin(next_random(random) % 8);
    if (descriptor < 0) return 0;
    struct pollfd ready = {descriptor, POLLOUT, 0};
    if (next_random(random) % 8 == 0) {  // before the connection is even known to stand
        end_rudely(descriptor, 1);
        return 1;
    }
    if (poll(&ready, 1, 2000) != 1) {
        close(descriptor);
        return 0;
    }
    const char *text = texts[next_random(random) % (sizeof texts / sizeof *texts)];
    size_t length = strlen(text), cut = next_random(random) % 4 == 0 ? next_random(random) % (length + 1) : length;
    if (send(descriptor, text, cut, MSG_NOSIGNAL) < 0 && errno != ECONNRESET && errno != EPIPE) {
        close(descriptor);
        return 0;
    }
    if (cut == length && next_random(random) % 2 == 0) {
        char buffer[4096];
        ready.events = POLLIN;
        if (poll(&ready, 1, 20) == 1) (void)!read(descriptor, buffer, 1 + next_random(random) % sizeof buffer);
    }
    end_rudely(descriptor, next_random(random) % 2);
    return 1;
}

static void abort_many(int count, uint64_t seed) {
    enum { LANES = 64 };
    int report[2], aborted = 0, numbers[2];
    if (pipe(report) < 0) die("pipe");
    for (int lane = 0; lane < LANES; lane++) {
        if (fork() == 0) {
            uint64_t random = seed + lane;
            int mine = count / LANES + (lane < count % LANES), done = 0;
            for (int index = 0; index < mine; index++) done += be_rude(&random);
            if (write(report[1], &done, sizeof done) < 0) die("report");
            exit(0);
        }
    }
    close(report[1]);
    while (read(report[0], numbers, sizeof *numbers) == sizeof *numbers) aborted += numbers[0];
    while (wait(NULL) > 0) {
    }
    printf("aborted %d failed %d\n", aborted, count - aborted);
}

int main(int count, char **words) {
    if (count != 5) {
        fprintf(stderr, "crowd idle PORT COUNT TARGET | slow PORT COUNT INTERVAL-MS | abort PORT COUNT SEED\n");
        return 64;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    port = atoi(words[2]);
    int clients = atoi(words[3]);
    if (strcmp(words[1], "idle") == 0) {
        target = words[4];
        crowd(clients, 0);
    } else if (strcmp(words[1], "slow") == 0) {
        crowd(clients, atoi(words[4]));
    } else {
        abort_many(clients, strtoull(words[4], NULL, 10));
    }
    return 0;
}
