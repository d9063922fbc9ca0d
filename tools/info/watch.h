/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_INFO_WATCH_H
#define FPGABUF_INFO_WATCH_H

#include "info/options.h"
#include "info/places.h"

/*
 * Shows a snapshot again and again, until SIGINT or SIGTERM.  Returns the exit code.
 */
int watch_run(const struct info_options *options, const struct places *places);

#endif /* FPGABUF_INFO_WATCH_H */
