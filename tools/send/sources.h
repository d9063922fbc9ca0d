/* SPDX-License-Identifier: GPL-2.0-only */
/* The sources that fpgabuf-send can send: those of common/source.h, and two more. */
#ifndef FPGABUF_SEND_SOURCES_H
#define FPGABUF_SEND_SOURCES_H

#include "common/source.h"
#include "send/options.h"

/* Opens the source that the options name; NULL after a message. */
struct source *send_source_open(const struct send_options *options);

/* The kinds that only fpgabuf-send has */
extern const struct source_kind source_dmabuf;
extern const struct source_kind source_stream;
/* The same if that is the best; if not, it says nothing but with --verbose */
extern const struct source_kind source_stream_auto;

#endif /* FPGABUF_SEND_SOURCES_H */
