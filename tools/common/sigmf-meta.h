/* SPDX-License-Identifier: GPL-2.0-only */
/* The metadata of a recording, as a text: what the samples are, and where gaps are */
#ifndef FPGABUF_COMMON_SIGMF_META_H
#define FPGABUF_COMMON_SIGMF_META_H

#include "common/sigmf-read.h"

/* Room for the reason why a text is refused */
#define SIGMF_META_WHY	256

/*
 * Fills in all of @recording but the name of the data.  Returns 0, or a negative errno
 * with the reason in @why, which has %SIGMF_META_WHY bytes; then there is nothing to
 * free.
 */
int sigmf_meta_parse(const char *text, size_t len,
		     struct sigmf_recording *recording, char *why);

#endif /* FPGABUF_COMMON_SIGMF_META_H */
