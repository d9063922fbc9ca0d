// SPDX-License-Identifier: GPL-2.0-only
/*
 * The source of the stream.
 */
#include <stdlib.h>

#include "stream.h"

/* Odd, so that there is an inverse in any number of bits */
#define FACTOR 0x9e3779b97f4a7c15
#define INVERSE 0xf1de83e19937733d

/* It begins in silence. */
void stream_init(struct stream *stream, struct random *random,
		 unsigned int beat_bytes)
{
	*stream = (struct stream){ .random = random, .beat_bytes = beat_bytes };
}

void stream_free(struct stream *stream)
{
	free(stream->ends);
}

static uint64_t mask(unsigned int beat_bytes)
{
	return ~0ULL >> (64 - 8 * beat_bytes);
}

/* Not 0, so that data and no data differ */
uint64_t stream_data(uint64_t beat, unsigned int beat_bytes)
{
	return (beat + 1) * FACTOR & mask(beat_bytes);
}

uint64_t stream_number(uint64_t data, unsigned int beat_bytes)
{
	return (data * INVERSE & mask(beat_bytes)) - 1;
}

static unsigned int keep_bytes(uint8_t keep)
{
	return __builtin_popcount(keep);
}

static void note_end(struct stream *stream, uint8_t keep)
{
	struct packet_end *ends;

	ends = reallocarray(stream->ends, stream->count + 1, sizeof(*ends));
	if (!ends)
		abort();
	ends[stream->count++] = (struct packet_end){
		.beat = stream->next,
		.bytes = keep_bytes(keep),
	};
	stream->ends = ends;
}

void stream_step(struct stream *stream, const struct pins *pins)
{
	if (!pins->tvalid)
		return;
	if (!pins->tready) {
		stream->waited++;
		return;
	}
	if (pins->tlast)
		note_end(stream, pins->tkeep);
	stream->next++;
	if (stream->left)
		stream->left--;
	stream->offered = false;
}

/* Many are short, so that there are many ends. */
static unsigned int packet_length(struct stream *stream)
{
	unsigned int bound = stream->packet_beats;

	if (random_chance(stream->random, 50) && bound > 16)
		bound = 16;
	return 1 + random_below(stream->random, bound);
}

static uint8_t last_keep(struct stream *stream)
{
	unsigned int bytes = random_below(stream->random,
					  stream->beat_bytes + 1);

	return (1U << bytes) - 1;
}

static void offer(struct stream *stream, struct pins *pins)
{
	if (stream->source) {
		stream->offered = stream->source(stream->source_arg, pins);
		return;
	}
	if (stream->packet_beats && !stream->left)
		stream->left = packet_length(stream);
	stream->offered = true;
	pins->tdata = stream_data(stream->next, stream->beat_bytes);
	pins->tlast = stream->left == 1;
	/* Where no packet ends it means nothing. */
	pins->tkeep = pins->tlast ? last_keep(stream) :
				    random_next(stream->random);
}

void stream_drive(struct stream *stream, struct pins *pins)
{
	if (!stream->offered && random_chance(stream->random, stream->valid))
		offer(stream, pins);
	pins->tvalid = stream->offered;
}
