/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the captures come from
 *
 * Each is in a slot, which is taken until it is released.  A kind of source opens the
 * device, the server or the dma-buf, and prints messages; the library does the rest.
 * Functions that fail have printed why when they return.
 */
#ifndef FPGABUF_COMMON_SOURCE_H
#define FPGABUF_COMMON_SOURCE_H

#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "common/capturing.h"
#include "common/controller.h"

/* No limit, for a number of bytes or captures. */
#define UNLIMITED	UINT64_MAX

struct peer;
struct registered;
struct sigmf_recording;
struct source;

/**
 * struct source_setup - what to open
 * @device: path of the device to capture from
 * @share: socket of an fpgabuf-share
 * @replay: name of a recording
 * @plain: @replay has no metadata: the type of its samples; or NULL
 * @fd: a dma-buf
 * @region_size: bytes of a region, 0 for the usual
 * @regions: number of regions; of a share the most that are held at once, 0 for
 *	what the server gives
 * @bytes: bytes to take in all, or %UNLIMITED
 * @captures: captures to take in all, or %UNLIMITED
 * @slices: captures that are short may share a region
 * @quiet: say nothing but errors
 * @verbose: report regions that are smaller than usual
 */
struct source_setup {
	const char *device;
	const char *share;
	const char *replay;
	const char *plain;
	int fd;
	uint64_t region_size;
	uint64_t regions;
	uint64_t bytes;
	uint64_t captures;
	bool slices;
	bool quiet;
	bool verbose;
};

/**
 * struct source_kind - functions of a kind of source
 * @size: bytes of its structure, which begins with &struct source
 * @open: opens the rest of it, all 0; 0 or a negative errno
 * @fail: says why a call has failed with an error.  Returns that, or 0 if it ends the
 *	source and is no failure
 * @close: releases what @open has opened, even if it failed
 * @pump: sends by itself, to the only peer, as much as goes at once, and keeps @ended,
 *	@fd, @starved and @again of the source up to date; a negative errno is the end.  Such
 *	a kind has no @from, and no captures to take.  NULL for the others
 * @count: of a kind that pumps: brings the counts of the source up to date
 * @utc_ns: of a kind whose captures are older than their timestamps say: CLOCK_REALTIME
 *	of the end of the one in a slot, or 0: not known.  NULL for the others
 */
struct source_kind {
	size_t size;
	int (*open)(struct source *source, const struct source_setup *setup);
	int (*fail)(struct source *source, int err);
	void (*close)(struct source *source);
	int (*pump)(struct source *source, struct peer *peer);
	void (*count)(struct source *source);
	int64_t (*utc_ns)(const struct source *source, unsigned int slot);
};

/**
 * struct source - the common part of all kinds
 * @kind: its functions
 * @from: the captures; belongs to the source
 * @capturing: the device that this program captures from, which reports what goes
 *	wrong; or NULL
 * @name: for messages
 * @silence: the remedy when nothing comes
 * @slot_count: how many slots
 * @capacity: how many of them can be taken at once
 * @backend: one of enum fpgabuf_backend, 0 if the slots differ, or
 *	%BACKEND_UNKNOWN
 * @region_size: bytes of every slot
 * @fixed: the memory of the only slot, if nobody will capture into it, and it
 *	is mapped for writing; or NULL
 * @registered: the memory of all slots as RDMA devices know it, or NULL
 * @stopping: no further capture is wanted
 * @ended: no further capture can come
 * @fd: of a kind that pumps: what it waits for, or -1
 * @starved: of a kind that pumps: that is the device
 * @again: of a kind that pumps: it has more to do at once
 * @due_ns: of a kind that pumps: when it has to look at something, or 0
 * @bytes_wanted: bytes to take in all, or %UNLIMITED
 * @captures_wanted: captures to take in all, or %UNLIMITED
 * @counts: counts of captures
 * @gaps_worth: whether the number of gaps is exact
 */
struct source {
	const struct source_kind *kind;
	struct fpgabuf_source *from;
	struct capturing *capturing;
	const char *name;
	const char *silence;
	unsigned int slot_count;
	unsigned int capacity;
	uint32_t backend;
	uint64_t region_size;
	void *fixed;
	struct registered *registered;
	bool stopping;
	bool ended;
	int fd;
	bool starved;
	bool again;
	int64_t due_ns;
	uint64_t bytes_wanted;
	uint64_t captures_wanted;
	struct fpgabuf_source_counts counts;
	enum gaps_worth gaps_worth;
};

#define BACKEND_UNKNOWN	UINT32_MAX

/* How many captures of a device may share a region: there are at least 8 regions. */
unsigned int source_slices(const struct source_setup *setup);

/* Opens a source of a kind; NULL after a message. */
struct source *source_open(const struct source_kind *kind,
			   const struct source_setup *setup);
void source_close(struct source *source);

/* The kinds that all tools have */
extern const struct source_kind source_device;
extern const struct source_kind source_share;
extern const struct source_kind source_replay;

/* What the metadata of a source_replay say, valid until it is closed; or NULL */
const struct sigmf_recording *source_recording(const struct source *source);

/* For the kinds: @from has been made, or not because of @err. */
int source_begin(struct source *source, int err);

/* Goes on with capturing; call it before each wait. */
int source_fill(struct source *source);

/*
 * Takes the oldest finished capture that has bytes: 1, or 0 if there is none at the
 * moment, or a negative errno.  Its sequence is its number in the stream.
 */
int source_take(struct source *source, struct fpgabuf_capture *capture);

/* Releases a slot, because nobody uses its bytes any more. */
void source_release(struct source *source, unsigned int slot);

/* Ends the capture; captures that have come can still be taken. */
int source_stop(struct source *source);

/* Brings the counts up to date. */
void source_count(struct source *source);

/* Nothing more will come. */
bool source_finished(const struct source *source);

/* Is the source the only reason why no capture comes? */
bool source_waits(const struct source *source);

/* Readable when source_take() has something; -1 = there is nothing to wait for. */
int source_fd(const struct source *source);

/* When to call source_fill() although nothing happened, or 0. */
int64_t source_retry_ns(const struct source *source);

/* A signal, or the device, may have ended it before it had what was wanted. */
bool source_complete(const struct source *source);

/* Says how far it came, if it is not complete. */
void source_explain_incomplete(const struct source *source);

#endif /* FPGABUF_COMMON_SOURCE_H */
