/* What Swift's Glibc module leaves out: epoll(7), eventfd(2) and the GNU extensions that an event loop needs. */
#ifndef APUS_EVENTS_H
#define APUS_EVENTS_H

#include <sys/epoll.h>
#include <sys/eventfd.h>

/// accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC; `address` is a struct sockaddr_storage.
int apus_accept(int listener, void *address, unsigned int *length);

/// Names the calling thread; the kernel keeps 15 bytes.
void apus_name_thread(const char *name);

#endif
