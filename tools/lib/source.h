/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kinds of sources: ring, client and region.  Not exported by the shared library.
 */
#ifndef FPGABUF_LIB_SOURCE_H
#define FPGABUF_LIB_SOURCE_H

#include "lib/internal.h"

/**
 * struct fpgabuf_source_kind - functions of a kind of source
 * @limit: see fpgabuf_source_limit(); UINT64_MAX = no limit
 * @fill: see fpgabuf_source_fill()
 * @next: see fpgabuf_source_next()
 * @wait: see fpgabuf_source_wait()
 * @release: see fpgabuf_source_release()
 * @stop: see fpgabuf_source_stop()
 * @fd: see fpgabuf_source_fd()
 * @timeout_ms: see fpgabuf_source_timeout_ms()
 * @regions: see fpgabuf_source_regions()
 * @region: see fpgabuf_source_region()
 * @count: see fpgabuf_source_count(); counts that it does not set are 0
 * @reason: see fpgabuf_source_reason()
 * @why: see fpgabuf_source_why()
 * @destroy: see fpgabuf_source_destroy()
 */
struct fpgabuf_source_kind {
	void (*limit)(struct fpgabuf_source *source, uint64_t captures,
		      uint64_t bytes);
	int (*fill)(struct fpgabuf_source *source);
	int (*next)(struct fpgabuf_source *source,
		    struct fpgabuf_capture *capture);
	int (*wait)(struct fpgabuf_source *source,
		    struct fpgabuf_capture *capture, int timeout_ms);
	int (*release)(struct fpgabuf_source *source, uint32_t slot);
	int (*stop)(struct fpgabuf_source *source);
	int (*fd)(const struct fpgabuf_source *source);
	int (*timeout_ms)(struct fpgabuf_source *source);
	uint32_t (*regions)(const struct fpgabuf_source *source);
	struct fpgabuf_region *(*region)(const struct fpgabuf_source *source,
					 uint32_t slot);
	void (*count)(struct fpgabuf_source *source,
		      struct fpgabuf_source_counts *counts);
	enum fpgabuf_reason (*reason)(struct fpgabuf_source *source);
	const char *(*why)(struct fpgabuf_source *source);
	void (*destroy)(struct fpgabuf_source *source);
};

/* The beginning of every kind */
struct fpgabuf_source {
	const struct fpgabuf_source_kind *kind;
};

#endif /* FPGABUF_LIB_SOURCE_H */
