// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "recv/guests.h"

enum guest_news guest_look(const struct guest *g)
{
	char byte;
	ssize_t n = recv(g->sock, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	if (n > 0)
		return GUEST_SENDS;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return GUEST_SILENT;
	return GUEST_LEFT;
}

bool guests_make_room(struct guests *g)
{
	if (!g->count)
		return false;
	guests_drop(g, 0, "has sent nothing, and its place is needed");
	return true;
}

void guests_add(struct guests *g, const struct guest *guest)
{
	if (g->count == MOST_GUESTS)
		guests_make_room(g);
	g->list[g->count++] = *guest;
}

/* The others stay in the order in which they came. */
struct guest guests_take(struct guests *g, unsigned int index)
{
	struct guest guest = g->list[index];

	g->count--;
	memmove(g->list + index, g->list + index + 1,
		(g->count - index) * sizeof(guest));
	return guest;
}

/* A reset tells a peer that waits for something. */
void guests_drop(struct guests *g, unsigned int index, const char *why)
{
	const struct linger reset = { .l_onoff = 1 };
	struct guest guest = guests_take(g, index);

	if (!g->quiet)
		inform("%s %s", guest.peer, why);
	setsockopt(guest.sock, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(guest.sock);
}

int64_t guests_oldest_ns(const struct guests *g)
{
	return g->count ? g->list[0].since_ns : 0;
}

void guests_watch(struct guests *g)
{
	unsigned int i;

	for (i = 0; i < g->count; i++) {
		if (!stall_waits(&g->list[i].stall) || g->quiet)
			continue;
		inform("%s has connected, and sends nothing", g->list[i].peer);
		remedy("is it capturing?  See its messages");
	}
}

int64_t guests_watch_ns(const struct guests *g)
{
	int64_t due, first = 0;
	unsigned int i;

	for (i = 0; i < g->count; i++) {
		due = stall_due_ns(&g->list[i].stall);
		if (due && (!first || due < first))
			first = due;
	}
	return first;
}
