/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - the mark that tells whether a capture reached its end
 */
#ifndef FPGABUF_MARK_H
#define FPGABUF_MARK_H

#include <linux/types.h>

struct device;
struct fpgabuf_span;

/**
 * struct fpgabuf_mark - bytes at the end of a capture, written before it starts
 * @put: random bytes; if they are still there, the FPGA did not reach this place
 * @had: the old bytes, for each segment; NULL if the channel tells how much came
 * @last: this many bytes at the end of a segment must have changed
 *
 * Belongs to a capture, which serialises the calls.
 */
struct fpgabuf_mark {
	u64 put;
	u64 *had;
	u32 last;
};

int fpgabuf_mark_init(struct fpgabuf_mark *mark, unsigned int segments,
		      u32 alignment);
void fpgabuf_mark_exit(struct fpgabuf_mark *mark);
void fpgabuf_mark_put(struct device *dev, const struct fpgabuf_span *span,
		      u32 length, struct fpgabuf_mark *mark);
void fpgabuf_mark_undo(struct device *dev, const struct fpgabuf_span *span,
		       u32 length, const struct fpgabuf_mark *mark);
bool fpgabuf_mark_untouched(const struct fpgabuf_span *span, u32 length,
			    const struct fpgabuf_mark *mark);

#endif /* FPGABUF_MARK_H */
