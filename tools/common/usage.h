/* SPDX-License-Identifier: GPL-2.0-only */
/* The help of the tools, and errors of the command line. */
#ifndef FPGABUF_COMMON_USAGE_H
#define FPGABUF_COMMON_USAGE_H

#include <getopt.h>

#include "common/endpoint.h"

/* Prints a text that the user asked for, such as the help.  Returns the exit code. */
int usage_show(const char *text);

/* Call it after message() has named the error.  Returns EXIT_USAGE. */
int usage_error(void);

/* The same, with the message. */
int usage_wrong(const char *what);

/*
 * The value of an option, in optarg, is invalid: @err is -ERANGE if it is a number out
 * of range, -ENOENT if there is no such user or group.  The parser has passed the
 * valid form to parse_wants().  @option is the val of one of @options.
 */
int usage_bad_value(const struct option *options, int option, int err);

/* @text is not of @form, nor unix:PATH. */
int usage_bad_endpoint(const char *text, const char *form);

/* @text is a link-local address without its interface. */
int usage_no_scope(const char *text, const struct endpoint *endpoint);

#endif /* FPGABUF_COMMON_USAGE_H */
