// SPDX-License-Identifier: GPL-2.0-only
/* The captures that a peer holds, and the captures that it misses. */
#include "common/clock.h"
#include "send/peer.h"

/* Tokens are slots; headers have their own token. */
#define TOKEN_HEADER	UINT64_MAX

static int submit_header(struct peer *p, struct parcel *parcel, size_t size)
{
	int err;

	err = fpgabuf_sender_submit_copy(p->sender, parcel->header, size,
					 TOKEN_HEADER);
	if (!err)
		p->submitted += size;
	return err;
}

static int submit_capture_header(struct peer *p, struct parcel *parcel,
				 const struct fpgabuf_capture *c)
{
	const struct fpgabuf_frame frame = {
		.flags = c->status & FPGABUF_FRAME_FLAGS,
		.sequence = c->sequence,
		.timestamp_ns = c->timestamp_ns,
		.length = c->bytes,
		.skipped = p->skipped,
	};
	struct fpgabuf_frame_clock clock;

	fpgabuf_frame_encode(&frame, parcel->header);
	fpgabuf_frame_read_clock(&clock);
	fpgabuf_frame_put_clock(&clock, parcel->header);
	return submit_header(p, parcel, FPGABUF_FRAME_CLOCK_SIZE);
}

static int submit(struct peer *p, struct parcel *parcel,
		  const struct fpgabuf_capture *c)
{
	int err = 0;

	if (p->options->framed)
		err = submit_capture_header(p, parcel, c);
	if (!err)
		err = fpgabuf_sender_submit(p->sender, c->addr, c->bytes,
					    c->slot);
	return err;
}

bool peer_give(struct peer *peer, const struct fpgabuf_capture *capture)
{
	struct parcel *parcel = &peer->parcels[capture->slot];

	/* It fails only if the sender has ended, which step() sees. */
	if (peer->state != PEER_SENDING || submit(peer, parcel, capture)) {
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
	struct parcel *parcel = &peer->parcels[peer->source->slot_count];
	const struct fpgabuf_frame frame = {
		.flags = FPGABUF_FRAME_END,
		.sequence = peer->next,
		.skipped = peer->skipped,
	};

	peer->ending = true;
	peer->broken = broken;
	if (peer->state != PEER_SENDING || !peer->options->framed || broken)
		return;
	fpgabuf_frame_encode(&frame, parcel->header);
	fpgabuf_frame_ask_receipt(parcel->header);
	/* Fails like peer_give(), and is as unimportant then. */
	submit_header(peer, parcel, FPGABUF_FRAME_ASK_SIZE);
}

/* A capture that the socket did not take in full was not sent. */
static void put_back(struct peer *p, struct parcel *parcel)
{
	struct fpgabuf_sender_stats stats;

	parcel->held = false;
	p->held--;
	p->gave_ns = clock_ns();
	p->slow = false;
	fpgabuf_sender_stats(p->sender, &stats);
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

	if (!peer->sender)
		return 0;
	while (fpgabuf_sender_reap(peer->sender, &token)) {
		if (token == TOKEN_HEADER)
			continue;
		put_back(peer, &peer->parcels[token]);
		*slot = token;
		return 1;
	}
	return peer->given_up ? reap_anyway(peer, slot) : 0;
}
