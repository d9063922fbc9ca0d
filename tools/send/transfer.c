// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "common/clock.h"
#include "common/message.h"
#include "send/transfer.h"

/* The kernel has no event for "everything acknowledged": look so often. */
#define ACK_PERIOD_MS	10

/*
 * A peer that read everything closes at once, and one that failed resets.  So
 * wait for either; but some peers keep the connection open.
 */
#define CLOSE_GRACE_NS	NS_PER_SEC

enum { FD_SENDER, FD_DEVICE, FD_SIGNAL, FD_COUNT };

/* From now on, the next signal ends the program as usual. */
static void release_signals(struct transfer *t)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	t->sigfd = -1;
}

static int on_signal(struct transfer *t)
{
	struct signalfd_siginfo info;

	if (read(t->sigfd, &info, sizeof(info)) != sizeof(info))
		return 0;
	progress_end(&t->progress);
	if (t->verbose)
		message("%s: ending the capture", strsignal(info.ssi_signo));
	release_signals(t);
	return source_stop(t->source);
}

/* How long poll() may wait: for ever, unless a retry or the progress is due. */
static int poll_timeout(const struct transfer *t)
{
	int64_t retry_ns = source_retry_ns(t->source);
	int timeout = t->progress.enabled ? PROGRESS_PERIOD_MS : -1;
	int left;

	if (!retry_ns)
		return timeout;
	left = clock_left_ms(retry_ns);
	return timeout < 0 || left < timeout ? left : timeout;
}

static int wait_event(struct transfer *t, struct pollfd fds[FD_COUNT])
{
	int device = fpgabuf_device_fd(t->source->device);

	fds[FD_SENDER].fd = fpgabuf_sender_fd(t->sender);
	fds[FD_SENDER].events = POLLIN;
	/* Without a queued capture it has nothing to tell. */
	fds[FD_DEVICE].fd = t->source->queued ? device : -1;
	fds[FD_DEVICE].events = POLLIN;
	fds[FD_SIGNAL].fd = t->sigfd;
	fds[FD_SIGNAL].events = POLLIN;
	if (poll(fds, FD_COUNT, poll_timeout(t)) >= 0 || errno == EINTR)
		return 0;
	message("cannot wait: %s", strerror(errno));
	return -errno;
}

/* Hands finished captures to the sender. */
static int take_captures(struct transfer *t)
{
	struct source *src = t->source;
	unsigned int slot;
	uint64_t bytes;
	int ret;

	while ((ret = source_take(src, &slot, &bytes)) > 0) {
		ret = fpgabuf_sender_submit(t->sender, src->slots[slot].addr,
					    bytes, slot);
		if (ret)
			return ret;
		if (t->verbose)
			message("capture %" PRIu64 ": %" PRIu64 " bytes",
				src->captures, bytes);
	}
	return ret;
}

static void release_sent(struct transfer *t)
{
	uint64_t slot;

	while (fpgabuf_sender_reap(t->sender, &slot))
		source_release(t->source, slot);
}

static uint64_t bytes_sent(const struct transfer *t)
{
	struct fpgabuf_sender_stats stats;

	fpgabuf_sender_stats(t->sender, &stats);
	return stats.bytes;
}

static int step(struct transfer *t)
{
	struct pollfd fds[FD_COUNT] = { 0 };
	int err;

	err = source_fill(t->source);
	if (!err)
		err = wait_event(t, fds);
	if (!err && fds[FD_SIGNAL].revents)
		err = on_signal(t);
	if (!err && fds[FD_DEVICE].revents)
		err = take_captures(t);
	if (err)
		return err;
	if (fds[FD_SENDER].revents || fds[FD_DEVICE].revents)
		err = fpgabuf_sender_run(t->sender);
	release_sent(t);
	progress_update(&t->progress, bytes_sent(t));
	return err;
}

/*
 * Calls @poke until it returns something else than -EAGAIN, or until nothing
 * has moved for the timeout.  @poke waits a little and tells how far it is.
 */
static int wait_progress(struct transfer *t,
			 int (*poke)(struct transfer *t, uint64_t *position))
{
	int64_t deadline = clock_ns() + t->timeout_ms * NS_PER_MS;
	uint64_t last = 0, position = 0;
	int err;

	while ((err = poke(t, &position)) == -EAGAIN) {
		progress_update(&t->progress, bytes_sent(t));
		if (position != last)
			deadline = clock_ns() + t->timeout_ms * NS_PER_MS;
		else if (clock_ns() >= deadline)
			return -ETIMEDOUT;
		last = position;
	}
	return err;
}

static int poke_completions(struct transfer *t, uint64_t *position)
{
	struct fpgabuf_sender_stats stats;
	int err;

	err = fpgabuf_sender_drain(t->sender, PROGRESS_PERIOD_MS);
	fpgabuf_sender_stats(t->sender, &stats);
	*position = stats.bytes + stats.completions;
	return err == -ETIMEDOUT || err == -EINTR ? -EAGAIN : err;
}

/* Bytes the peer has not acknowledged; our FIN counts as one. */
static int unacknowledged(int sock)
{
	int bytes;

	return ioctl(sock, SIOCOUTQ, &bytes) < 0 ? -errno : bytes;
}

/* Throws away what the peer says.  1: it has closed; 0: not yet. */
static int peer_closed(int sock)
{
	char buffer[4096];
	ssize_t n;

	n = recv(sock, buffer, sizeof(buffer), MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return n == 0;
}

/* A closed or reset connection is readable for ever: ask for it only once. */
static int poke_acknowledgements(struct transfer *t, uint64_t *position)
{
	struct pollfd p = { .fd = t->sock, .events = POLLIN };
	int left, ret;

	ret = peer_closed(t->sock);
	if (ret < 0)
		return ret;
	if (ret)
		p.fd = -1;
	left = unacknowledged(t->sock);
	if (left <= 0)
		return left;
	*position = left;
	if (poll(&p, 1, ACK_PERIOD_MS) < 0 && errno != EINTR)
		return -errno;
	return -EAGAIN;
}

static int wait_close(struct transfer *t)
{
	struct pollfd p = { .fd = t->sock, .events = POLLIN };
	int64_t deadline = clock_ns() + CLOSE_GRACE_NS;
	int left, ret;

	while ((left = clock_left_ms(deadline)) > 0) {
		if (poll(&p, 1, left) < 0 && errno != EINTR)
			return -errno;
		ret = peer_closed(t->sock);
		if (ret)
			return ret < 0 ? ret : 0;
	}
	return 0;
}

static int finish(struct transfer *t)
{
	int err;

	err = wait_progress(t, poke_completions);
	release_sent(t);
	if (err)
		return err;
	if (shutdown(t->sock, SHUT_WR) < 0)
		return -errno;
	err = wait_progress(t, poke_acknowledgements);
	t->end_ns = clock_ns();
	return err ? err : wait_close(t);
}

static void explain_finish(const struct transfer *t, int err)
{
	if (err == -ETIMEDOUT)
		message("the peer took nothing for %d s", t->timeout_ms / 1000);
	else
		message("cannot send: %s", strerror(-err));
	if (err == -ETIMEDOUT)
		remedy("is the receiver still reading? --timeout gives it longer");
	else if (err == -EPIPE || err == -ECONNRESET)
		remedy("the receiver closed the connection: see its messages");
	else if (err == -EFAULT)
		remedy("the network cannot hold the pages of this memory; use --engine copy");
}

/* Says so if a signal, or the device, ended the capture too early. */
static int check_complete(const struct source *s)
{
	if (s->bytes_wanted != UNLIMITED && s->bytes < s->bytes_wanted)
		message("ended after %" PRIu64 " of %" PRIu64 " bytes",
			s->bytes, s->bytes_wanted);
	else if (s->captures_wanted != UNLIMITED &&
		 s->captures < s->captures_wanted)
		message("ended after %" PRIu64 " of %" PRIu64 " captures",
			s->captures, s->captures_wanted);
	else
		return 0;
	return -1;
}

int transfer_run(struct transfer *transfer)
{
	int source_err = 0;
	int err;

	while (!source_err && !source_finished(transfer->source))
		source_err = step(transfer);
	release_signals(transfer);
	err = finish(transfer);
	progress_end(&transfer->progress);
	if (err) {
		transfer->end_ns = clock_ns();
		explain_finish(transfer, err);
		return -1;
	}
	return source_err ? -1 : check_complete(transfer->source);
}
