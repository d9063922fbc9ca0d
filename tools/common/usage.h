/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tools say of their command line, and to one that they cannot use. */
#ifndef FPGABUF_COMMON_USAGE_H
#define FPGABUF_COMMON_USAGE_H

#include <getopt.h>

#include "common/endpoint.h"

/* Prints what was asked for, as the help is.  Returns the exit code. */
int usage_show(const char *text);

/* To be called when what is wrong has been said.  Returns EXIT_USAGE. */
int usage_error(void);

/*
 * The value of an option, which is in optarg, is of no use: @err is -ERANGE if it
 * is a number out of range, -ENOENT if it names nobody.  Its parser, one of
 * size.h or one that calls parse_wants(), has said what is right.  @option is the
 * val of one of @options.
 */
int usage_bad_value(const struct option *options, int option, int err);

/* @text is not of @form, nor unix:PATH. */
int usage_bad_endpoint(const char *text, const char *form);

/* @text is a link-local address without its interface. */
int usage_no_scope(const char *text, const struct endpoint *endpoint);

#endif /* FPGABUF_COMMON_USAGE_H */
