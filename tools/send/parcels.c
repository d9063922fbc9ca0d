// SPDX-License-Identifier: GPL-2.0-only
/* The captures that a peer holds, and the captures that it misses. */
#include "common/clock.h"
#include "send/carrier.h"

/* Returns its size. */
static size_t make_header(const struct peer *p,
			  const struct fpgabuf_capture *c,
			  const struct fpgabuf_frame_clock *clock,
			  uint8_t *header)
{
	const struct fpgabuf_frame frame = {
		.flags = c->status & FPGABUF_FRAME_FLAGS,
		.sequence = c->sequence,
		.timestamp_ns = c->timestamp_ns,
		.length = c->bytes,
		.skipped = p->skipped,
	};

	fpgabuf_frame_encode(&frame, header);
	if (!clock)
		return FPGABUF_FRAME_HEADER_SIZE;
	fpgabuf_frame_put_clock(clock, header);
	return FPGABUF_FRAME_CLOCK_SIZE;
}

static int submit(struct peer *p, const struct fpgabuf_capture *c,
		  const struct fpgabuf_frame_clock *clock)
{
	uint8_t header[FPGABUF_FRAME_CLOCK_SIZE];
	size_t size;
	int err;

	if (!p->options->framed)
		return p->carrier->submit(p, NULL, 0, c);
	size = make_header(p, c, clock, header);
	err = p->carrier->submit(p, header, size, c);
	if (!err)
		p->submitted += size;
	return err;
}

bool peer_give(struct peer *peer, const struct fpgabuf_capture *capture,
	       const struct fpgabuf_frame_clock *clock)
{
	struct parcel *parcel = &peer->parcels[capture->slot];

	/* It fails only if the sender has ended, which step() sees. */
	if (peer->state != PEER_SENDING || submit(peer, capture, clock)) {
		peer_skip(peer, capture);
		return false;
	}
	peer->next = capture->sequence + 1;
	peer->submitted += capture->bytes;
	parcel->held = true;
	parcel->bytes = capture->bytes;
	parcel->skipped = peer->skipped;
	parcel->end = peer->submitted;
	peer->skipped = 0;
	if (!peer->held++) {
		peer->moved_ns = 0;
		peer->gave_ns = clock_ns();
	}
	return true;
}

static void leave_out(struct peer *p, uint64_t bytes)
{
	p->skipped += bytes;
	p->skipped_bytes += bytes;
	p->skipped_captures++;
}

void peer_skip(struct peer *peer, const struct fpgabuf_capture *capture)
{
	peer->next = capture->sequence + 1;
	leave_out(peer, capture->bytes);
}

void peer_end(struct peer *peer, bool broken)
{
	const struct fpgabuf_frame frame = {
		.flags = FPGABUF_FRAME_END,
		.sequence = peer->next,
		.skipped = peer->skipped,
	};

	peer->ending = true;
	peer->broken = broken;
	if (peer->state != PEER_SENDING || !peer->options->framed || broken)
		return;
	fpgabuf_frame_encode(&frame, peer->end_header);
	fpgabuf_frame_ask_receipt(peer->end_header);
	/* Fails like peer_give(), and is as unimportant then. */
	if (!peer->carrier->submit_end(peer))
		peer->submitted += sizeof(peer->end_header);
}

/* A capture that the socket did not take in full was not sent. */
static void put_back(struct peer *p, struct parcel *parcel)
{
	struct fpgabuf_sender_stats stats;

	parcel->held = false;
	p->held--;
	p->slow = false;
	if (p->options->drop)
		p->gave_ns = clock_ns();
	p->carrier->stats(p, &stats);
	if (stats.bytes >= parcel->end)
		return;
	leave_out(p, parcel->bytes);
	p->skipped += parcel->skipped;
}

/* The kernel would not let go in time; it is the driver that waits for it. */
static int reap_anyway(struct peer *p, unsigned int *slot)
{
	unsigned int i;

	for (i = 0; i < p->source->slot_count; i++) {
		if (!p->parcels[i].held)
			continue;
		put_back(p, &p->parcels[i]);
		*slot = i;
		return 1;
	}
	return 0;
}

int peer_reap(struct peer *peer, unsigned int *slot)
{
	uint64_t token;

	if (!peer->begun)
		return 0;
	while (peer->carrier->reap(peer, &token)) {
		if (token == CARRIER_END)
			continue;
		put_back(peer, &peer->parcels[token]);
		*slot = token;
		return 1;
	}
	return peer->given_up ? reap_anyway(peer, slot) : 0;
}
