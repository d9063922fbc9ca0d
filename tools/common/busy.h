/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A region that QUEUE refuses as busy: when to try again, and why it is
 *
 * A page can be in use for a moment after its completion: the kernel reports
 * first and drops the reference of the packet later.  No event tells when.  Or the
 * DMA channel still has the region, although its capture has ended.
 */
#ifndef FPGABUF_COMMON_BUSY_H
#define FPGABUF_COMMON_BUSY_H

#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

/**
 * struct busy - how long, and how often
 * @since_ns: first refusal; 0 = it is not busy
 * @retry_ns: when to try again, or 0
 * @pause_ns: how long the last pause was
 * @told: it has been said that the channel has it
 */
struct busy {
	int64_t since_ns;
	int64_t retry_ns;
	int64_t pause_ns;
	bool told;
};

/**
 * struct busy_region - which region it is
 * @name: of the device, for messages
 * @device: the device
 * @info: what it is
 * @region: the region
 */
struct busy_region {
	const char *name;
	struct fpgabuf_device *device;
	const struct fpgabuf_info *info;
	const struct fpgabuf_region *region;
};

enum busy_reason { BUSY_IN_USE, BUSY_KEPT, BUSY_STUCK };

/*
 * QUEUE has refused a region whose last capture was dequeued once more.  Says after
 * 2 s if the channel has it: until the FPGA goes on (BUSY_KEPT), which may be never,
 * or until the next boot (BUSY_STUCK).
 */
enum busy_reason busy_again(struct busy *busy,
			    const struct busy_region *region);

/* For so long it has been busy; 0 if it is not. */
int64_t busy_ns(const struct busy *busy);

#endif /* FPGABUF_COMMON_BUSY_H */
