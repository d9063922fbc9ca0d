// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "common/clock.h"
#include "recv/leavers.h"

/* A peer that does not answer may be out of reach. */
#define PATIENCE_NS	(2 * NS_PER_SEC)

static void forget(struct leavers *l, unsigned int index)
{
	struct leaver *gone = &l->list[index];

	inlet_reset(&gone->inlet);
	l->count--;
	memmove(gone, gone + 1, (l->count - index) * sizeof(*gone));
}

void leavers_add(struct leavers *l, const struct inlet *inlet)
{
	if (inlet->going < 0)
		return;
	if (l->count == MOST_LEAVERS)
		forget(l, 0);
	l->list[l->count++] = (struct leaver){
		*inlet, clock_ns() + PATIENCE_NS
	};
}

void leavers_fill(const struct leavers *l, struct pollfd *polls)
{
	unsigned int i;

	for (i = 0; i < l->count; i++)
		polls[i] = (struct pollfd){
			l->list[i].inlet.going, POLLIN, 0
		};
}

int64_t leavers_due_ns(const struct leavers *l)
{
	return l->count ? l->list[0].due_ns : 0;
}

void leavers_look(struct leavers *l)
{
	const int64_t now = l->count ? clock_ns() : 0;
	unsigned int i = l->count;

	while (i--)
		if (inlet_gone(&l->list[i].inlet) || now >= l->list[i].due_ns)
			forget(l, i);
}

void leavers_wait(struct leavers *l)
{
	struct pollfd polls[MOST_LEAVERS];

	leavers_look(l);
	while (l->count) {
		leavers_fill(l, polls);
		poll(polls, l->count, clock_left_ms(leavers_due_ns(l)));
		leavers_look(l);
	}
}
