// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "recv/options.h"
#include "recv/pattern.h"
#include "recv/receive.h"

#define BUFFER_SIZE	((size_t)1 << 20)

int wait_readable(int fd, int timeout_ms)
{
	int64_t deadline = clock_ns() + timeout_ms * NS_PER_MS;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, timeout_ms < 0 ? -1 : clock_left_ms(deadline));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n ? 0 : -ETIMEDOUT;
}

/* Bytes received, 0 at the end of the stream, or a negative errno. */
static ssize_t receive_some(const struct stream *s, uint8_t *buffer)
{
	ssize_t n;
	int err;

	for (;;) {
		n = recv(s->sock, buffer, BUFFER_SIZE, 0);
		if (n >= 0)
			return n;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		err = wait_readable(s->sock, s->timeout_ms);
		if (err)
			return err;
	}
}

/* Writes all; counts what was written even if the rest was not. */
static int write_all(struct stream *s, const uint8_t *data, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = write(s->out, data + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			message("cannot write %s: %s", s->out_name,
				strerror(errno));
			return -1;
		}
		done += n;
		s->bytes += n;
	}
	return 0;
}

static int check_pattern(const struct stream *s, const uint8_t *data,
			 size_t len)
{
	size_t good = pattern_check(data, len, s->bytes);

	if (good == len)
		return 0;
	message("byte %" PRIu64 " is 0x%02x where the pattern has 0x%02x",
		s->bytes + good, data[good], pattern_byte(s->bytes + good));
	return -1;
}

static int check_too_long(const struct stream *s, size_t more)
{
	if (s->bytes_wanted - s->bytes >= more)
		return 0;
	message("the stream is longer than %" PRIu64 " bytes",
		s->bytes_wanted);
	return -1;
}

static int accept_data(struct stream *s, const uint8_t *data, size_t len)
{
	if (check_too_long(s, len))
		return -1;
	if (s->verify && check_pattern(s, data, len))
		return -1;
	if (s->out >= 0)
		return write_all(s, data, len);
	s->bytes += len;
	return 0;
}

static int end_of_stream(const struct stream *s, int err)
{
	if (err) {
		message("the stream broke off after %" PRIu64 " bytes: %s",
			s->bytes, strerror(-err));
		return -1;
	}
	if (s->bytes_wanted != ANY_LENGTH && s->bytes < s->bytes_wanted) {
		message("the stream has %" PRIu64 " bytes instead of %" PRIu64,
			s->bytes, s->bytes_wanted);
		return -1;
	}
	return 0;
}

static int receive_with(struct stream *s, uint8_t *buffer)
{
	ssize_t n;

	while ((n = receive_some(s, buffer)) > 0) {
		if (accept_data(s, buffer, n))
			return -1;
		progress_update(&s->progress, s->bytes);
	}
	return end_of_stream(s, n);
}

int stream_receive(struct stream *stream)
{
	uint8_t *buffer = malloc(BUFFER_SIZE);
	int ret;

	if (!buffer) {
		message("out of memory");
		return -1;
	}
	ret = receive_with(stream, buffer);
	free(buffer);
	progress_end(&stream->progress);
	return ret;
}
