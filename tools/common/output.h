/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing to a descriptor whose reader may stall, or that other programs use too
 *
 * Standard output and standard error are shared with the program that started this
 * one: O_NONBLOCK would affect it as well.  So a pipe or a terminal is opened once
 * more, only for this program.
 */
#ifndef FPGABUF_COMMON_OUTPUT_H
#define FPGABUF_COMMON_OUTPUT_H

#include <stddef.h>
#include <sys/types.h>

/**
 * enum output_kind - how to write without waiting
 * @OUTPUT_FILE: as usual: a file, a disk or a device has no reader
 * @OUTPUT_OWN: as usual: it does not block
 * @OUTPUT_SOCKET: by send(), which can be told not to wait
 * @OUTPUT_SHARED: as much as poll() promises that there is room for
 */
enum output_kind { OUTPUT_FILE, OUTPUT_OWN, OUTPUT_SOCKET, OUTPUT_SHARED };

/**
 * struct output - where to write
 * @fd: the descriptor to write to, and to poll; -1 if there is none
 * @given: the descriptor it was made from; the same, or it stays open beside it
 * @kind: how to write
 */
struct output {
	int fd;
	int given;
	enum output_kind kind;
};

/* Takes over @fd, which must be open for writing.  Cannot fail. */
void output_take(struct output *output, int fd);

/* Closes it, and returns what close() does. */
int output_close(struct output *output);

/*
 * Writes some of it, without waiting for a reader.  Returns how much was taken,
 * 1 byte at least, or a negative errno: -EAGAIN when the reader has to read first.
 */
ssize_t output_write(const struct output *output, const void *data,
		     size_t len);

/* Waits until there is room; 0, -EAGAIN after @timeout_ms, or -EINTR. */
int output_wait(const struct output *output, int timeout_ms);

#endif /* FPGABUF_COMMON_OUTPUT_H */
