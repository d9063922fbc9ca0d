/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A capture device that needs no kernel module
 *
 * open() of FAKE_DEVICE and the ioctls on it are answered here, as <linux/
 * fpgabuf.h> says the driver does; regions are memory files.  It captures the
 * pattern of fpgabuf-sim, or in another process the file that the variable FAKE_FEED
 * names, again and again.  Normally a capture is finished as soon as it is queued.
 */
#ifndef FPGABUF_UNIT_FAKE_DEVICE_H
#define FPGABUF_UNIT_FAKE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/fpgabuf.h>

#define FAKE_DEVICE	"/dev/fpgabuf-fake"

/**
 * struct fake_device - how it behaves, and what it saw
 * @alignment: as in struct fpgabuf_info
 * @queue_depth: as in struct fpgabuf_info
 * @version: as there
 * @capabilities: as there.  In another process: the variable FAKE_SLICES adds slices
 * @max_capture: as there; QUEUE keeps to it
 * @max_packet: as there
 * @transfers: as there
 * @room: the DMA controller takes so many; 0 = as many as may be queued
 * @alloc_errno: ALLOC fails with this, if not 0.  In another process: the variable
 *	FAKE_ALLOC_ERRNO
 * @queue_errno: QUEUE fails with this, if not 0.  In another process: the variable
 *	FAKE_QUEUE_ERRNO
 * @interrupts: so many calls, of those that do not wait for a capture, fail with
 *	EINTR first
 * @busy: so many QUEUE calls of a region that was captured into before fail
 *	with EBUSY
 * @busy_turns: such a region is refused once each time.  In another process: the
 *	variable FAKE_BUSY_TURNS
 * @kept: the channel keeps regions that were captured into
 * @kept_until_ns: until then; 0 = for ever
 * @in_use: page references that REGION_INFO counts
 * @importers: mappings by importers of every region that was captured into before
 * @streams: it can be a stream of bytes.  In another process: the variable
 *	FAKE_STREAMS
 * @setup: what it was told when it was made one; no count = it is none
 * @stream_errno: STREAM fails with this, if not 0
 * @single_pages: regions consist of them
 * @away: all regions of a stream are said to be held
 * @ahead: so many captures more can be read of a stream that was stopped
 * @stopped: a stream was
 * @errors: captures of a stream that have failed
 * @capture_end: position at which the capture that is read ends
 * @pins: pins of every region; BASELINE records them.  In another process: the
 *	variable FAKE_PINS
 * @never: captures do not finish before CANCEL.  In another process: the variable
 *	FAKE_NEVER
 * @most_captures: captures behind so many do not finish before CANCEL either;
 *	0 = all do.  In another process: the variable FAKE_CAPTURES
 * @dmabufs: memory files are taken for dma-bufs
 * @ethtool: answers for SIOCETHTOOL, or NULL for the kernel's
 * @canceled_bytes: bytes the first capture has when it is canceled; of a stream, if
 *	none is ahead
 * @empty_every: every so many captures has no bytes; 0 = none
 *	In another process: FAKE_EMPTY_GAPS, then every second one has none and a
 *	gap before it
 * @short_every: every so many captures has one byte less; 0 = none.  In another
 *	process: the variable FAKE_SHORT_EVERY
 * @gap_every: every so many captures has a gap before it; 0 = none.  In another
 *	process: the variable FAKE_GAP_EVERY
 * @timeout_every: every so many captures times out; 0 = none
 * @fail_at: this capture fails with EIO; counted from 1, 0 = none
 * @fail_for: so many from there on do; 0 = that one.  In another process: all that
 *	follow the variable FAKE_FAIL_AT
 * @fail_errno: or with this, if not 0
 * @more_bytes: captures are said to have so many bytes more than they have
 * @more_cookie: they are said to have been queued with a cookie that is higher by
 *	this
 * @access: how the last region was to be opened
 * @refused: QUEUE calls that found no @room
 * @timeout_ms: of the last QUEUE
 * @queue_calls: QUEUE calls, of every outcome
 * @captures: captures finished
 * @bytes: bytes captured
 * @most_queued: most captures that were queued at once
 * @bad_calls: calls the driver would have refused with EINVAL
 */
struct fake_device {
	uint32_t alignment;
	uint32_t queue_depth;
	uint32_t version;
	uint64_t capabilities;
	uint64_t max_capture;
	uint64_t max_packet;
	uint32_t transfers;
	unsigned int room;
	int alloc_errno;
	int queue_errno;
	unsigned int interrupts;
	unsigned int busy;
	bool busy_turns;
	bool kept;
	int64_t kept_until_ns;
	unsigned int in_use;
	unsigned int importers;
	bool streams;
	struct fpgabuf_stream_setup setup;
	int stream_errno;
	bool single_pages;
	bool away;
	unsigned int ahead;
	bool stopped;
	unsigned int errors;
	uint64_t capture_end;
	unsigned int pins;
	bool never;
	uint64_t most_captures;
	bool dmabufs;
	int (*ethtool)(void *command);
	uint64_t canceled_bytes;
	unsigned int empty_every;
	unsigned int short_every;
	unsigned int gap_every;
	unsigned int timeout_every;
	unsigned int fail_at;
	unsigned int fail_for;
	int fail_errno;
	uint64_t more_bytes;
	uint64_t more_cookie;
	uint32_t access;
	unsigned int refused;
	uint32_t timeout_ms;
	unsigned int queue_calls;
	uint64_t captures;
	uint64_t bytes;
	unsigned int most_queued;
	unsigned int bad_calls;
};

/* The device; set it up before it is opened. */
extern struct fake_device fake;

/* Back to a device that does everything right. */
void fake_reset(void);

/*
 * A DMA controller as boards have it: one capture at a time, each with a gap
 * before it, and not of whole pages.  In another process: the variable FAKE_PLAIN.
 */
void fake_plain(void);

#endif /* FPGABUF_UNIT_FAKE_DEVICE_H */
