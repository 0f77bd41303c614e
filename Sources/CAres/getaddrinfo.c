// getaddrinfo(3) and freeaddrinfo(3) as POSIX describes them; see CAres.h for why they are here.
#include "resolver.h"

#include <ares.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>

#include "CAres.h"

#define KNOWN_FLAGS                                                                                            \
    (AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV | AI_V4MAPPED | AI_ALL | AI_ADDRCONFIG)

typedef struct {
    int type;
    int protocol;
} transport;

static const transport transports[] = {{SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, IPPROTO_UDP}, {SOCK_RAW, 0}};
#define TRANSPORT_COUNT (sizeof transports / sizeof *transports)

const char *apus_resolver_version(void) {
    return ares_version(NULL);
}

/// Which of the transports the hints ask for. SOCK_RAW takes any protocol.
static size_t wanted_transports(const struct addrinfo *hints, transport wanted[TRANSPORT_COUNT]) {
    size_t count = 0;
    for (size_t i = 0; i < TRANSPORT_COUNT; i++) {
        transport each = transports[i];
        if (hints->ai_socktype && hints->ai_socktype != each.type) continue;
        if (each.type == SOCK_RAW && hints->ai_socktype == SOCK_RAW) each.protocol = hints->ai_protocol;
        else if (hints->ai_protocol && hints->ai_protocol != each.protocol) continue;
        wanted[count++] = each;
    }
    return count;
}

/// AI_ADDRCONFIG: names are asked only for the families of which an interface other than loopback has an address.
static int configured_family(int family) {
    struct ifaddrs *all;
    if (getifaddrs(&all) != 0) return family;
    bool v4 = false, v6 = false;
    for (struct ifaddrs *each = all; each; each = each->ifa_next) {
        if (!each->ifa_addr) continue;
        if (each->ifa_addr->sa_family == AF_INET) {
            struct sockaddr_in address;
            memcpy(&address, each->ifa_addr, sizeof address);
            v4 |= (ntohl(address.sin_addr.s_addr) >> 24) != 127;
        } else if (each->ifa_addr->sa_family == AF_INET6) {
            struct sockaddr_in6 address;
            memcpy(&address, each->ifa_addr, sizeof address);
            v6 |= !IN6_IS_ADDR_LOOPBACK(&address.sin6_addr);
        }
    }
    freeifaddrs(all);
    if (v4 == v6) return family;  // both, or a host of which only loopback is up: nothing to narrow
    int only = v4 ? AF_INET : AF_INET6;
    if (family == AF_UNSPEC) return only;
    return family == only ? family : -1;
}

/// RFC 6761, section 6.3: `localhost` and everything below it is this host, whatever /etc/hosts says. IPv4 comes first,
/// since it is there when IPv6 is switched off. (c-ares 1.18 knows the name too, but leaks its result.)
static bool is_localhost(const char *name) {
    size_t length = strlen(name);
    if (length && name[length - 1] == '.') length--;
    if (length < 9 || strncasecmp(name + length - 9, "localhost", 9) != 0) return false;
    return length == 9 || name[length - 10] == '.';
}

static bool add_fixed(int family, struct in_addr v4, struct in6_addr v6, bool v6_first, apus_addresses *found) {
    bool ok = true;
    if (v6_first && family != AF_INET) ok = apus_addresses_add_v6(found, v6, 0);
    if (ok && family != AF_INET6) ok = apus_addresses_add_v4(found, v4);
    if (ok && !v6_first && family != AF_INET) ok = apus_addresses_add_v6(found, v6, 0);
    return ok;
}

static bool add_loopback(int family, bool v6_first, apus_addresses *found) {
    struct in_addr v4 = {htonl(INADDR_LOOPBACK)};
    return add_fixed(family, v4, in6addr_loopback, v6_first, found);
}

/// AF_INET6 with AI_V4MAPPED: IPv4 addresses as ::ffff:a.b.c.d, when there is no IPv6 address or AI_ALL is set.
static void map_to_v6(apus_addresses *found, bool all) {
    size_t v6_count = 0, kept = 0;
    for (size_t i = 0; i < found->count; i++) v6_count += found->items[i].any.sa_family == AF_INET6;
    for (size_t i = 0; i < found->count; i++) {
        apus_address item = found->items[i];
        if (item.any.sa_family == AF_INET) {
            if (v6_count && !all) continue;
            apus_address wide = {.v6 = {.sin6_family = AF_INET6}};
            wide.v6.sin6_addr.s6_addr[10] = wide.v6.sin6_addr.s6_addr[11] = 0xff;
            memcpy(&wide.v6.sin6_addr.s6_addr[12], &item.v4.sin_addr, 4);
            item = wide;
        }
        found->items[kept++] = item;
    }
    found->count = kept;
}

static int resolve_name(const char *name, const struct addrinfo *hints, apus_addresses *found) {
    bool map_v4 = hints->ai_family == AF_INET6 && (hints->ai_flags & AI_V4MAPPED);
    int code = apus_parse_literal(name, hints->ai_family, map_v4, found);
    if (code != EAI_NONAME || (hints->ai_flags & AI_NUMERICHOST)) return code;
    size_t length = strlen(name);
    if (length == 0 || length > 254 || strchr(name, '%') || strchr(name, ':')) return EAI_NONAME;
    if (is_localhost(name)) return add_loopback(hints->ai_family, false, found) ? 0 : EAI_MEMORY;
    int family = map_v4 ? AF_UNSPEC : hints->ai_family;
    if (hints->ai_flags & AI_ADDRCONFIG) family = configured_family(family);
    if (family < 0) return EAI_NONAME;
    code = apus_lookup(name, family, found);
    if (code == 0 && map_v4) map_to_v6(found, hints->ai_flags & AI_ALL);
    return code;
}

static int resolve(const char *node, const struct addrinfo *hints, apus_addresses *found) {
    if (node) return resolve_name(node, hints, found);
    bool ok;
    if (hints->ai_flags & AI_PASSIVE) {
        struct in_addr v4 = {htonl(INADDR_ANY)};
        ok = add_fixed(hints->ai_family, v4, in6addr_any, false, found);
    } else {
        ok = add_loopback(hints->ai_family, true, found);
    }
    return ok ? 0 : EAI_MEMORY;
}

/// One node and its socket address in one block, as freeaddrinfo (ours and glibc's) expects.
static struct addrinfo *make_node(const apus_address *address, transport transport, uint16_t port) {
    bool v4 = address->any.sa_family == AF_INET;
    socklen_t length = v4 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    struct addrinfo *node = calloc(1, sizeof *node + length);
    if (!node) return NULL;
    apus_address complete = *address;
    if (v4) complete.v4.sin_port = htons(port);
    else complete.v6.sin6_port = htons(port);
    node->ai_family = address->any.sa_family;
    node->ai_socktype = transport.type;
    node->ai_protocol = transport.protocol;
    node->ai_addrlen = length;
    node->ai_addr = (struct sockaddr *)(node + 1);
    memcpy(node->ai_addr, &complete, length);
    return node;
}

static int build(const apus_addresses *found, const transport *wanted, size_t count, uint16_t port,
                 const char *canonical, struct addrinfo **result) {
    struct addrinfo *first = NULL, **end = &first;
    for (size_t i = 0; i < found->count; i++) {
        for (size_t j = 0; j < count; j++) {
            *end = make_node(&found->items[i], wanted[j], port);
            if (!*end) goto no_memory;
            end = &(*end)->ai_next;
        }
    }
    if (!first) return EAI_NONAME;
    if (canonical && !(first->ai_canonname = strdup(canonical))) goto no_memory;
    *result = first;
    return 0;
no_memory:
    freeaddrinfo(first);
    return EAI_MEMORY;
}

static int check(const char *node, const char *service, const struct addrinfo *hints) {
    if (!node && !service) return EAI_NONAME;
    if (hints->ai_flags & ~KNOWN_FLAGS) return EAI_BADFLAGS;
    if ((hints->ai_flags & AI_CANONNAME) && !node) return EAI_BADFLAGS;
    if (hints->ai_family != AF_UNSPEC && hints->ai_family != AF_INET && hints->ai_family != AF_INET6) {
        return EAI_FAMILY;
    }
    return 0;
}

int getaddrinfo(const char *restrict node, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict result) {
    static const struct addrinfo none = {.ai_flags = AI_V4MAPPED | AI_ADDRCONFIG};
    if (!hints) hints = &none;
    *result = NULL;
    int code = check(node, service, hints);
    if (code) return code;
    transport wanted[TRANSPORT_COUNT];
    size_t count = wanted_transports(hints, wanted);
    if (count == 0) return EAI_SOCKTYPE;
    uint16_t port = 0;
    if (service && (code = apus_parse_service(service, hints->ai_flags & AI_NUMERICSERV, &port))) return code;
    apus_addresses found = {0};
    code = resolve(node, hints, &found);
    if (code == 0) {
        const char *canonical = NULL;
        if (hints->ai_flags & AI_CANONNAME) canonical = found.canonical ? found.canonical : node;
        code = build(&found, wanted, count, port, canonical, result);
    }
    apus_addresses_free(&found);
    return code;
}

void freeaddrinfo(struct addrinfo *list) {
    while (list) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_canonname);
        free(list);
        list = next;
    }
}
