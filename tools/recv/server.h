/* SPDX-License-Identifier: GPL-2.0-only */
/* The loop that serves all peers. */
#ifndef FPGABUF_RECV_SERVER_H
#define FPGABUF_RECV_SERVER_H

#include "recv/options.h"

/*
 * Listens, takes as many connections as the options say, and reports each.
 * SIGINT, SIGTERM and SIGHUP end it.  Returns the exit code.
 */
int server_run(const struct recv_options *options);

#endif /* FPGABUF_RECV_SERVER_H */
