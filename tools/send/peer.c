// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "send/carrier.h"

/* The kernel has no event for "everything acknowledged": the time between looks. */
#define ACK_PERIOD_NS	(10 * NS_PER_MS)

/*
 * A peer that read everything closes at once, and one that failed resets.  So
 * wait for either; but some peers keep the connection open.
 */
#define CLOSE_GRACE_NS	NS_PER_SEC

/*
 * A receiver that was asked for a receipt may have much to read first; but some do not
 * know receipts.
 */
#define RECEIPT_GRACE_NS	(5 * NS_PER_SEC)

/* Pages of a connection that was reset come back when the NIC is done. */
#define ABORT_GRACE_NS	(10 * NS_PER_SEC)

/* The pause before connecting again; doubled each time. */
#define FIRST_PAUSE_NS	(100 * NS_PER_MS)
#define MAX_PAUSE_NS	(5 * NS_PER_SEC)

static void explain_rdma(int err)
{
	if (err == -ENODEV)
		remedy("no RDMA device of this machine leads there: `rdma link` shows them");
	else
		remedy("with --engine rdma it must be an fpgabuf-recv --rdma");
}

static void explain_failure(const struct peer *p, int err)
{
	if (p->unreachable) {
		endpoint_explain(p->endpoint, err);
		if (p->options->engine == ENGINE_RDMA)
			explain_rdma(err);
		return;
	}
	if (err == -ETIMEDOUT)
		message("%s took nothing for %d s", p->name,
			p->options->timeout_ms / 1000);
	else
		message("cannot send to %s: %s", p->name,
			strerror(-err));
	if (err == -ETIMEDOUT)
		remedy("is the receiver still reading? A longer --timeout gives it more time");
	else if (err == -EPIPE || err == -ECONNRESET)
		remedy("the receiver closed the connection: see its messages");
	else if (err == -EHOSTUNREACH || err == -ENETUNREACH)
		remedy("the receiver no longer answers: is it running, and is the network up?");
	else if (err == -ECONNABORTED && p->options->engine == ENGINE_RDMA)
		remedy("the RDMA device gave the connection up, and did not say why: is the network up?");
	else if (err == -EREMOTEIO)
		remedy("the receiver got all data, and has not confirmed that it stored them: see its messages");
	else if (err == -EFAULT)
		remedy("the network cannot hold the pages of this memory; use --engine copy");
}

static void explain_sender(const struct peer *p, int err)
{
	message("cannot send to %s with engine %s: %s", p->name,
		engine_name(p->options->engine), strerror(-err));
	if (err == -EOPNOTSUPP)
		remedy("the kernel cannot send on this socket without a copy; use --engine auto");
	else if (err == -ENOSYS)
		remedy("this program was built without liburing, or the kernel has no io_uring; use --engine auto");
	else if (err == -EPERM)
		remedy("io_uring is forbidden (`sysctl kernel.io_uring_disabled`); use --engine auto");
	else if (err == -ENOMEM)
		remedy("its memory counts as locked: raise the limit (`ulimit -l`)");
}

/* It is connected: makes the sender. */
static int start(struct peer *p)
{
	int err = p->carrier->begin(p);

	if (err)
		return err;
	p->begun = true;
	p->given_up = false;
	p->submitted = 0;
	p->position = 0;
	p->state = PEER_SENDING;
	p->due_ns = 0;
	p->error = 0;
	p->unreachable = false;
	p->reconnects += p->connected;
	p->connected = true;
	if (p->options->verbose)
		inform("connected to %s, engine %s: %s", p->name,
		       engine_name(p->engine), p->why);
	return 0;
}

static void add_stats(struct fpgabuf_sender_stats *sum,
		      const struct fpgabuf_sender_stats *stats)
{
	sum->bytes += stats->bytes;
	sum->sends += stats->sends;
	sum->zerocopy_sends += stats->zerocopy_sends;
	sum->registered_sends += stats->registered_sends;
	sum->completions += stats->completions;
	sum->copied += stats->copied;
	sum->copied_exact = stats->copied_exact;
	sum->fallback_copies += stats->fallback_copies;
}

void peer_stats(const struct peer *peer, struct fpgabuf_sender_stats *stats)
{
	struct fpgabuf_sender_stats now;

	*stats = peer->earlier;
	if (!peer->begun)
		return;
	peer->carrier->stats(peer, &now);
	add_stats(stats, &now);
}

/* Nothing of the connection is held any more: forgets it. */
static void hang_up(struct peer *p)
{
	if (p->begun) {
		p->carrier->note(p);
		peer_stats(p, &p->earlier);
	}
	p->begun = false;
	p->carrier->hang_up(p);
}

void peer_close(struct peer *peer)
{
	hang_up(peer);
	if (peer->resolving >= 0)
		close(peer->resolving);
	free(peer->parcels);
}

static void finish(struct peer *p, int err)
{
	hang_up(p);
	p->state = PEER_OVER;
	p->due_ns = 0;
	p->error = err;
}

static void pause_or_finish(struct peer *p)
{
	if (p->ending || p->attempts >= p->options->reconnect) {
		explain_failure(p, p->error);
		finish(p, p->error);
		return;
	}
	p->attempts++;
	p->backoff_ns = p->attempts == 1 ? FIRST_PAUSE_NS : 2 * p->backoff_ns;
	if (p->backoff_ns > MAX_PAUSE_NS)
		p->backoff_ns = MAX_PAUSE_NS;
	p->due_ns = clock_ns() + p->backoff_ns;
	p->state = PEER_PAUSING;
	if (!p->options->quiet)
		inform("%s: %s; connecting again in %.1f s, attempt %u of %u",
		       p->name, resolve_strerror(p->error),
		       (double)p->backoff_ns / NS_PER_SEC, p->attempts,
		       p->options->reconnect);
}

static const struct carrier *carrier_of(const struct send_options *o)
{
#ifdef FPGABUF_HAVE_RDMA
	if (o->engine == ENGINE_RDMA)
		return &carrier_rdma;
#else
	(void)o;
#endif
	return &carrier_socket;
}

/* With --reconnect, a peer that is not there yet counts as lost. */
static int open_later(struct peer *p, int err)
{
	p->error = err;
	p->unreachable = true;
	pause_or_finish(p);
	return p->state == PEER_OVER ? -1 : 0;
}

int peer_open(struct peer *peer, const struct endpoint *endpoint,
	      const struct send_options *options,
	      const struct source *source)
{
	char text[ENDPOINT_TEXT_SIZE];
	int err;

	*peer = (struct peer){
		.options = options,
		.source = source,
		.endpoint = endpoint,
		.carrier = carrier_of(options),
		.sock = -1,
		.resolving = -1,
	};
	endpoint_text(endpoint, text);
	snprintf(peer->name, sizeof(peer->name), "%.*s",
		 (int)sizeof(peer->name) - 1, text);
	peer->parcels = calloc(source->slot_count, sizeof(*peer->parcels));
	if (!peer->parcels) {
		message("out of memory");
		return -1;
	}
	err = peer->carrier->connect(peer);
	if (err)
		return open_later(peer, err);
	err = start(peer);
	if (err)
		explain_sender(peer, err);
	return err ? -1 : 0;
}

static void fail(struct peer *p, int err)
{
	struct fpgabuf_sender_stats stats;

	p->error = err;
	p->unreachable = false;
	/* What is in a pipe is the pipe's, and goes with it. */
	if (peer_is_spliced(p))
		p->held = 0;
	p->carrier->stats(p, &stats);
	/* The peer has taken something: count the attempts anew. */
	if (stats.bytes)
		p->attempts = 0;
	p->carrier->abort(p);
	p->state = PEER_ABORTING;
	p->due_ns = clock_ns() + ABORT_GRACE_NS;
}

void peer_spliced(struct peer *peer, size_t waiting, size_t taken)
{
	if (!peer->held)
		peer->moved_ns = 0;
	peer->held = !!waiting;
	peer->earlier.bytes += taken;
	peer->earlier.sends += !!taken;
}

uint64_t peer_acknowledged(struct peer *peer)
{
	const uint64_t taken = peer->earlier.bytes;
	int left;

	if (peer->sock < 0)
		return peer->acknowledged == BY_NOBODY ? 0 : taken;
	left = peer->carrier->unacknowledged(peer);
	/* A FIN counts, too. */
	return left >= 0 && (uint64_t)left <= taken ? taken - left : 0;
}

void peer_lost(struct peer *peer, int err)
{
	fail(peer, err);
}

/* Has anything moved for a while?  0, or -ETIMEDOUT. */
static int check_progress(struct peer *p, uint64_t position)
{
	int64_t now = clock_ns();

	if (!p->moved_ns || position != p->position) {
		p->position = position;
		p->moved_ns = now;
	}
	p->due_ns = p->moved_ns + p->options->timeout_ms * NS_PER_MS;
	return now >= p->due_ns ? -ETIMEDOUT : 0;
}

static bool all_sent(const struct peer *p)
{
	struct fpgabuf_sender_stats stats;

	p->carrier->stats(p, &stats);
	return !p->held && stats.bytes == p->submitted;
}

/* What was spliced moves in two steps, and both count. */
static uint64_t position_of(struct peer *p,
			    const struct fpgabuf_sender_stats *stats)
{
	return p->earlier.bytes + stats->bytes + stats->completions +
	       (peer_is_spliced(p) ? peer_acknowledged(p) : 0);
}

static void step_sending(struct peer *p)
{
	struct fpgabuf_sender_stats stats;
	int err;

	err = p->carrier->run(p);
	p->carrier->stats(p, &stats);
	p->due_ns = 0;
	if (!err && !all_sent(p))
		err = check_progress(p, position_of(p, &stats));
	if (err)
		fail(p, err);
}

/* Called when all captures that it holds have been reaped. */
static void begin_close(struct peer *p)
{
	/* A normal end would make the stream look complete. */
	int err = p->broken ? 0 : p->carrier->shut(p);

	if (err) {
		fail(p, err);
		return;
	}
	p->state = PEER_CLOSING;
	p->position = 0;
	p->moved_ns = 0;
	p->closed = false;
	p->inbox = (struct link_inbox){ 0 };
	p->acknowledged_ns = 0;
	p->due_ns = clock_ns();
}

static void end_well(struct peer *p, enum acknowledged by)
{
	p->acknowledged = by;
	finish(p, 0);
}

static void end_badly(struct peer *p, int err)
{
	explain_failure(p, err);
	finish(p, err);
}

/* Its kernel has everything, and the receiver has promised a receipt. */
static void wait_receipt(struct peer *p, int64_t now)
{
	p->due_ns = p->acknowledged_ns + p->options->timeout_ms * NS_PER_MS;
	if (p->closed || now >= p->due_ns)
		end_badly(p, p->closed ? -EREMOTEIO : -ETIMEDOUT);
}

/* Everything was acknowledged; the receipt may still report a failure. */
static void wait_close(struct peer *p)
{
	int64_t now = clock_ns();

	if (!p->acknowledged_ns)
		p->acknowledged_ns = now;
	if (p->inbox.answered && !p->broken) {
		switch (p->inbox.receipt.status) {
		case FPGABUF_FRAME_STORED:
			/* Captures that earlier connections lost have not arrived. */
			end_well(p, p->reconnects ? BY_KERNEL : BY_RECEIVER);
			return;
		case FPGABUF_FRAME_FAILED:
			end_badly(p, -EREMOTEIO);
			return;
		default:
			wait_receipt(p, now);
			return;
		}
	}
	p->due_ns = p->acknowledged_ns +
		    (p->options->framed ? RECEIPT_GRACE_NS : CLOSE_GRACE_NS);
	if (p->closed || now >= p->due_ns || p->broken)
		end_well(p, BY_KERNEL);
}

static void step_closing(struct peer *p)
{
	int left, err;

	err = p->closed ? 0 : p->carrier->closed(p);
	if (err > 0)
		p->closed = true;
	left = err < 0 ? err : p->carrier->unacknowledged(p);
	if (!left) {
		wait_close(p);
		return;
	}
	err = left < 0 ? left : check_progress(p, left);
	if (err)
		fail(p, err);
	else
		p->due_ns = clock_ns() + ACK_PERIOD_NS;
}

static void step_aborting(struct peer *p)
{
	p->carrier->run(p);
	if (clock_ns() >= p->due_ns)
		p->given_up = true;
}

/* If nothing is left to send, the error of the lost connection remains. */
static void not_connected(struct peer *p, int err)
{
	if (!p->ending) {
		p->error = err;
		p->unreachable = true;
	}
	pause_or_finish(p);
}

/* @err: of the address before, for the case that there is no further address. */
static void try_next(struct peer *p, int err)
{
	while (!p->ending && p->tried < p->addresses.count) {
		err = p->carrier->connect_start(p,
				&p->addresses.list[p->tried++]);
		if (!err) {
			p->state = PEER_CONNECTING;
			p->due_ns = clock_ns() +
				    p->options->timeout_ms * NS_PER_MS;
			return;
		}
	}
	not_connected(p, err);
}

/* The name may have other addresses by now. */
static void step_resolving(struct peer *p, short revents)
{
	int err;

	if (!revents && clock_ns() < p->due_ns && !p->ending)
		return;
	err = resolve_finish(p->resolving, &p->addresses);
	p->resolving = -1;
	p->tried = 0;
	if (err)
		not_connected(p, err);
	else
		try_next(p, -EADDRNOTAVAIL);
}

static void step_connecting(struct peer *p, short revents)
{
	int err;

	if (!revents && clock_ns() < p->due_ns && !p->ending)
		return;
	err = revents ? p->carrier->connect_finish(p) : -ETIMEDOUT;
	if (err == -EAGAIN && clock_ns() < p->due_ns && !p->ending)
		return;
	if (!err && !p->ending)
		err = start(p);
	if (!err && !p->ending)
		return;
	hang_up(p);
	try_next(p, err);
}

static void step_pausing(struct peer *p)
{
	if (p->ending) {
		pause_or_finish(p);
		return;
	}
	if (clock_ns() < p->due_ns)
		return;
	p->resolving = resolve_start(p->endpoint);
	if (p->resolving < 0) {
		not_connected(p, p->resolving);
		return;
	}
	p->state = PEER_RESOLVING;
	p->due_ns = clock_ns() + p->options->timeout_ms * NS_PER_MS;
}

void peer_step(struct peer *peer, short revents)
{
	switch (peer->state) {
	case PEER_SENDING:
		step_sending(peer);
		break;
	case PEER_CLOSING:
		step_closing(peer);
		break;
	case PEER_ABORTING:
		step_aborting(peer);
		break;
	case PEER_PAUSING:
		step_pausing(peer);
		break;
	case PEER_RESOLVING:
		step_resolving(peer, revents);
		break;
	case PEER_CONNECTING:
		step_connecting(peer, revents);
		break;
	case PEER_OVER:
		break;
	}
}

void peer_settle(struct peer *peer)
{
	if (peer->held)
		return;
	if (peer->state == PEER_ABORTING) {
		hang_up(peer);
		pause_or_finish(peer);
	} else if (peer->state == PEER_SENDING && peer->ending &&
		   all_sent(peer)) {
		begin_close(peer);
	}
}

struct pollfd peer_pollfd(const struct peer *peer)
{
	struct pollfd pfd = { .fd = -1, .events = POLLIN };

	switch (peer->state) {
	case PEER_CLOSING:
		/* A connection that was closed is readable for ever. */
		return peer->closed ? pfd : peer->carrier->pollfd(peer);
	case PEER_SENDING:
	case PEER_ABORTING:
	case PEER_CONNECTING:
		return peer->carrier->pollfd(peer);
	case PEER_RESOLVING:
		pfd.fd = peer->resolving;
		break;
	case PEER_PAUSING:
	case PEER_OVER:
		break;
	}
	return pfd;
}

int64_t peer_due_ns(const struct peer *peer)
{
	return peer->due_ns;
}
