// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracker of zero-copy sends: whatever ranges are reported, a buffer is
 * given back once, and never before all of its sends have completed
 *
 * The input is where the ids begin and a list of operations: send from one of
 * the buffers, or complete a range that lies anywhere.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "lib/completion.h"

#define BUFFERS		8U
#define MAX_SENDS	4096U

enum send { UNKNOWN, IN_FLIGHT, COMPLETED };

/**
 * struct world - the tracker, and the plainest account of the same
 * @tracker: what is tested
 * @start: first id
 * @capacity: sends that may be in flight
 * @pending: what the tracker has counted for each buffer
 * @expected: what it should have
 * @sent: how many sends there were
 * @oldest: the first of them in flight
 * @send: each of them
 * @buffer: and whose it was
 */
struct world {
	struct fpgabuf_tracker tracker;
	uint32_t start;
	uint32_t capacity;
	unsigned int pending[BUFFERS];
	unsigned int expected[BUFFERS];
	uint32_t sent;
	uint32_t oldest;
	enum send send[MAX_SENDS];
	uint8_t buffer[MAX_SENDS];
};

static void check(const struct world *w)
{
	uint32_t in_flight = 0;
	unsigned int i;

	CHECK(!memcmp(w->pending, w->expected, sizeof(w->pending)));
	for (i = 0; i < BUFFERS; i++)
		in_flight += w->expected[i];
	CHECK(w->tracker.outstanding == in_flight);
	CHECK(w->tracker.first == w->start + w->oldest);
	CHECK(w->tracker.next == w->start + w->sent);
	CHECK(fpgabuf_tracker_full(&w->tracker) ==
	      (w->sent - w->oldest == w->capacity));
}

static void send_from(struct world *w, unsigned int buffer)
{
	if (w->sent == MAX_SENDS || fpgabuf_tracker_full(&w->tracker))
		return;
	fpgabuf_tracker_issue(&w->tracker, &w->pending[buffer]);
	w->send[w->sent] = IN_FLIGHT;
	w->buffer[w->sent++] = buffer;
	w->expected[buffer]++;
}

/* By its distance from the first id of all, which is where the account begins. */
static bool in_flight(const struct world *w, uint32_t id)
{
	uint32_t n = id - w->start;

	return n < w->sent && w->send[n] == IN_FLIGHT;
}

/* A range too long to be true is not walked through. */
static bool all_in_flight(const struct world *w, uint32_t lo, uint32_t hi)
{
	uint32_t id = lo;

	if (hi - lo >= MAX_SENDS)
		return false;
	for (; in_flight(w, id); id++)
		if (id == hi)
			return true;
	return false;
}

static void complete(struct world *w, uint32_t lo, uint32_t hi)
{
	bool good = all_in_flight(w, lo, hi);
	uint32_t i;

	CHECK(fpgabuf_tracker_complete(&w->tracker, lo, hi) ==
	      (good ? 0 : -EPROTO));
	if (!good)
		return;
	for (i = lo - w->start; i != hi - w->start + 1; i++) {
		w->send[i] = COMPLETED;
		w->expected[w->buffer[i]]--;
	}
	while (w->oldest < w->sent && w->send[w->oldest] == COMPLETED)
		w->oldest++;
}

/* One byte says what to do, and how near to the truth. */
static void step(struct world *w, struct input *in)
{
	uint8_t op = input_number(in, 1);
	uint32_t lo;

	switch (op >> 6) {
	case 0:
		send_from(w, op % BUFFERS);
		break;
	case 1:
		/* The usual: from the oldest on */
		lo = w->start + w->oldest;
		complete(w, lo, lo + op % 64);
		break;
	case 2:
		/* Somewhere near the window */
		lo = w->start + w->oldest + (int8_t)input_number(in, 1);
		complete(w, lo, lo + op % 64);
		break;
	default:
		/* Anything */
		lo = input_number(in, 4);
		complete(w, lo, input_number(in, 4));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .data = data, .left = size };
	static struct world w;

	w = (struct world){ 0 };
	w.capacity = 1U << input_number(&in, 1) % 9;
	w.start = input_number(&in, 4);
	CHECK(!fpgabuf_tracker_init(&w.tracker, w.capacity, w.start));
	while (in.left) {
		step(&w, &in);
		check(&w);
	}
	fpgabuf_tracker_exit(&w.tracker);
	return 0;
}
