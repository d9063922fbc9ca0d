// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/message.h"
#include "recv/connection.h"
#include "recv/pattern.h"

/* After this many calls other peers get their turn. */
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
	c->inlet.fd = -1;
	c->sink = sink;
	framing_start(&c->framing);
	checker_start(&c->checker);
	c->clock = (struct hw_clock){
		.time = &options->sigmf.counter,
		.sample_rate = options->sigmf.sample_rate,
		.sample_size = options->metadata ?
			       sigmf_sample_size(options->sigmf.datatype) : 0,
	};
	return c;
}

void connection_free(struct connection *c)
{
	if (!c)
		return;
	if (c->inlet.fd >= 0)
		inlet_reset(&c->inlet);
	sink_free(c->sink);
	free(c);
}

void connection_start(struct connection *c, struct inlet inlet)
{
	c->inlet = inlet;
	c->start_ns = clock_ns();
	c->heard_ns = c->start_ns;
}

/* With many peers the message names the peer. */
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
	snprintf(c->error, sizeof(c->error), "%s", text);
	c->failed = true;
	return -1;
}

/* The sink has printed the error. */
static int sink_failed(struct connection *c)
{
	snprintf(c->error, sizeof(c->error), "%s", message_last());
	c->failed = true;
	return -1;
}

static void say_what_is_kept(const struct connection *c)
{
	const struct sink *s = c->sink;
	const char *how = c->options->keep_frames ? ", headers included" : "";

	if (!s->name)
		return;
	if (s->files > 1)
		message("%u files up to %s keep the first %" PRIu64 " bytes%s",
			s->files, s->name, s->written, how);
	else
		message("%s keeps the first %" PRIu64 " bytes%s", s->name,
			s->written, how);
}

static void send_receipt(const struct connection *c,
			 enum fpgabuf_frame_stored status)
{
	const struct fpgabuf_frame_receipt receipt = {
		.status = status,
		.captures = c->framing.captures,
		.bytes = c->bytes,
	};
	uint8_t bytes[FPGABUF_FRAME_RECEIPT_SIZE];

	fpgabuf_frame_encode_receipt(&receipt, bytes);
	inlet_say(&c->inlet, bytes, sizeof(bytes));
}

/* A reset tells the sender that something was wrong. */
static void hang_up(struct connection *c)
{
	if (c->promised)
		send_receipt(c, c->failed ? FPGABUF_FRAME_FAILED : FPGABUF_FRAME_STORED);
	if (c->promised || !c->failed)
		inlet_close(&c->inlet);
	else
		inlet_reset(&c->inlet);
}

/* Bytes that were lost before the file do not count. */
static void count_kept(struct connection *c)
{
	if (c->sink->name && !c->options->keep_frames &&
	    c->bytes > c->sink->written)
		c->bytes = c->sink->written;
}

static void end(struct connection *c)
{
	if (sink_finish(c->sink))
		sink_failed(c);
	if (c->failed)
		count_kept(c);
	hang_up(c);
	c->end_ns = clock_ns();
	if (c->failed)
		say_what_is_kept(c);
}

/* Nothing more is read, but the sink may still have data to write. */
static void finish(struct connection *c)
{
	c->over = true;
	if (!sink_waits(c->sink))
		end(c);
}

static size_t check_pattern(struct connection *c, const uint8_t *data,
			    size_t len)
{
	size_t good = checker_check(&c->checker, data, len);

	if (good == len)
		return len;
	if (c->checker.lost)
		complain(c, "the data after a gap at byte %" PRIu64 " do not continue the pattern",
			 c->bytes);
	else
		complain(c, "byte %" PRIu64 " is 0x%02x where the pattern has 0x%02x",
			 c->bytes + good, data[good],
			 pattern_byte(c->checker.position));
	return good;
}

static size_t check_length(struct connection *c, size_t more)
{
	uint64_t wanted = c->options->bytes;

	if (wanted - c->bytes >= more)
		return more;
	complain(c, "the stream is longer than %" PRIu64 " bytes", wanted);
	return wanted - c->bytes;
}

static int keep(struct connection *c, size_t len)
{
	if (sink_commit(c->sink, len))
		return sink_failed(c);
	c->bytes += len;
	return 0;
}

/* How many bytes are good; if not all are, a message says so. */
static size_t check(struct connection *c, const uint8_t *data, size_t len)
{
	size_t good = check_length(c, len);

	return c->options->verify ? check_pattern(c, data, good) : good;
}

/* A capture that is too short has none. */
static int count_frame(struct connection *c, const struct hw_word *word)
{
	const struct framing *f = &c->framing;
	const struct hw_capture capture = {
		.bytes = f->frame.length,
		.end_ns = f->frame.timestamp_ns,
		.gap = f->captures > 1 && framing_broken(f),
		.word = word,
	};
	struct hw_count count;

	hw_clock_next(&c->clock, &capture, &count);
	return sink_count(c->sink, &count) ? sink_failed(c) : 0;
}

/* Data of a frame: perhaps the counter is among them. */
static int hear_counter(struct connection *c, const uint8_t *data, size_t len)
{
	const struct framing *f = &c->framing;

	if (!hw_time_is_there(c->clock.time) ||
	    !hw_word_add(c->clock.time, &c->word, f->frame.length - f->left,
			 data, len))
		return 0;
	return count_frame(c, &c->word);
}

/* The counter comes later, unless there is no place for it. */
static int begin_counter(struct connection *c)
{
	const struct hw_time *time = c->clock.time;

	c->word.have = 0;
	if (!hw_time_is_there(time) ||
	    c->framing.frame.length >= time->offset + time->type.size)
		return 0;
	return count_frame(c, NULL);
}

/* Samples have come to the room of the sink. */
static int take_data(struct connection *c, const uint8_t *data, size_t len)
{
	size_t good = check(c, data, len);

	if (keep(c, good) || good < len)
		return -1;
	if (!c->options->framed)
		return 0;
	if (hear_counter(c, data, len))
		return -1;
	framing_data_got(&c->framing, len);
	return 0;
}

/* Hands the sink as much as it has room for. */
static int keep_header(struct connection *c)
{
	size_t size = c->framing.frame.header_size;
	ssize_t n;

	n = sink_append(c->sink, c->framing.header + size - c->header_left,
			c->header_left);
	if (n < 0)
		return sink_failed(c);
	c->header_left -= n;
	return 0;
}

/*
 * For the metadata.  How much is missing is known if only the sender has left it out.
 * Samples before the first capture are not missing.
 */
static int describe_frame(struct connection *c)
{
	const struct framing *f = &c->framing;
	const bool more = f->frame.flags & FPGABUF_FRAME_GAP;
	const struct sigmf_piece piece = {
		.bytes = f->frame.length,
		.end_ns = f->has_clock ?
			  f->frame.timestamp_ns + f->clock.utc_ns : 0,
		.gap = f->captures > 1 && framing_broken(f),
		.lost_bytes = more ? 0 : f->frame.skipped,
	};

	return sink_describe(c->sink, &piece) ? sink_failed(c) : 0;
}

/* A frame is never torn apart, with its header or without. */
static int cut_at_header(struct connection *c)
{
	const struct fpgabuf_frame *frame = &c->framing.frame;
	bool keep = c->options->keep_frames;
	uint64_t all = frame->length + (keep ? frame->header_size : 0);

	if (!all)
		return 0;
	if (sink_cut(c->sink, all))
		return sink_failed(c);
	if (frame->length && (describe_frame(c) || begin_counter(c)))
		return -1;
	if (keep)
		c->header_left = frame->header_size;
	return keep_header(c);
}

/* Who did not ask might close without reading it, which would be a reset. */
static bool wants_receipt(const struct framing *f)
{
	return f->ended &&
	       fpgabuf_frame_asks_receipt(f->header, f->frame.header_size);
}

static int begin_frame(struct connection *c)
{
	const struct framing *f = &c->framing;

	if (wants_receipt(f)) {
		send_receipt(c, FPGABUF_FRAME_PROMISED);
		c->promised = true;
	}
	if (framing_broken(f))
		checker_break(&c->checker, f->frame.skipped, f->captures == 1);
	return cut_at_header(c);
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

/* Of a raw stream; the next file may begin anywhere. */
static uint8_t *raw_room(struct connection *c, size_t *len)
{
	if (!sink_cut(c->sink, 1))
		return sink_room(c->sink, len);
	sink_failed(c);
	return NULL;
}

/* Of a capture, or of a header, if *@header says so. */
static uint8_t *framed_room(struct connection *c, size_t *len, bool *header)
{
	uint8_t *at;

	if (c->header_left && keep_header(c))
		return NULL;
	if (c->header_left) {
		*len = 0;
		return c->framing.header;
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

/*
 * Where the next bytes go; *@header: they are some of a header.  NULL: that has
 * failed.
 */
static uint8_t *next_room(struct connection *c, size_t *len, bool *header)
{
	*header = false;
	if (c->options->framed)
		return framed_room(c, len, header);
	return raw_room(c, len);
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
	if (!len)
		return 0;
	n = inlet_read(&c->inlet, at, len);
	if (n == -EAGAIN)
		return 0;
	if (n < 0)
		return complain(c, "the stream broke off after %" PRIu64 " bytes: %s",
				c->bytes, strerror(-n));
	if (!n) {
		end_of_stream(c);
		return -1;
	}
	c->heard_ns = clock_ns();
	stall_over(&c->stall);
	if (header)
		return take_header(c, n) ? -1 : 1;
	return take_data(c, at, n) ? -1 : 1;
}

/* A header takes no room of the sink, unless it is kept. */
bool connection_wants(const struct connection *c)
{
	size_t len;

	if (c->over || c->header_left)
		return false;
	if (c->options->framed && !c->framing.left)
		return true;
	sink_room(c->sink, &len);
	return len > 0;
}

void connection_receive(struct connection *c)
{
	int ret = 1, i;

	for (i = 0; i < CALLS_IN_A_ROW && ret > 0; i++)
		ret = receive_some(c);
	if (ret < 0)
		finish(c);
}

void connection_push(struct connection *c)
{
	int err = sink_tick(c->sink);

	if (!err)
		err = sink_push(c->sink);
	if (!err && c->header_left)
		err = keep_header(c);
	if (err)
		sink_failed(c);
	if (err || (c->over && !sink_waits(c->sink)))
		end(c);
}

void connection_watch(struct connection *c)
{
	if (!connection_wants(c)) {
		stall_over(&c->stall);
		return;
	}
	if (!stall_waits(&c->stall) || c->options->quiet)
		return;
	inform("connection %u from %s: no data come after %" PRIu64 " bytes: waiting for them",
	       c->number, c->peer, c->bytes);
	remedy("is the sender still capturing?  See its messages");
}

int64_t connection_idle_since(const struct connection *c, const char **why)
{
	if (connection_wants(c)) {
		*why = strerror(ETIMEDOUT);
		return c->heard_ns;
	}
	*why = "nobody reads what is written";
	return c->sink->moved_ns;
}

void connection_stop(struct connection *c, const char *why)
{
	complain(c, "the stream broke off after %" PRIu64 " bytes: %s",
		 c->bytes, why);
	finish(c);
}

/* A stream that has come to its end may still wait for a reader. */
void connection_break(struct connection *c, const char *why)
{
	if (!c->over)
		complain(c, "the stream broke off after %" PRIu64 " bytes: %s",
			 c->bytes, why);
	end(c);
}
