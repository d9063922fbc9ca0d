// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/notify.h"
#include "common/results.h"
#include "share/server.h"

/* After this many connections, the clients get their turn. */
#define CONNECTIONS_AT_A_TIME	16

/* How long to pause when accept() fails for lack of descriptors */
#define LISTEN_PAUSE_NS		NS_PER_SEC

enum { FD_LISTENER, FD_DEVICE, FD_SIGNAL, FD_RESULTS, FD_CLIENTS };

/* It captures while a client is ready. */
static bool capturing(const struct server *s)
{
	return s->started && s->ready_count && !s->stopping;
}

/*
 * Takes finished captures, at most as many as there are regions: then the clients get
 * their turn.  Returns 0, or an error that ends the server.
 */
static int take_captures(struct server *s)
{
	struct fpgabuf_capture capture;
	unsigned int i;
	int n;

	for (i = 0; i < s->pool.region_count; i++) {
		n = pool_take(&s->pool, &capture);
		if (n <= 0)
			return n;
		if (capture.bytes)
			stall_over(&s->stall);
		serve_capture(s, &capture);
	}
	return 0;
}

/* Ends the captures under way, and hands out those that have come. */
static int pause_capture(struct server *s)
{
	int err = pool_pause(&s->pool);

	return err ? err : take_captures(s);
}

static int on_signal(struct server *s)
{
	struct signalfd_siginfo info;

	if (read(s->sigfd, &info, sizeof(info)) != sizeof(info))
		return 0;
	progress_end(&s->progress);
	if (s->options->verbose)
		inform("%s: ending the capture", strsignal(info.ssi_signo));
	notify_stopping();
	s->stopping = true;
	return pause_capture(s);
}

static void on_accept_error(struct server *s, int err)
{
	if (err == -EAGAIN || err == -EINTR || err == -ECONNABORTED)
		return;
	message("cannot accept a connection: %s", strerror(-err));
	if (err == -EMFILE)
		remedy("raise the limit of open files (LimitNOFILE= or `ulimit -n`)");
	s->listen_again_ns = clock_ns() + LISTEN_PAUSE_NS;
}

static void accept_clients(struct server *s)
{
	struct ucred peer;
	unsigned int i;
	int fd;

	for (i = 0; i < CONNECTIONS_AT_A_TIME; i++) {
		fd = listener_accept(&s->listener, &peer);
		if (fd < 0) {
			on_accept_error(s, fd);
			return;
		}
		s->accepted++;
		serve_connection(s, fd, &peer);
	}
}

static void earlier(int64_t *first, int64_t ns)
{
	if (ns && (!*first || ns < *first))
		*first = ns;
}

/* A slow reader misses some. */
static void tell_stats(struct server *s)
{
	results_push();
	stats_file_turn(&s->stats_file);
	if (!s->stats_due_ns || clock_ns() < s->stats_due_ns)
		return;
	s->stats_due_ns += s->options->stats_s * NS_PER_SEC;
	progress_end(&s->progress);
	s->report(s);
	results_end(true);
}

/* What it has done for others */
static void tell_watchdog(const struct server *s)
{
	notify_watch(s->idle, s->pool.capturing.counts.captures + s->accepted +
		     s->served + s->refused + s->malformed + s->late +
		     s->released + s->reclaimed);
}

static void watch_device(struct server *s)
{
	if (!capturing(s) || !pool_waits(&s->pool)) {
		stall_over(&s->stall);
		return;
	}
	if (!stall_waits(&s->stall) || s->options->quiet)
		return;
	progress_end(&s->progress);
	stall_explain(&s->stall, s->options->device, STALL_OF_FPGA);
}

/* How long poll() may wait. */
static int poll_timeout(const struct server *s)
{
	int64_t first = s->listen_again_ns;
	unsigned int i;
	int timeout;

	earlier(&first, s->stats_due_ns);
	earlier(&first, s->stats_file.due_ns);
	earlier(&first, notify_watch_ns());
	earlier(&first, stall_due_ns(&s->stall));
	if (capturing(s))
		earlier(&first, pool_retry_ns(&s->pool));
	for (i = 0; i < s->options->clients; i++)
		if (s->clients[i] && s->clients[i]->state < CLIENT_READY)
			earlier(&first, s->clients[i]->deadline_ns);
	timeout = first ? clock_left_ms(first) : -1;
	if (s->progress.enabled && capturing(s) &&
	    (timeout < 0 || timeout > PROGRESS_PERIOD_MS))
		timeout = PROGRESS_PERIOD_MS;
	return timeout;
}

static void set_polled(const struct server *s, struct pollfd *fds)
{
	unsigned int i;

	fds[FD_LISTENER] = (struct pollfd){
		.fd = s->listen_again_ns ? -1 : s->listener.fd,
		.events = POLLIN,
	};
	fds[FD_DEVICE] = (struct pollfd){
		.fd = fpgabuf_ring_fd(s->pool.capturing.ring),
		.events = POLLIN,
	};
	fds[FD_SIGNAL] = (struct pollfd){ .fd = s->sigfd, .events = POLLIN };
	fds[FD_RESULTS] = (struct pollfd){
		.fd = results_fd(),
		.events = POLLOUT,
	};
	for (i = 0; i < s->options->clients; i++) {
		const struct client *c = s->clients[i];

		fds[FD_CLIENTS + i] = (struct pollfd){
			.fd = c ? c->fd : -1,
			.events = c && c->state == CLIENT_JOINING ?
				  POLLIN | POLLOUT : POLLIN,
		};
	}
}

static void on_client(struct server *s, struct client *c, short revents)
{
	if (revents & POLLOUT && c->state == CLIENT_JOINING)
		serve_regions(s, c);
	if (revents & ~POLLOUT && c->state != CLIENT_LEAVING)
		serve_messages(s, c);
}

static void check_deadline(struct server *s, struct client *c, int64_t now)
{
	if (c->state >= CLIENT_READY || now < c->deadline_ns)
		return;
	s->late++;
	if (!s->options->quiet)
		inform("%s: did not send its hello or accept the regions in time",
		       c->name);
	serve_end(s, c, FPGABUF_WIRE_LATE);
}

static void on_clients(struct server *s, const struct pollfd *fds)
{
	int64_t now = clock_ns();
	unsigned int i;

	for (i = 0; i < s->options->clients; i++) {
		if (!s->clients[i])
			continue;
		if (fds[FD_CLIENTS + i].revents)
			on_client(s, s->clients[i], fds[FD_CLIENTS + i].revents);
		check_deadline(s, s->clients[i], now);
	}
	serve_reap(s);
}

static int on_device(struct server *s, short revents)
{
	if (revents & POLLIN)
		return take_captures(s);
	if (revents & (POLLHUP | POLLERR)) {
		pool_explain_gone(&s->pool);
		return -ENODEV;
	}
	return 0;
}

/* Clients first: regions that they give back can be queued. */
static int handle_events(struct server *s, const struct pollfd *fds)
{
	bool was_capturing = capturing(s);
	int err;

	on_clients(s, fds);
	err = on_device(s, fds[FD_DEVICE].revents);
	serve_reap(s);
	if (!err && was_capturing && !capturing(s))
		err = pause_capture(s);
	if (s->listen_again_ns && clock_ns() >= s->listen_again_ns)
		s->listen_again_ns = 0;
	if (!err && fds[FD_LISTENER].revents)
		accept_clients(s);
	if (!err && fds[FD_SIGNAL].revents)
		err = on_signal(s);
	tell_stats(s);
	tell_watchdog(s);
	progress_update(&s->progress, s->pool.capturing.counts.bytes);
	return err;
}

static int run_once(struct server *s)
{
	struct pollfd fds[FD_CLIENTS + MAX_CLIENTS];
	int err, n, timeout;

	if (capturing(s)) {
		err = pool_fill(&s->pool);
		if (err)
			return err;
	}
	watch_device(s);
	set_polled(s, fds);
	timeout = poll_timeout(s);
	n = poll(fds, FD_CLIENTS + s->options->clients, timeout);
	s->idle = !n && timeout;
	if (n < 0) {
		err = -errno;
		if (err == -EINTR)
			return 0;
		message("cannot wait for clients: %s", strerror(-err));
		return err;
	}
	return handle_events(s, fds);
}

static enum fpgabuf_wire_reason reason_of(int err)
{
	return !err ? FPGABUF_WIRE_SHUTDOWN :
	       err == -ENODEV ? FPGABUF_WIRE_GONE : FPGABUF_WIRE_FAILED;
}

static void end_clients(struct server *s, int err)
{
	unsigned int i;

	s->held = pool_held(&s->pool);
	for (i = 0; i < s->options->clients; i++)
		if (s->clients[i] && s->clients[i]->state != CLIENT_LEAVING)
			serve_end(s, s->clients[i], reason_of(err));
	serve_reap(s);
}

int server_run(struct server *server)
{
	int err = 0;

	while (!err && !server->stopping)
		err = run_once(server);
	progress_end(&server->progress);
	end_clients(server, err);
	return err;
}
