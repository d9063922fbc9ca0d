// SPDX-License-Identifier: GPL-2.0-only
/*
 * The source that is a stream of bytes: device, pipe and socket
 *
 * References to the captured pages go from the device into a pipe, and from there into
 * the socket.  Nothing is mapped, pinned or copied, and nobody tells when the network
 * has let go: the driver sees that, and captures into the regions again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/explain.h"
#include "common/message.h"
#include "common/stall.h"
#include "send/peer.h"
#include "send/sources.h"

/* What a pipe can be made to hold without privileges */
#define PIPE_ROOM		((size_t)1 << 20)

/* Then there may be something else to do. */
#define TURN			(4 * PIPE_ROOM)

/**
 * struct stream - the device, and the pipe
 * @source: what every source has
 * @device: the device
 * @info: its limits
 * @pipe: the two ends, or -1
 * @waiting: bytes in it
 */
struct stream {
	struct source source;
	struct fpgabuf_device *device;
	struct fpgabuf_info info;
	int pipe[2];
	size_t waiting;
};

static struct stream *stream_of(struct source *source)
{
	return (struct stream *)source;
}

/* Return: how many bytes, or a negative errno. */
static ssize_t move(int from, int to, size_t size)
{
	ssize_t n = splice(from, NULL, to, NULL, size, SPLICE_F_NONBLOCK);

	return n < 0 ? -errno : n;
}

static void update_counts(struct stream *s)
{
	struct fpgabuf_source_counts *counts = &s->source.counts;
	struct fpgabuf_stream_info info;

	if (fpgabuf_device_stream_info(s->device, 0, &info))
		return;
	counts->captures = info.captures;
	counts->gaps = info.gaps;
	counts->partial = info.partial;
	counts->timeouts = info.timeouts;
	counts->failures = info.errors;
}

static void end(struct stream *s)
{
	s->source.ended = true;
	update_counts(s);
}

static int fail(struct stream *s, int err)
{
	message("cannot read from %s: %s", s->source.name, strerror(-err));
	if (err == -ENODEV)
		remedy("the device was removed, or its driver unbound: see `dmesg`");
	else if (err == -EIO)
		remedy("the DMA controller refuses to capture: see `dmesg`");
	end(s);
	return err;
}

/* From the device; nothing comes if nothing is wanted any more. */
static int take(struct stream *s)
{
	const uint64_t left = s->source.bytes_wanted - s->source.counts.bytes;
	ssize_t n;

	if (s->source.stopping || !left) {
		end(s);
		return 0;
	}
	n = move(fpgabuf_device_fd(s->device), s->pipe[1],
		 left < PIPE_ROOM ? left : PIPE_ROOM);
	s->source.starved = n == -EAGAIN;
	s->source.fd = s->source.starved ? fpgabuf_device_fd(s->device) : -1;
	if (n == -EAGAIN || n == -EINTR)
		return 0;
	if (n < 0)
		return fail(s, n);
	s->waiting += n;
	s->source.counts.bytes += n;
	return n;
}

/* To the socket */
static int give(struct stream *s, struct peer *peer)
{
	ssize_t n = move(s->pipe[0], peer->sock, s->waiting);

	if (n == -EAGAIN || n == -EINTR)
		n = 0;
	if (n < 0) {
		peer_lost(peer, n);
		return 0;
	}
	s->waiting -= n;
	peer_spliced(peer, s->waiting, n);
	return n;
}

static int stream_pump(struct source *source, struct peer *peer)
{
	struct stream *s = stream_of(source);
	const uint64_t enough = source->counts.bytes + TURN;
	int moved = 1;

	source->fd = -1;
	source->starved = false;
	while (moved > 0 && source->counts.bytes < enough &&
	       peer->state == PEER_SENDING)
		moved = s->waiting ? give(s, peer) : take(s);
	source->again = moved > 0;
	return moved < 0 ? moved : 0;
}

static void stream_close(struct source *source)
{
	struct stream *s = stream_of(source);

	if (s->pipe[0] >= 0) {
		close(s->pipe[0]);
		close(s->pipe[1]);
	}
	fpgabuf_device_close(s->device);
}

static void explain_setup(const struct stream *s,
			  const struct fpgabuf_stream_setup *setup, int err)
{
	const struct alloc_failure failure = {
		"regions", setup->size, "a smaller --region-size",
		"fewer --regions",
	};

	switch (err) {
	case -ENOMEM:
	case -EDQUOT:
	case -EINVAL:
	case -EIO:
		explain_alloc(&s->info, &failure, err);
		return;
	}
	message("%s cannot be read as a stream: %s", s->source.name,
		strerror(-err));
	if (err == -EOPNOTSUPP || err == -ENOTTY)
		remedy("that needs Linux 6.1, and this version of the driver; use --engine auto");
	else if (err == -EUSERS)
		remedy("another program captures from it: `fpgabuf-info` shows which");
	else if (err == -EMSGSIZE)
		remedy("the DMA controller takes %" PRIu64 " bytes as one capture: use a smaller --region-size",
		       (uint64_t)s->info.max_capture);
}

static int set_up(struct stream *s, const struct source_setup *o)
{
	struct fpgabuf_stream_setup setup = {
		.size = controller_region_size(&s->info, o->region_size,
					       FPGABUF_RING_REGION_SIZE),
		/* One that is read, and one that is captured into */
		.count = o->regions < 2 ? 2 : o->regions,
		.flags = FPGABUF_STREAM_JOIN,
	};
	int err;

	if (setup.count > s->info.queue_depth) {
		message("%s is read as a stream with at most %u regions",
			o->device, s->info.queue_depth);
		remedy("use fewer --regions, or --engine auto");
		return -EINVAL;
	}
	err = fpgabuf_device_stream(s->device, &setup);
	if (err) {
		explain_setup(s, &setup, err);
		return err;
	}
	s->source.slot_count = setup.count;
	s->source.region_size = setup.size;
	return 0;
}

/* A pipe that is smaller than that will do. */
static int make_pipe(struct stream *s)
{
	if (pipe2(s->pipe, O_CLOEXEC | O_NONBLOCK) < 0) {
		message("cannot make a pipe: %s", strerror(errno));
		return -errno;
	}
	fcntl(s->pipe[1], F_SETPIPE_SZ, PIPE_ROOM);
	return 0;
}

static int stream_open(struct source *source, const struct source_setup *o)
{
	struct stream *s = stream_of(source);
	int err;

	source->name = o->device;
	source->silence = STALL_OF_FPGA;
	source->capacity = o->regions;
	s->pipe[0] = -1;
	err = fpgabuf_device_open(o->device, O_NONBLOCK, &s->device);
	if (!err)
		err = fpgabuf_device_info(s->device, &s->info);
	if (err) {
		explain_open(o->device, err);
		return err;
	}
	source->gaps_worth = controller_gaps(&s->info);
	err = make_pipe(s);
	return err ? err : set_up(s, o);
}

const struct source_kind source_stream = {
	.size = sizeof(struct stream),
	.open = stream_open,
	.close = stream_close,
	.pump = stream_pump,
};
