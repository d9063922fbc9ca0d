/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes a stream from a socket to where it belongs, checking it on the way. */
#ifndef FPGABUF_RECV_RECEIVE_H
#define FPGABUF_RECV_RECEIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/progress.h"

/**
 * struct stream - a stream on its way
 * @sock: non-blocking socket it comes from
 * @out: descriptor it goes to, or -1
 * @out_name: what @out is called, for messages
 * @bytes_wanted: length it must have, or %ANY_LENGTH
 * @timeout_ms: patience between bytes; -1 = for ever
 * @verify: it must be the pattern
 * @progress: the progress line, started
 * @bytes: bytes that were received and are good, and written if they are to be
 */
struct stream {
	int sock;
	int out;
	const char *out_name;
	uint64_t bytes_wanted;
	int timeout_ms;
	bool verify;
	struct progress progress;
	uint64_t bytes;
};

/* Waits until @fd is readable: 0, or -ETIMEDOUT, or another negative errno. */
int wait_readable(int fd, int timeout_ms);

/* Takes it to its end.  Returns 0, or -1 after having said what is wrong. */
int stream_receive(struct stream *stream);

#endif /* FPGABUF_RECV_RECEIVE_H */
