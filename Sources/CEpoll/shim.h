// The Linux calls of an event loop, where their structures are more than Swift can spell.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static inline int cepoll_control(int epoll, int operation, int descriptor, uint32_t events) {
    struct epoll_event event = {.events = events, .data = {.fd = descriptor}};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

static inline uint32_t cepoll_event_mask(const struct epoll_event *event) { return event->events; }
static inline int cepoll_event_descriptor(const struct epoll_event *event) { return event->data.fd; }

/// The calling thread's name as tools show it; at most 15 bytes.
static inline void cepoll_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

/// Declared by the system for GNU programs only, which Swift's own view of it is not.
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *size, int flags);

/// The next connection, which does not block and is not handed on to programs; -1 and `errno` when there is none.
static inline int cepoll_accept(int listening) {
    return accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
