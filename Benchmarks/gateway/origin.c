// The upstream of the benchmark: the cheapest HTTP/1.1 server that will do, so that the proxies get the processors.
//
//   origin [PORT]      prints its port; serves 127.0.0.1 with one thread until it is killed
//
// The target is the size of the body: GET /100 gets 100 bytes. Heads up to 8 KiB, requests without bodies, pipelining.
// Per request: one read, one write, no allocation.
//
// Build: clang -O2 -o origin origin.c
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD = 8192, BODY = 1 << 20, CONNECTIONS = 65536 };

struct connection {
    size_t filled;       // bytes of requests not answered yet
    size_t left;         // bytes of the answer under way that the socket has not taken
    size_t size;         // of that answer
    char input[HEAD];
};

static struct connection *connections[CONNECTIONS];
static char answer[BODY + 512];

// Makes the answer to a request for `size` bytes unless it was the last one made. Returns its length.
static size_t prepare(size_t size) {
    static size_t made = SIZE_MAX, length;
    if (size == made) return length;
    int head = sprintf(answer, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n", size);
    memset(answer + head, 'x', size);
    made = size;
    return length = head + size;
}

static void end(int descriptor) {
    close(descriptor);
    free(connections[descriptor]);
    connections[descriptor] = NULL;
}

// Writes what is left of the answer. Returns 0 when the socket is full, -1 when it is gone.
static int flush(int descriptor, struct connection *connection) {
    size_t length = prepare(connection->size);
    while (connection->left) {
        ssize_t count = send(descriptor, answer + length - connection->left, connection->left, MSG_NOSIGNAL);
        if (count < 0) return errno == EAGAIN ? 0 : -1;
        connection->left -= count;
    }
    return 1;
}

static int serve(int descriptor, struct connection *connection) {
    for (;;) {
        int state = flush(descriptor, connection);
        if (state <= 0) return state;
        char *stop = connection->filled ? memmem(connection->input, connection->filled, "\r\n\r\n", 4) : NULL;
        if (!stop) {
            if (connection->filled == HEAD) return -1;
            ssize_t count = read(descriptor, connection->input + connection->filled, HEAD - connection->filled);
            if (count < 0 && errno == EAGAIN) return 0;
            if (count <= 0) return -1;
            connection->filled += count;
            continue;
        }
        char *slash = memchr(connection->input, '/', stop - connection->input);
        size_t size = slash ? strtoul(slash + 1, NULL, 10) : 0, used = stop + 4 - connection->input;
        if (size > BODY) return -1;
        memmove(connection->input, connection->input + used, connection->filled -= used);
        connection->size = size;
        connection->left = prepare(size);
    }
}

static void accept_all(int listener, int loop) {
    int one = 1;
    for (;;) {
        int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) return;
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = descriptor};
        if (descriptor >= CONNECTIONS || !(connections[descriptor] = calloc(1, sizeof **connections))) {
            close(descriptor);
            continue;
        }
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        epoll_ctl(loop, EPOLL_CTL_ADD, descriptor, &event);
    }
}

int main(int count, char **words) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1, loop = epoll_create1(0);
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(count > 1 ? atoi(words[1]) : 0)};
    socklen_t length = sizeof place;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&place, length) < 0 || listen(listener, 4096) < 0 ||
        getsockname(listener, (struct sockaddr *)&place, &length) < 0) {
        perror("origin");
        return 1;
    }
    struct epoll_event events[256], event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event);
    printf("%d\n", ntohs(place.sin_port));
    fflush(stdout);
    for (;;) {
        int ready = epoll_wait(loop, events, 256, -1);
        for (int index = 0; index < ready; index++) {
            int descriptor = events[index].data.fd;
            if (descriptor == listener)
                accept_all(listener, loop);
            else if (connections[descriptor] && serve(descriptor, connections[descriptor]) < 0)
                end(descriptor);
        }
    }
}
