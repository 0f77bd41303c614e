// c-ares reaches for the NSS functions of service names when it is asked for one. It never is (getaddrinfo.c passes no
// service), but the references alone would link all of NSS, and its warnings, into the static binary. These end that.
#include <netdb.h>
#include <stddef.h>

struct servent *getservbyname(const char *name, const char *protocol) {
    (void)name;
    (void)protocol;
    return NULL;
}

int getservbyport_r(int port, const char *restrict protocol, struct servent *restrict entry, char *restrict buffer,
                    size_t size, struct servent **restrict result) {
    (void)port;
    (void)protocol;
    (void)entry;
    (void)buffer;
    (void)size;
    *result = NULL;
    return 0;
}
