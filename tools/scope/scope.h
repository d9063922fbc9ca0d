/* SPDX-License-Identifier: GPL-2.0-only */
/* The loop between the source and the pictures. */
#ifndef FPGABUF_SCOPE_SCOPE_H
#define FPGABUF_SCOPE_SCOPE_H

#include "common/source.h"
#include "common/stall.h"
#include "scope/figure.h"
#include "scope/options.h"
#include "scope/terminal.h"

/**
 * struct scope - state of the loop
 * @options: the command line
 * @source: where the captures come from
 * @setup: what is known of the samples
 * @live: pictures follow each other at the same place, until something ends that
 * @terminal: then: where
 * @looks: the samples of the last picture, and of the next
 * @last: which one is that of the last picture
 * @figure: the last picture
 * @begin_ns: when the loop began
 * @due_ns: if @live: when the next picture may begin
 * @at: bytes of a sample that the captures before have begun
 * @looked_at: captures that were looked at
 * @pictures: pictures that were shown
 * @sigfd: signalfd of the signals that end it
 * @interrupted: one has come
 * @done: nothing more is wanted
 * @stall: the wait for the next capture
 */
struct scope {
	const struct scope_options *options;
	struct source *source;
	struct figure_setup setup;
	bool live;
	struct terminal terminal;
	struct look looks[2];
	unsigned int last;
	struct figure figure;
	int64_t begin_ns;
	int64_t due_ns;
	size_t at;
	uint64_t looked_at;
	uint64_t pictures;
	int sigfd;
	bool interrupted;
	bool done;
	struct stall stall;
};

/* Shows pictures until the end: 0, or -1 after a message.  Then call scope_free(). */
int scope_run(struct scope *scope);
void scope_free(struct scope *scope);

/* What was looked at, for people */
void scope_status(const struct scope *scope, char *text, size_t room);

#endif /* FPGABUF_SCOPE_SCOPE_H */
