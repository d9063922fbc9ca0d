/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who has connected, and has not sent anything yet
 *
 * It may become a stream, or be a port scanner, a health check, or a board that
 * has lost its power.  So it gets no number, no file and no memory, and its place
 * goes to somebody else when there are too many.
 */
#ifndef FPGABUF_RECV_GUESTS_H
#define FPGABUF_RECV_GUESTS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/endpoint.h"
#include "common/stall.h"

#define MOST_GUESTS	256

/**
 * struct guest - one of them
 * @sock: its socket, non-blocking
 * @peer: who it is
 * @since_ns: when it was accepted
 * @stall: its first bytes
 */
struct guest {
	int sock;
	char peer[ENDPOINT_NAME_SIZE];
	int64_t since_ns;
	struct stall stall;
};

/**
 * struct guests - all of them
 * @list: they, in the order in which they came
 * @count: how many they are
 * @quiet: say nothing of them
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

/* One more; if there are too many, the one that has been silent longest goes. */
void guests_add(struct guests *guests, const struct guest *guest);

/* It is no guest any more: what happens to its socket is up to the caller. */
struct guest guests_take(struct guests *guests, unsigned int index);

/* Sends it away, or lets it go if it has left; @why is for people. */
void guests_drop(struct guests *guests, unsigned int index, const char *why);

/* Sends the one away that has been silent longest.  False: there is none. */
bool guests_make_room(struct guests *guests);

/* Says which of them are silent. */
void guests_watch(struct guests *guests);

/* When to do so again, or 0. */
int64_t guests_watch_ns(const struct guests *guests);

/* Since when the one that has been silent longest has been there, or 0. */
int64_t guests_oldest_ns(const struct guests *guests);

#endif /* FPGABUF_RECV_GUESTS_H */
