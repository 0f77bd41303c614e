// What needs no lookup: address literals and port numbers.
#include "resolver.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

/// A scope is an interface name for link-local addresses, or a number for all. Zero means that it is neither.
static uint32_t parse_scope(const char *text, const struct in6_addr *address) {
    if (IN6_IS_ADDR_LINKLOCAL(address) || IN6_IS_ADDR_MC_LINKLOCAL(address)) {
        unsigned int index = if_nametoindex(text);
        if (index) return index;
    }
    if (!isdigit((unsigned char)text[0])) return 0;
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    return (errno || *end || number > UINT32_MAX) ? 0 : (uint32_t)number;
}

static bool parse_v6(const char *text, struct in6_addr *address, uint32_t *scope) {
    char host[INET6_ADDRSTRLEN];
    const char *percent = strchr(text, '%');
    size_t length = percent ? (size_t)(percent - text) : strlen(text);
    if (length >= sizeof host) return false;
    memcpy(host, text, length);
    host[length] = '\0';
    if (inet_pton(AF_INET6, host, address) != 1) return false;
    *scope = 0;
    if (!percent) return true;
    *scope = parse_scope(percent + 1, address);
    return *scope != 0;
}

static struct in6_addr mapped(struct in_addr v4) {
    struct in6_addr v6 = {0};
    v6.s6_addr[10] = v6.s6_addr[11] = 0xff;
    memcpy(&v6.s6_addr[12], &v4, sizeof v4);
    return v6;
}

int apus_parse_literal(const char *text, int family, bool map_v4, apus_addresses *found) {
    struct in_addr v4;
    struct in6_addr v6;
    uint32_t scope;
    // inet_aton takes trailing words after white space; a host name holds none.
    if (text[strcspn(text, " \t\r\n\f\v")] == '\0' && inet_aton(text, &v4)) {
        if (family == AF_INET6) {
            if (!map_v4) return EAI_ADDRFAMILY;
            return apus_addresses_add_v6(found, mapped(v4), 0) ? 0 : EAI_MEMORY;
        }
        return apus_addresses_add_v4(found, v4) ? 0 : EAI_MEMORY;
    }
    if (parse_v6(text, &v6, &scope)) {
        if (family == AF_INET) return EAI_ADDRFAMILY;
        return apus_addresses_add_v6(found, v6, scope) ? 0 : EAI_MEMORY;
    }
    return EAI_NONAME;
}

int apus_parse_service(const char *text, bool numeric_only, uint16_t *port) {
    static const struct {
        const char *name;
        uint16_t port;
    } known[] = {
        {"domain", 53}, {"ftp", 21},  {"http", 80},  {"https", 443},  {"imap", 143}, {"imaps", 993},
        {"ldap", 389},  {"ldaps", 636}, {"ntp", 123}, {"postgresql", 5432}, {"smtp", 25}, {"ssh", 22},
        {"submission", 587}, {"syslog", 514},
    };
    if (isdigit((unsigned char)text[0])) {
        char *end;
        unsigned long number = strtoul(text, &end, 10);
        if (*end == '\0' && number <= UINT16_MAX) {
            *port = (uint16_t)number;
            return 0;
        }
        return numeric_only ? EAI_NONAME : EAI_SERVICE;
    }
    if (numeric_only) return EAI_NONAME;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, text) == 0) {
            *port = known[i].port;
            return 0;
        }
    }
    return EAI_SERVICE;
}
