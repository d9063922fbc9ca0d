// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/message.h"
#include "recv/guests.h"

enum guest_news guest_look(const struct guest *g)
{
	int ret = inlet_peek(&g->inlet);

	if (ret > 0)
		return GUEST_SENDS;
	return ret == -EAGAIN ? GUEST_SILENT : GUEST_LEFT;
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
	struct guest guest = guests_take(g, index);

	if (!g->quiet)
		inform("%s %s", guest.peer, why);
	inlet_reset(&guest.inlet);
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
