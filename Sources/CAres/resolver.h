// Shared by the files of this target only.
#ifndef APUS_RESOLVER_H
#define APUS_RESOLVER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/// One address of a name, before ports and socket types are multiplied in. The port is zero.
typedef union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} apus_address;

/// What a lookup found, in the order in which a caller should try it.
typedef struct {
    apus_address *items;
    size_t count;
    size_t capacity;
    /// The official name where CNAME records or /etc/hosts gave another one; owned; may be NULL.
    char *canonical;
} apus_addresses;

/// False when memory is short; silently true at the bound of APUS_RESOLVE_MAXIMUM_ADDRESSES.
bool apus_addresses_add_v4(apus_addresses *list, struct in_addr address);
bool apus_addresses_add_v6(apus_addresses *list, struct in6_addr address, uint32_t scope);
void apus_addresses_free(apus_addresses *list);

/// Asks /etc/hosts and DNS. Blocks for APUS_RESOLVE_LIMIT_SECONDS at most. Returns 0 or an EAI_ code.
int apus_lookup(const char *name, int family, apus_addresses *found);

/// Reads an address literal: IPv4 in all inet_aton(3) forms, IPv6 with an optional `%interface` or `%number`.
/// Returns 0, EAI_NONAME when `text` is no literal, EAI_ADDRFAMILY when it is one of another family, or EAI_MEMORY.
int apus_parse_literal(const char *text, int family, bool map_v4, apus_addresses *found);

/// Reads a port number or one of the few well-known names. Returns 0, EAI_NONAME or EAI_SERVICE; port in host order.
int apus_parse_service(const char *text, bool numeric_only, uint16_t *port);

/// `options timeout:n attempts:n` of resolv.conf(5), clamped to 1…30 s and 1…5; c-ares 1.18 does not read them itself.
typedef struct {
    int timeout_seconds;
    int attempts;
} apus_resolver_options;
apus_resolver_options apus_read_resolver_options(const char *path);

#endif
