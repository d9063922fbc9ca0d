/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether --engine auto takes splice
 *
 * It does where splice is the cheapest, and does all that the other engines do.  Each
 * function returns why it does not, without a capital and a full stop, or NULL.
 */
#ifndef FPGABUF_SEND_CHOICE_H
#define FPGABUF_SEND_CHOICE_H

#include "common/source.h"
#include "send/options.h"

/* Because of what is asked for */
const char *choice_by_options(const struct send_options *options);

/* Because of the DMA controller, and of what is asked of it */
const char *choice_by_device(const struct source_setup *setup,
			     const struct fpgabuf_info *info);

/* Because of the kernel, which hands over page by page: measured for 4 to 256 KiB */
const char *choice_by_kernel(const struct source_setup *setup,
			     const struct fpgabuf_info *info,
			     const char *release);

/* Because of the memory of a region of that size */
const char *choice_by_memory(uint64_t region_size, uint32_t backend);

/* Because of the way to the peer; the text is in @room */
const char *choice_by_route(const struct endpoint *peer, char *room,
			    size_t size);

/* Says with --verbose that it is not taken. */
void choice_tell(const char *why, bool verbose);

#endif /* FPGABUF_SEND_CHOICE_H */
