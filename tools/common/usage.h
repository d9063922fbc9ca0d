/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tools say to a command line that they cannot use. */
#ifndef FPGABUF_COMMON_USAGE_H
#define FPGABUF_COMMON_USAGE_H

#include <getopt.h>

/* To be called when what is wrong has been said.  Returns EXIT_USAGE. */
int usage_error(void);

/*
 * The value of an option, which is in optarg, is of no use: @err is -ERANGE if it
 * is a number out of range, -ENOENT if it names nobody.  @option is the val of
 * one of @options.
 */
int usage_bad_value(const struct option *options, int option, int err);

#endif /* FPGABUF_COMMON_USAGE_H */
