// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "recv/connection.h"
#include "recv/pattern.h"

/* Other peers get their turn after so many calls. */
#define CALLS_IN_A_ROW	16

struct connection *connection_new(const struct recv_options *options,
				  unsigned int number, struct sink *sink)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c) {
		message("out of memory");
		return NULL;
	}
	c->options = options;
	c->number = number;
	c->sock = -1;
	c->sink = sink;
	framing_start(&c->framing);
	checker_start(&c->checker);
	return c;
}

void connection_free(struct connection *c)
{
	if (!c)
		return;
	if (c->sock >= 0)
		close(c->sock);
	sink_free(c->sink);
	free(c);
}

void connection_start(struct connection *c, int sock)
{
	c->sock = sock;
	c->start_ns = clock_ns();
	c->heard_ns = c->start_ns;
}

/* With many peers one wants to know which. */
static int __attribute__((format(printf, 2, 3)))
complain(struct connection *c, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (c->options->connections == 1)
		message("%s", text);
	else
		message("connection %u from %s: %s", c->number, c->peer, text);
	c->failed = true;
	return -1;
}

static void say_what_is_kept(const struct connection *c)
{
	const struct sink *s = c->sink;

	if (!s->name)
		return;
	if (s->files > 1)
		message("%u files up to %s keep the first %" PRIu64 " bytes",
			s->files, s->name, s->written);
	else
		message("%s keeps the first %" PRIu64 " bytes", s->name,
			s->written);
}

static void end(struct connection *c)
{
	if (sink_finish(c->sink))
		c->failed = true;
	close(c->sock);
	c->sock = -1;
	c->end_ns = clock_ns();
	if (c->failed)
		say_what_is_kept(c);
}

static int check_pattern(struct connection *c, const uint8_t *data, size_t len)
{
	size_t good = checker_check(&c->checker, data, len);

	if (good == len)
		return 0;
	if (c->checker.lost)
		return complain(c, "what begins after a gap at byte %" PRIu64 " does not go on with the pattern",
				c->bytes);
	return complain(c, "byte %" PRIu64 " is 0x%02x where the pattern has 0x%02x",
			c->bytes + good, data[good],
			pattern_byte(c->checker.position));
}

static int check_length(struct connection *c, size_t more)
{
	uint64_t wanted = c->options->bytes;

	if (wanted - c->bytes >= more)
		return 0;
	return complain(c, "the stream is longer than %" PRIu64 " bytes",
			wanted);
}

/* Samples have come to the room of the sink. */
static int take_data(struct connection *c, const uint8_t *data, size_t len)
{
	if (check_length(c, len))
		return -1;
	if (c->options->verify && check_pattern(c, data, len))
		return -1;
	if (sink_commit(c->sink, len)) {
		c->failed = true;
		return -1;
	}
	c->bytes += len;
	if (c->options->framed)
		framing_data_got(&c->framing, len);
	return 0;
}

/* A frame is never torn apart, with its header or without. */
static int keep_header(struct connection *c)
{
	const struct frame *frame = &c->framing.frame;
	bool keep = c->options->keep_frames;
	uint64_t all = frame->length + (keep ? frame->header_size : 0);

	if (!all)
		return 0;
	if (!sink_cut(c->sink, all) &&
	    (!keep ||
	     !sink_append(c->sink, c->framing.header, frame->header_size)))
		return 0;
	c->failed = true;
	return -1;
}

static int begin_frame(struct connection *c)
{
	const struct framing *f = &c->framing;

	if (framing_broken(f))
		checker_break(&c->checker, f->frame.skipped, f->captures == 1);
	return keep_header(c);
}

static int take_header(struct connection *c, size_t len)
{
	int ret = framing_header_got(&c->framing, len);

	if (ret < 0)
		return complain(c, "%s", c->framing.error);
	return ret ? begin_frame(c) : 0;
}

static int end_of_stream(struct connection *c)
{
	uint64_t wanted = c->options->bytes;

	if (c->options->framed && framing_finish(&c->framing))
		return complain(c, "%s", c->framing.error);
	if (wanted != ANY_LENGTH && c->bytes < wanted)
		return complain(c, "the stream has %" PRIu64 " bytes instead of %" PRIu64,
				c->bytes, wanted);
	return 0;
}

/* Where the next bytes go; *@header: they are some of a header. */
static uint8_t *next_room(struct connection *c, size_t *len, bool *header)
{
	uint8_t *at;

	*header = false;
	if (!c->options->framed) {
		if (!sink_cut(c->sink, 1))
			return sink_room(c->sink, len);
		c->failed = true;
		return NULL;
	}
	*len = framing_header_room(&c->framing, &at);
	*header = *len > 0;
	if (*header)
		return at;
	at = sink_room(c->sink, len);
	if (*len > c->framing.left)
		*len = c->framing.left;
	return at;
}

/* 1: there may be more; 0: not now; -1: it is over, in whatever way. */
static int receive_some(struct connection *c)
{
	bool header;
	uint8_t *at;
	size_t len;
	ssize_t n;

	at = next_room(c, &len, &header);
	if (!at)
		return -1;
	n = recv(c->sock, at, len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return complain(c, "the stream broke off after %" PRIu64 " bytes: %s",
				c->bytes, strerror(errno));
	if (!n) {
		end_of_stream(c);
		return -1;
	}
	c->heard_ns = clock_ns();
	if (header)
		return take_header(c, n) ? -1 : 1;
	return take_data(c, at, n) ? -1 : 1;
}

void connection_receive(struct connection *c)
{
	int ret = 1, i;

	for (i = 0; i < CALLS_IN_A_ROW && ret > 0; i++)
		ret = receive_some(c);
	if (ret < 0)
		end(c);
}

void connection_break(struct connection *c, const char *why)
{
	complain(c, "the stream broke off after %" PRIu64 " bytes: %s",
		 c->bytes, why);
	end(c);
}
