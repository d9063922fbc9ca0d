/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guests: peers that have connected, and have not sent anything yet
 *
 * A guest may become a stream, or be a port scanner, a health check, or a board that
 * has lost its power.  So it gets no number, no file and no memory, and loses its
 * place when there are too many.
 */
#ifndef FPGABUF_RECV_GUESTS_H
#define FPGABUF_RECV_GUESTS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/endpoint.h"
#include "common/stall.h"
#include "recv/inlet.h"

#define MOST_GUESTS	256

/**
 * struct guest - a silent peer
 * @inlet: its connection
 * @peer: its address
 * @since_ns: when it was accepted
 * @stall: the wait for its first bytes
 */
struct guest {
	struct inlet inlet;
	char peer[ENDPOINT_NAME_SIZE];
	int64_t since_ns;
	struct stall stall;
};

/**
 * struct guests - all guests
 * @list: the guests, in the order in which they came
 * @count: how many there are
 * @quiet: do not report them
 */
struct guests {
	struct guest list[MOST_GUESTS];
	unsigned int count;
	bool quiet;
};

/* What a guest has done. */
enum guest_news { GUEST_SILENT, GUEST_SENDS, GUEST_LEFT };

/* Looks, without taking anything from it. */
enum guest_news guest_look(const struct guest *guest);

/* Adds a guest; if there are too many, the oldest is disconnected. */
void guests_add(struct guests *guests, const struct guest *guest);

/* Removes a guest; its connection goes to the caller. */
struct guest guests_take(struct guests *guests, unsigned int index);

/* Removes a guest and closes its connection; @why is for the message. */
void guests_drop(struct guests *guests, unsigned int index, const char *why);

/* Disconnects the oldest guest.  False: there is none. */
bool guests_make_room(struct guests *guests);

/* Reports guests that are silent. */
void guests_watch(struct guests *guests);

/* When to do so again, or 0. */
int64_t guests_watch_ns(const struct guests *guests);

/* When the oldest guest was accepted, or 0. */
int64_t guests_oldest_ns(const struct guests *guests);

#endif /* FPGABUF_RECV_GUESTS_H */
