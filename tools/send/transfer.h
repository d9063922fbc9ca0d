/* SPDX-License-Identifier: GPL-2.0-only */
/* The loop between the capturing half and the socket. */
#ifndef FPGABUF_SEND_TRANSFER_H
#define FPGABUF_SEND_TRANSFER_H

#include <stdbool.h>

#include <fpgabuf/fpgabuf.h>

#include "common/progress.h"
#include "send/source.h"

/**
 * struct transfer - what the loop works on
 * @source: the capturing half
 * @sender: the sending half
 * @sock: the socket of @sender
 * @sigfd: signalfd of SIGINT and SIGTERM, which are blocked
 * @timeout_ms: patience with a peer that makes no progress at the end
 * @verbose: say what is going on
 * @progress: the progress line, started
 * @end_ns: set to when the peer had acknowledged everything
 */
struct transfer {
	struct source *source;
	struct fpgabuf_sender *sender;
	int sock;
	int sigfd;
	int timeout_ms;
	bool verbose;
	struct progress progress;
	int64_t end_ns;
};

/*
 * Captures and sends until all that was asked for has been acknowledged.
 * Returns 0, or -1 after having said what went wrong; what was captured before
 * that has been sent as far as possible.
 */
int transfer_run(struct transfer *transfer);

#endif /* FPGABUF_SEND_TRANSFER_H */
