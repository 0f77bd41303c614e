// One name, asked of /etc/hosts and DNS by a c-ares channel of its own: channels are not shared, so calls need no lock,
// and each call sees the present /etc/hosts and /etc/resolv.conf.
#include "resolver.h"

#include <ares.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "CAres.h"

// c-ares opens one UDP and one TCP socket a name server; resolv.conf names a handful.
#define MAXIMUM_SOCKETS 64

typedef struct {
    apus_addresses *found;
    struct pollfd sockets[MAXIMUM_SOCKETS];
    nfds_t socket_count;
    bool done;
    int status;
} lookup;

static int64_t milliseconds_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/// c-ares 1.18 makes query identifiers from /dev/urandom, and from rand(3) where that cannot be opened, as in an empty
/// root: seed it from the kernel then, or every process would use the same identifiers.
static void prepare_library(void) {
    ares_library_init(ARES_LIB_INIT_ALL);
    if (access("/dev/urandom", R_OK) == 0) return;
    unsigned int seed;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed) srand(seed);
}

static void socket_changed(void *context, ares_socket_t descriptor, int readable, int writable) {
    lookup *state = context;
    nfds_t i = 0;
    while (i < state->socket_count && state->sockets[i].fd != descriptor) i++;
    if (!readable && !writable) {
        if (i < state->socket_count) state->sockets[i] = state->sockets[--state->socket_count];
        return;
    }
    if (i == MAXIMUM_SOCKETS) return;  // not watched: the query then ends by its time-out
    if (i == state->socket_count) state->socket_count++;
    state->sockets[i].fd = descriptor;
    state->sockets[i].events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
    state->sockets[i].revents = 0;
}

static int take_addresses(apus_addresses *found, const struct ares_addrinfo *result) {
    for (const struct ares_addrinfo_node *node = result->nodes; node; node = node->ai_next) {
        bool added = true;
        if (node->ai_family == AF_INET) {
            struct sockaddr_in v4;
            memcpy(&v4, node->ai_addr, sizeof v4);
            added = apus_addresses_add_v4(found, v4.sin_addr);
        } else if (node->ai_family == AF_INET6) {
            struct sockaddr_in6 v6;
            memcpy(&v6, node->ai_addr, sizeof v6);
            added = apus_addresses_add_v6(found, v6.sin6_addr, v6.sin6_scope_id);
        }
        if (!added) return ARES_ENOMEM;
    }
    const char *canonical = NULL;
    for (const struct ares_addrinfo_cname *cname = result->cnames; cname; cname = cname->next) {
        if (cname->name) canonical = cname->name;
    }
    if (!canonical) canonical = result->name;
    if (canonical) {
        found->canonical = strdup(canonical);
        if (!found->canonical) return ARES_ENOMEM;
    }
    return ARES_SUCCESS;
}

static void finished(void *context, int status, int timeouts, struct ares_addrinfo *result) {
    (void)timeouts;
    lookup *state = context;
    state->status = status;
    if (status == ARES_SUCCESS && result) state->status = take_addresses(state->found, result);
    if (result) ares_freeaddrinfo(result);
    state->done = true;
}

/// Waits for the sockets and c-ares' own timers until the answer is there or `deadline` has passed.
static void drive(ares_channel channel, lookup *state, int64_t deadline) {
    while (!state->done) {
        int64_t left = deadline - milliseconds_now();
        if (left <= 0) {
            ares_cancel(channel);
            return;
        }
        struct timeval most = {.tv_sec = left / 1000, .tv_usec = (left % 1000) * 1000}, next;
        struct timeval *wait = ares_timeout(channel, &most, &next);
        int milliseconds = (int)(wait->tv_sec * 1000 + (wait->tv_usec + 999) / 1000);
        struct pollfd ready[MAXIMUM_SOCKETS];
        nfds_t count = state->socket_count;
        memcpy(ready, state->sockets, count * sizeof *ready);
        if (poll(ready, count, milliseconds) < 0 && errno != EINTR) {
            ares_cancel(channel);
            return;
        }
        // The list changes under the calls below, so they go by the copy; a closed descriptor is ignored by c-ares.
        for (nfds_t i = 0; i < count && !state->done; i++) {
            bool in = ready[i].revents & (POLLIN | POLLERR | POLLHUP), out = ready[i].revents & POLLOUT;
            if (!in && !out) continue;
            ares_process_fd(channel, in ? ready[i].fd : ARES_SOCKET_BAD, out ? ready[i].fd : ARES_SOCKET_BAD);
        }
        if (!state->done) ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }
}

static int code_for(int status) {
    switch (status) {
    case ARES_SUCCESS: return 0;
    case ARES_ENODATA: return EAI_NODATA;
    case ARES_ENOTFOUND:
    case ARES_EBADNAME: return EAI_NONAME;
    case ARES_ENOMEM: return EAI_MEMORY;
    case ARES_ETIMEOUT:
    case ARES_ECONNREFUSED:
    case ARES_ESERVFAIL:
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION: return EAI_AGAIN;
    default: return EAI_FAIL;
    }
}

int apus_lookup(const char *name, int family, apus_addresses *found) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare_library);
    lookup state = {.found = found};
    apus_resolver_options limits = apus_read_resolver_options("/etc/resolv.conf");
    char lookups[] = "fb";  // /etc/hosts, then DNS; set here, so that c-ares does not ask nsswitch.conf
    struct ares_options options = {
        .timeout = limits.timeout_seconds * 1000,
        .tries = limits.attempts,
        .lookups = lookups,
        .sock_state_cb = socket_changed,
        .sock_state_cb_data = &state,
    };
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
    ares_channel channel;
    int status = ares_init_options(&channel, &options, mask);
    if (status != ARES_SUCCESS) return code_for(status);
    struct ares_addrinfo_hints hints = {.ai_flags = ARES_AI_CANONNAME | ARES_AI_NUMERICSERV, .ai_family = family};
    ares_getaddrinfo(channel, name, NULL, &hints, finished, &state);
    drive(channel, &state, milliseconds_now() + APUS_RESOLVE_LIMIT_SECONDS * 1000);
    ares_destroy(channel);
    return code_for(state.done ? state.status : ARES_ETIMEOUT);
}
