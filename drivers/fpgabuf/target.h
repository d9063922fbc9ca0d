/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - a region that captures go to
 */
#ifndef FPGABUF_TARGET_H
#define FPGABUF_TARGET_H

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/types.h>

#include "channel.h"
#include "dmabuf.h"
#include "mapping.h"
#include "mark.h"

struct dma_fence;
struct fpgabuf_stream;
struct fpgabuf_target;

/* Captures that a queue can have, and so one region */
#define FPGABUF_MAX_QUEUED	256

/**
 * struct fpgabuf_result - the result of a capture
 * @bytes: bytes that arrived
 * @status: FPGABUF_CAPTURE_* bits
 * @error: 0 or negative errno
 * @sequence: number on the device
 * @timestamp: CLOCK_MONOTONIC of the completion
 */
struct fpgabuf_result {
	u32 bytes;
	u32 status;
	int error;
	u64 sequence;
	ktime_t timestamp;
};

/**
 * struct fpgabuf_capture - a turn in the queue, of a region or of a slice of it
 * @target: the region
 * @node: in &fpgabuf_captures.queued or &fpgabuf_captures.done
 * @ended: the channel has finished it; the states are in capture.c
 * @transfer: its transfer.  If that could not be stopped it
 *	outlives the turn, and keeps the region
 * @mark: the mark in its memory
 * @span: where its memory begins in the mapping
 * @offset: where its memory begins in the region, in bytes
 * @length: bytes asked for
 * @result: its result, which DEQUEUE reads after taking the capture
 *
 * &fpgabuf_captures.lock guards @node, @ended and @result; the caller that has claimed
 * the region sets the rest under &fpgabuf_stream.lock.
 */
struct fpgabuf_capture {
	struct fpgabuf_target *target;
	struct list_head node;
	bool ended;
	struct fpgabuf_transfer transfer;
	struct fpgabuf_mark mark;
	struct fpgabuf_span span;
	u32 offset;
	u32 length;
	struct fpgabuf_result result;
};

/**
 * struct fpgabuf_target - a region that captures go to
 * @buffer: the region
 * @stream: the stream of its device; a reference is held
 * @cookie: the number from the user
 * @deadline: CLOCK_MONOTONIC of the timeout
 * @fence: signalled when all its captures are done; a reference is held until then
 * @error: of the first capture that has one
 * @unfinished: captures that are not DONE
 * @untaken: captures that are not IDLE again
 * @slice: bytes that the captures are made for, 0 = the region
 * @nr: length of @captures
 * @captures: its captures, in order, each behind the other
 *
 * Goes with its dma-buf, on which it holds a reference while @untaken is not 0.
 * &fpgabuf_captures.lock guards @error, @unfinished and @untaken; the caller that has
 * claimed the region sets the rest.
 */
struct fpgabuf_target {
	struct fpgabuf_buffer buffer;
	struct fpgabuf_stream *stream;
	u64 cookie;
	ktime_t deadline;
	struct dma_fence *fence;
	int error;
	unsigned int unfinished;
	unsigned int untaken;
	u32 slice;
	unsigned int nr;
	struct fpgabuf_capture *captures;
};

int fpgabuf_target_cut(struct fpgabuf_target *target,
		       const struct fpgabuf_channel *channel, u32 slice);
void fpgabuf_target_exit(struct fpgabuf_target *target);

#endif /* FPGABUF_TARGET_H */
