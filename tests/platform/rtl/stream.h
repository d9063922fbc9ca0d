/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The source of the stream.
 *
 * Each beat has a number, and its data tell it, so that whatever is in memory
 * says which beat it was.
 */
#ifndef TESTS_RTL_STREAM_H
#define TESTS_RTL_STREAM_H

#include <stddef.h>

#include "pins.h"
#include "random.h"

/**
 * struct packet_end - the last beat of a packet
 * @beat: its number
 * @bytes: of that beat
 */
struct packet_end {
	uint64_t beat;
	unsigned int bytes;
};

/* Puts the next beat on the pins; false: there is none now */
typedef bool stream_source(void *arg, struct pins *pins);

/**
 * struct stream - the source
 * @source: makes the beats, or NULL: they are numbers
 * @source_arg: for it
 * @valid: how often there is a beat, in percent
 * @packet_beats: longest packet; 0: no packet ever ends
 * @next: number of the beat that is offered, or will be
 * @waited: cycles in which a beat was offered and not taken
 * @left: beats of the packet, with the one that is offered
 * @offered: a beat is offered, and stays until it is taken
 * @ends: packets that have been taken as a whole, oldest first
 * @count: how many
 */
struct stream {
	stream_source *source;
	void *source_arg;
	struct random *random;
	unsigned int beat_bytes;
	unsigned int valid;
	unsigned int packet_beats;
	uint64_t next;
	uint64_t waited;
	unsigned int left;
	bool offered;
	struct packet_end *ends;
	size_t count;
};

void stream_init(struct stream *stream, struct random *random,
		 unsigned int beat_bytes);

void stream_free(struct stream *stream);

/* stream_step - see what is taken by the clock that comes next
 * @pins: as they are before it
 */
void stream_step(struct stream *stream, const struct pins *pins);

/* stream_drive - offer a beat, after a clock */
void stream_drive(struct stream *stream, struct pins *pins);

/* The data of a beat, and the number of the beat that has them */
uint64_t stream_data(uint64_t beat, unsigned int beat_bytes);
uint64_t stream_number(uint64_t data, unsigned int beat_bytes);

#endif
