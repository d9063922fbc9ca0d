// SPDX-License-Identifier: GPL-2.0-only
/*
 * receive-frames </dev/tcp/HOST/PORT >SAMPLES	(bash connects the socket)
 *
 * Receives a framed stream, writes the samples of all captures one after the
 * other, and reports where some are missing.  It needs neither device nor driver.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

static char buffer[1 << 20];

/* Reads all bytes, or the stream was cut off. */
static void read_all(void *data, size_t size)
{
	size_t have = 0;
	ssize_t n;

	while (have < size) {
		n = read(STDIN_FILENO, (char *)data + have, size - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err(1, "read");
		if (!n)
			errx(1, "the stream was cut off");
		have += n;
	}
}

static void write_all(const char *data, size_t size)
{
	ssize_t n;

	while (size) {
		n = write(STDOUT_FILENO, data, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err(1, "write");
		data += n;
		size -= n;
	}
}

/* A header may be longer; skip the fields that this program does not know. */
static void read_header(struct fpgabuf_frame *frame)
{
	uint8_t header[FPGABUF_FRAME_HEADER_MAX];
	int ret;

	read_all(header, FPGABUF_FRAME_HEADER_SIZE);
	ret = fpgabuf_frame_decode(header, frame);
	if (ret)
		errx(1, "not a framed stream: %s", strerror(-ret));
	read_all(header, frame->header_size - FPGABUF_FRAME_HEADER_SIZE);
}

/* Reports everything that a user of the samples must know. */
static void report(const struct fpgabuf_frame *frame, uint64_t next, bool first)
{
	if (!first && frame->sequence < next)
		errx(1, "capture %" PRIu64 " comes where %" PRIu64 " should",
		     frame->sequence, next);
	if (!first && frame->sequence > next)
		warnx("%" PRIu64 " captures, %" PRIu64 " bytes, were left out before capture %" PRIu64,
		      frame->sequence - next, frame->skipped, frame->sequence);
	if (frame->flags & FPGABUF_FRAME_GAP)
		warnx("capture %" PRIu64 ": samples may be missing before it",
		      frame->sequence);
	if (frame->flags & FPGABUF_FRAME_TIMEOUT)
		warnx("capture %" PRIu64 ": %" PRIu64 " bytes came in time",
		      frame->sequence, frame->length);
	else if (frame->flags & FPGABUF_FRAME_ERROR)
		warnx("capture %" PRIu64 " ended with an error after %" PRIu64 " bytes",
		      frame->sequence, frame->length);
}

static void copy(uint64_t length)
{
	size_t n;

	for (; length; length -= n) {
		n = length < sizeof(buffer) ? length : sizeof(buffer);
		read_all(buffer, n);
		write_all(buffer, n);
	}
}

int main(void)
{
	struct fpgabuf_frame frame;
	uint64_t next = 0;
	bool first = true;

	for (;;) {
		read_header(&frame);
		report(&frame, next, first);
		if (frame.flags & FPGABUF_FRAME_END)
			return 0;
		copy(frame.length);
		next = frame.sequence + 1;
		first = false;
	}
}
