// SPDX-License-Identifier: GPL-2.0-only
/*
 * The source that is a stream of bytes: device, pipe and socket
 *
 * References to the captured pages go from the device into a pipe, and from there into
 * the socket.  Nothing is mapped, pinned or copied, and nobody tells when the network
 * has let go: the driver sees that, and captures into the regions again.
 *
 * The driver knows how many bytes are wanted, and when no more are: it captures no more
 * than that, and the end of the file comes behind the last byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/explain.h"
#include "common/message.h"
#include "common/stall.h"
#include "send/choice.h"
#include "send/peer.h"
#include "send/sources.h"
#include "send/watch.h"

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
 * @watch: what goes wrong
 * @verbose: report what has come
 * @stopped: the driver was told to capture no more
 */
struct stream {
	struct source source;
	struct fpgabuf_device *device;
	struct fpgabuf_info info;
	int pipe[2];
	size_t waiting;
	struct watch watch;
	bool verbose;
	bool stopped;
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

static int ask(struct stream *s, unsigned int flags,
	       struct fpgabuf_stream_info *info)
{
	struct fpgabuf_source_counts *counts = &s->source.counts;
	int err = fpgabuf_device_stream_info(s->device, flags, info);

	if (err)
		return err;
	counts->captures = info->captures;
	counts->gaps = info->gaps;
	counts->partial = info->partial;
	counts->timeouts = info->timeouts;
	counts->failures = info->errors;
	return 0;
}

static void stream_count(struct source *source)
{
	struct fpgabuf_stream_info info;

	ask(stream_of(source), 0, &info);
}

static void end(struct stream *s)
{
	s->source.ended = true;
	stream_count(&s->source);
}

static int fail(const struct stream *s, int err)
{
	message("cannot read from %s: %s", s->source.name, strerror(-err));
	if (err == -ENODEV)
		remedy("the device was removed, or its driver unbound: see `dmesg`");
	else if (err == -EIO)
		remedy("the DMA controller refuses to capture: see `dmesg`");
	return err;
}

/* What has been captured by now is still to be had.  If it fails, a read does as well. */
static void stop(struct stream *s)
{
	struct fpgabuf_stream_info info;

	s->stopped = true;
	ask(s, FPGABUF_STREAM_STOP, &info);
}

/* What of the next bytes goes at once */
static size_t next_size(const struct stream *s)
{
	const struct source *source = &s->source;
	const uint64_t left = source->bytes_wanted - source->counts.bytes;

	return left < PIPE_ROOM ? left : PIPE_ROOM;
}

/* Each time as much as a region has has come */
static void tell_bytes(const struct stream *s, size_t n)
{
	const uint64_t bytes = s->source.counts.bytes;
	const uint64_t size = s->source.region_size;

	if (bytes / size != (bytes - n) / size)
		inform("%" PRIu64 " bytes of %s so far", bytes, s->source.name);
}

static void note_taken(struct stream *s, size_t n)
{
	s->waiting += n;
	s->source.counts.bytes += n;
	if (s->verbose)
		tell_bytes(s, n);
}

static int wait_for_bytes(struct stream *s)
{
	s->source.starved = true;
	s->source.fd = fpgabuf_device_fd(s->device);
	return 0;
}

/* From the device.  When no byte is wanted any more, none is the end as well. */
static int take(struct stream *s)
{
	ssize_t n;

	if (s->source.stopping && !s->stopped)
		stop(s);
	n = move(fpgabuf_device_fd(s->device), s->pipe[1], next_size(s));
	if (n == -EINTR)
		return 0;
	if (n == -EAGAIN)
		return wait_for_bytes(s);
	if (n < 0)
		return fail(s, n);
	if (n)
		note_taken(s, n);
	else
		end(s);
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

static int look_after(struct stream *s)
{
	struct fpgabuf_stream_info info;

	if (!watch_is_due(&s->watch) || ask(s, 0, &info))
		return 0;
	return watch_look(&s->watch, &s->source, &info);
}

/*
 * When all regions are somewhere in the network, it is the peer that is waited for, and
 * its patience that counts.
 */
static void wait_for_peer(struct stream *s, struct peer *peer)
{
	const bool away = s->source.starved && !s->source.ended &&
			  watch_is_away(&s->watch);

	if (away)
		s->source.starved = false;
	if (peer->state == PEER_SENDING)
		peer_spliced(peer, away ? 1 : s->waiting, 0);
}

static int stream_pump(struct source *source, struct peer *peer)
{
	struct stream *s = stream_of(source);
	const uint64_t enough = source->counts.bytes + TURN;
	int moved = 1, err;

	source->fd = -1;
	source->starved = false;
	while (moved > 0 && source->counts.bytes < enough &&
	       peer->state == PEER_SENDING)
		moved = s->waiting ? give(s, peer) : take(s);
	source->again = moved > 0;
	err = moved < 0 ? moved : look_after(s);
	if (err)
		end(s);
	source->due_ns = source->starved ? s->watch.due_ns : 0;
	wait_for_peer(s, peer);
	return err;
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
	if (err == -EOPNOTSUPP)
		remedy("that needs Linux 6.1, and this version of the driver; use --engine auto");
	else if (err == -EUSERS)
		remedy("another program captures from it: `fpgabuf-info` shows which");
	else if (err == -EMSGSIZE)
		remedy("the DMA controller takes %" PRIu64 " bytes as one capture: use a smaller --region-size",
		       (uint64_t)s->info.max_capture);
}

/* The channel may not take a capture of that length: then what is too much is not read. */
static uint64_t limit_of(const struct stream *s, const struct source_setup *o)
{
	const uint64_t alignment = s->info.alignment;

	if (o->bytes > UINT64_MAX - alignment)
		return 0;
	return (o->bytes + alignment - 1) / alignment * alignment;
}

static struct fpgabuf_stream_setup setup_of(const struct stream *s,
					    const struct source_setup *o)
{
	return (struct fpgabuf_stream_setup){
		.size = controller_region_size(&s->info, o->region_size,
					       FPGABUF_RING_REGION_SIZE),
		/* One that is read, and one that is captured into */
		.count = o->regions < 2 ? 2 : o->regions,
		.flags = FPGABUF_STREAM_JOIN,
		.limit = limit_of(s, o),
	};
}

/* A pipe that is smaller than that will do. */
static int make_pipe(struct stream *s)
{
	if (pipe2(s->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	fcntl(s->pipe[1], F_SETPIPE_SZ, PIPE_ROOM);
	return 0;
}

/* The driver does not tell of what memory a stream is; but of what one region is. */
static void try_memory(struct stream *s, const struct source_setup *o)
{
	struct fpgabuf_alloc args = {
		.size = setup_of(s, o).size,
		.fd_flags = O_RDONLY,
	};
	struct fpgabuf_region *region;

	if (fpgabuf_device_alloc_with(s->device, &args, &region))
		return;
	fpgabuf_region_close(region);
	s->source.backend = args.backend;
}

/* Return: as fpgabuf_device_stream(). */
static int start(struct stream *s, const struct source_setup *o)
{
	struct fpgabuf_stream_setup setup = setup_of(s, o);
	const int err = controller_can(&s->info, FPGABUF_CAP_STREAM) ?
				fpgabuf_device_stream(s->device, &setup) :
				-EOPNOTSUPP;

	s->source.slot_count = setup.count;
	s->source.region_size = setup.size;
	return err;
}

static int set_up(struct stream *s, const struct source_setup *o)
{
	const struct fpgabuf_stream_setup setup = setup_of(s, o);
	int err;

	if (setup.count > s->info.queue_depth) {
		message("%s is read as a stream with at most %u regions",
			o->device, s->info.queue_depth);
		remedy("use fewer --regions, or --engine auto");
		return -EINVAL;
	}
	try_memory(s, o);
	err = start(s, o);
	if (err) {
		explain_setup(s, &setup, err);
		return err;
	}
	err = make_pipe(s);
	if (err)
		message("cannot make a pipe: %s", strerror(-err));
	return err;
}

static int open_device(struct stream *s, const struct source_setup *o)
{
	int err;

	s->source.name = o->device;
	s->source.silence = STALL_OF_FPGA;
	s->source.capacity = o->regions;
	s->verbose = o->verbose;
	s->pipe[0] = -1;
	err = fpgabuf_device_open(o->device, O_NONBLOCK, &s->device);
	if (!err)
		err = fpgabuf_device_info(s->device, &s->info);
	s->source.gaps_worth = controller_gaps(&s->info);
	return err;
}

static int stream_open(struct source *source, const struct source_setup *o)
{
	struct stream *s = stream_of(source);
	int err = open_device(s, o);

	if (!err)
		return set_up(s, o);
	explain_open(o->device, err);
	return err;
}

const struct source_kind source_stream = {
	.size = sizeof(struct stream),
	.open = stream_open,
	.close = stream_close,
	.pump = stream_pump,
	.count = stream_count,
};

static const char *objection(struct stream *s, const struct source_setup *o)
{
	const char *why = choice_by_device(o, &s->info);
	struct utsname kernel;

	if (!why && !uname(&kernel))
		why = choice_by_kernel(o, &s->info, kernel.release);
	if (why)
		return why;
	try_memory(s, o);
	return choice_by_memory(setup_of(s, o).size, s->source.backend);
}

static void tell_size(const struct stream *s, const struct source_setup *o)
{
	if (o->verbose && !o->region_size &&
	    s->source.region_size < FPGABUF_RING_REGION_SIZE)
		message("regions have %" PRIu64 " bytes: the DMA controller does not take longer captures",
			s->source.region_size);
}

/* Says nothing if it fails: the other engines find the same fault, and report it. */
static int auto_open(struct source *source, const struct source_setup *o)
{
	struct stream *s = stream_of(source);
	const char *why;
	int err = open_device(s, o);

	if (err)
		return err;
	why = objection(s, o);
	if (!why)
		err = start(s, o);
	if (!why && !err)
		err = make_pipe(s);
	if (err)
		why = strerror(-err);
	if (why)
		choice_tell(why, o->verbose);
	else
		tell_size(s, o);
	return why ? -EOPNOTSUPP : 0;
}

const struct source_kind source_stream_auto = {
	.size = sizeof(struct stream),
	.open = auto_open,
	.close = stream_close,
	.pump = stream_pump,
	.count = stream_count,
};
