// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which zero-copy sends are still in flight: see completion.h. */
#include <errno.h>
#include <stdlib.h>

#include "completion.h"

int fpgabuf_tracker_init(struct fpgabuf_tracker *t, uint32_t capacity,
			 uint32_t start)
{
	unsigned int **owner = calloc(capacity, sizeof(*owner));

	if (!owner)
		return -ENOMEM;
	*t = (struct fpgabuf_tracker){
		.owner = owner,
		.mask = capacity - 1,
		.first = start,
		.next = start,
	};
	return 0;
}

void fpgabuf_tracker_exit(struct fpgabuf_tracker *t)
{
	free(t->owner);
}

static unsigned int **owner_of(const struct fpgabuf_tracker *t, uint32_t id)
{
	return &t->owner[id & t->mask];
}

bool fpgabuf_tracker_full(const struct fpgabuf_tracker *t)
{
	return t->next - t->first > t->mask;
}

void fpgabuf_tracker_issue(struct fpgabuf_tracker *t, unsigned int *pending)
{
	*owner_of(t, t->next++) = pending;
	t->outstanding++;
	(*pending)++;
}

/* All arithmetic is modulo 2^32, so that a wrap needs no special case. */
static bool in_flight(const struct fpgabuf_tracker *t, uint32_t lo, uint32_t n)
{
	uint32_t used = t->next - t->first;
	uint32_t skip = lo - t->first;
	uint32_t i;

	/* n is 0 for a range of 2^32 ids. */
	if (n == 0 || skip >= used || n > used - skip)
		return false;
	for (i = 0; i < n; i++)
		if (!*owner_of(t, lo + i))
			return false;
	return true;
}

int fpgabuf_tracker_complete(struct fpgabuf_tracker *t, uint32_t lo,
			     uint32_t hi)
{
	uint32_t n = hi - lo + 1;
	uint32_t i;

	if (!in_flight(t, lo, n))
		return -EPROTO;
	for (i = 0; i < n; i++) {
		unsigned int **owner = owner_of(t, lo + i);

		(**owner)--;
		*owner = NULL;
	}
	t->outstanding -= n;
	while (t->first != t->next && !*owner_of(t, t->first))
		t->first++;
	return 0;
}
