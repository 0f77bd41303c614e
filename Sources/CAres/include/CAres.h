// Name resolution that a fully static binary can rely on.
//
// glibc's own getaddrinfo loads NSS modules named by /etc/nsswitch.conf, which a static binary can only do on the very
// glibc that it was built with: elsewhere it fails with EAI_SYSTEM or crashes. This target defines `getaddrinfo` and
// `freeaddrinfo` itself, over c-ares: /etc/hosts first, then DNS as /etc/resolv.conf says. nsswitch.conf is never read.
//
// How the linker takes ours: the symbols stand in an object file of the executable, so the archive member
// getaddrinfo.o of libc.a, which defines only these two, is never pulled in; in a dynamic build the executable's
// definition precedes libc.so's. Results have glibc's memory layout rules (one free per node and name), so either
// freeaddrinfo can release them.
//
// Bounds: one call ends within APUS_RESOLVE_LIMIT_SECONDS; at most APUS_RESOLVE_MAXIMUM_ADDRESSES addresses a name.
#ifndef APUS_CARES_H
#define APUS_CARES_H

#include <netdb.h>

/// The longest that one getaddrinfo call takes, whatever the servers do.
#define APUS_RESOLVE_LIMIT_SECONDS 10
/// More addresses of one name are left out.
#define APUS_RESOLVE_MAXIMUM_ADDRESSES 256

/// The version of c-ares that is linked.
const char *apus_resolver_version(void);

#endif
