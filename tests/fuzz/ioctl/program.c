// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs: most of what is drawn makes sense, for nonsense alone gets no
 * further than the first check.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "ioctl-fuzz.h"

/* xorshift64*: the same numbers for a seed, everywhere. */
uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

static unsigned int below(uint64_t *random, unsigned int limit)
{
	return (random_next(random) >> 32) % limit;
}

static bool one_in(uint64_t *random, unsigned int n)
{
	return !below(random, n);
}

/* Values at which something changes: sizes, lengths, timeouts, flags */
static const uint64_t interesting[] = {
	0, 1, 2, 3, 7, 8, 16, 100, 255, 256, 4088, 4095, 4096, 4097, 8192,
	12288, 65536, 65536 + 4096, 1 << 20, (2 << 20) - 4096, 2 << 20,
	(2 << 20) + 4096, 4 << 20, (4 << 20) + 1, 16 << 20, (16 << 20) + 1,
	3600000, 3600001, INT32_MAX, (uint64_t)INT32_MAX + 1, UINT32_MAX,
	(uint64_t)UINT32_MAX + 1, INT64_MAX, (uint64_t)INT64_MAX + 1,
	UINT64_MAX - 4095, UINT64_MAX,
};

static uint64_t any_value(uint64_t *random)
{
	if (one_in(random, 8))
		return random_next(random) >> below(random, 64);
	return interesting[below(random, ARRAY_SIZE(interesting))];
}

/* Most regions are small: to zero them is what takes the time. */
static uint64_t likely_size(uint64_t *random)
{
	static const unsigned int pages[] = { 1, 1, 2, 3, 4, 16, 17, 512 };

	if (one_in(random, 10))
		return any_value(random);
	return 4096 * pages[below(random, ARRAY_SIZE(pages))];
}

static uint64_t likely_timeout(uint64_t *random)
{
	return one_in(random, 8) ? any_value(random) : 1 + below(random, 20);
}

/* How often each call is drawn, of the sum of all */
static const uint8_t weights[NR_CALLS] = {
	[CALL_INFO] = 2, [CALL_ALLOC] = 16, [CALL_QUEUE] = 24,
	[CALL_DEQUEUE] = 18, [CALL_CANCEL] = 5, [CALL_REGION_INFO] = 6,
	[CALL_BASELINE] = 3,
	[CALL_RAW] = 2, [CALL_OPEN] = 5, [CALL_CLOSE] = 2,
	[CALL_CLOSE_REGION] = 5, [CALL_DUP_REGION] = 2, [CALL_POLL] = 2,
	[CALL_POLL_REGION] = 2, [CALL_MAP] = 5, [CALL_UNMAP] = 2,
	[CALL_TOUCH] = 4, [CALL_SYNC] = 3, [CALL_SYNC_FILE] = 2,
	[CALL_PIN] = 3, [CALL_UNPIN] = 2, [CALL_SIM] = 4,
	[CALL_STREAM] = 6, [CALL_STREAM_INFO] = 2, [CALL_READ] = 6,
	[CALL_SPLICE] = 6, [CALL_SENDFILE] = 4,
};

static enum call draw_call(uint64_t *random)
{
	unsigned int i, sum = 0, ticket;

	for (i = 0; i < NR_CALLS; i++)
		sum += weights[i];
	ticket = below(random, sum);
	for (i = 0; ticket >= weights[i]; i++)
		ticket -= weights[i];
	return i;
}

static void draw_values(struct op *op, uint64_t *random)
{
	static const uint32_t modes[] = { O_RDWR, O_RDWR | O_CLOEXEC, O_RDONLY };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(op->value); i++)
		op->value[i] = any_value(random);
	switch (op->call) {
	case CALL_ALLOC:
		op->value[0] = likely_size(random);
		if (!one_in(random, 10))
			op->value[1] = one_in(random, 4);
		if (!one_in(random, 10))
			op->value[2] = modes[below(random, ARRAY_SIZE(modes))];
		break;
	case CALL_QUEUE:
		if (!one_in(random, 4))
			op->value[0] = 0;
		op->value[1] = likely_timeout(random);
		break;
	case CALL_MAP:
		if (!one_in(random, 4))
			op->value[0] = 0;
		break;
	case CALL_STREAM:
		op->value[0] = likely_size(random);
		if (!one_in(random, 10))
			op->value[1] = 2 + below(random, 6);
		op->value[2] = 4 * likely_timeout(random) + below(random, 4);
		break;
	}
}

static void draw_op(struct op *op, uint64_t *random)
{
	*op = (struct op){
		.call = draw_call(random),
		.file = one_in(random, 5) ? below(random, FILES) : 0,
		.region = one_in(random, 3) ? below(random, REGIONS) : 0,
	};
	if (one_in(random, 12))
		op->spoil = 1U << below(random, 7);
	draw_values(op, random);
}

/* It has to begin with a file and a region, or most would come to nothing. */
void program_random(struct program *p, uint64_t *random)
{
	unsigned int i;

	p->nr = 4 + below(random, MAX_OPS - 3);
	for (i = 0; i < p->nr; i++)
		draw_op(&p->op[i], random);
	p->op[0].call = CALL_OPEN;
	p->op[1].call = CALL_ALLOC;
	p->op[0].file = p->op[1].file = p->op[1].region = 0;
	draw_values(&p->op[1], random);
}

static void remove_op(struct program *p, unsigned int at)
{
	memmove(&p->op[at], &p->op[at + 1], (--p->nr - at) * sizeof(*p->op));
}

static void insert_op(struct program *p, unsigned int at, uint64_t *random)
{
	memmove(&p->op[at + 1], &p->op[at], (p->nr++ - at) * sizeof(*p->op));
	draw_op(&p->op[at], random);
}

/* The beginning of one, the end of the other */
static void take_end(struct program *p, const struct program *other,
		   uint64_t *random)
{
	unsigned int keep = 1 + below(random, p->nr);
	unsigned int from = below(random, other->nr);

	while (keep < MAX_OPS && from < other->nr)
		p->op[keep++] = other->op[from++];
	p->nr = keep;
}

static void change_op(struct op *op, uint64_t *random)
{
	switch (below(random, 6)) {
	case 0:
		op->value[below(random, ARRAY_SIZE(op->value))] =
			any_value(random);
		break;
	case 1:
		op->value[below(random, ARRAY_SIZE(op->value))] ^=
			UINT64_C(1) << below(random, 64);
		break;
	case 2:
		op->spoil ^= 1U << below(random, 7);
		break;
	case 3:
		op->region = below(random, REGIONS);
		break;
	case 4:
		op->file = below(random, FILES);
		break;
	default:
		draw_op(op, random);
	}
}

/* Some changes at once; @other is one more to take from. */
void program_vary(struct program *p, const struct program *other,
		  uint64_t *random)
{
	unsigned int n = 1 + below(random, 4);

	while (n--) {
		unsigned int at = below(random, p->nr);

		switch (below(random, 5)) {
		case 0:
			if (p->nr < MAX_OPS)
				insert_op(p, at, random);
			break;
		case 1:
			if (p->nr > 2)
				remove_op(p, at);
			break;
		case 2:
			take_end(p, other, random);
			break;
		default:
			change_op(&p->op[at], random);
		}
	}
}

void program_print(const struct program *p, FILE *out)
{
	static const char * const names[NR_CALLS] = {
		"INFO", "ALLOC", "QUEUE", "DEQUEUE", "CANCEL", "REGION_INFO",
		"STREAM", "STREAM_INFO", "raw ioctl", "open", "close",
		"close region", "dup region",
		"poll", "poll region", "map", "unmap", "touch", "sync",
		"sync_file", "pin", "unpin", "sim", "read", "splice",
		"sendfile",
	};
	unsigned int i;

	for (i = 0; i < p->nr; i++)
		fprintf(out, "  %2u: %-12s file %u region %u spoil %02x"
			" %#" PRIx64 " %#" PRIx64 " %#" PRIx64 "\n", i,
			names[p->op[i].call], p->op[i].file, p->op[i].region,
			p->op[i].spoil, p->op[i].value[0], p->op[i].value[1],
			p->op[i].value[2]);
}
