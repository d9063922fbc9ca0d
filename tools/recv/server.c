// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/progress.h"
#include "common/signals.h"
#include "recv/connection.h"
#include "recv/listener.h"
#include "recv/report.h"
#include "recv/server.h"

/* Further peers wait in the queue of the listening socket. */
#define MOST_AT_ONCE	256

enum { POLL_SIGNAL, POLL_LISTENER, POLL_FIRST };

/**
 * struct server - the loop's state
 * @options: the command line
 * @listener: where peers connect
 * @sigfd: signalfd of SIGINT and SIGTERM, which are blocked
 * @next: what the next peer gets, or NULL: it was not made yet
 * @open: connections that are open
 * @open_count: how many they are
 * @crowded: there were no descriptors for another one
 * @accepted: connections that were accepted
 * @idle_ns: since when none has been open
 * @stop: no more of anything
 * @totals: what has been
 * @progress: the progress line, started with the first connection
 */
struct server {
	const struct recv_options *options;
	struct listener listener;
	int sigfd;
	struct connection *next;
	struct connection *open[MOST_AT_ONCE];
	unsigned int open_count;
	bool crowded;
	unsigned int accepted;
	int64_t idle_ns;
	bool stop;
	struct totals totals;
	struct progress progress;
};

/* Who asks twice is not to wait for a disk. */
static void close_signals(struct server *s)
{
	struct signalfd_siginfo info;

	while (read(s->sigfd, &info, sizeof(info)) > 0)
		;
	close(s->sigfd);
	s->sigfd = -1;
	signals_unblock();
}

static bool wants_more(const struct server *s)
{
	return !s->stop && (s->options->connections == 0 ||
			    s->accepted < s->options->connections);
}

/* A bad name or a full disk shows before anybody connects. */
static int prepare_next(struct server *s)
{
	struct sink *sink;

	if (s->next)
		return 0;
	sink = sink_new(s->options, s->accepted + 1);
	if (!sink)
		return -1;
	s->next = connection_new(s->options, s->accepted + 1, sink);
	if (s->next)
		return 0;
	sink_free(sink);
	return -1;
}

static uint64_t bytes_so_far(const struct server *s)
{
	uint64_t bytes = s->totals.bytes;
	unsigned int i;

	for (i = 0; i < s->open_count; i++)
		bytes += s->open[i]->bytes;
	return bytes;
}

/* The totals are known only if all are of that length. */
static void start_progress(struct server *s)
{
	const struct recv_options *o = s->options;
	uint64_t total = 0;

	if (o->bytes != ANY_LENGTH && o->bytes <= UINT64_MAX / UINT_MAX)
		total = o->bytes * o->connections;
	progress_start(&s->progress, total, o->progress, o->quiet);
}

static void fail(struct server *s)
{
	s->totals.failed++;
	s->stop = true;
}

static void accept_failed(struct server *s, int err)
{
	/* It went away again, before it was its turn. */
	if (err == -EAGAIN || err == -EINTR || err == -ECONNABORTED)
		return;
	if ((err == -EMFILE || err == -ENFILE) && s->open_count) {
		s->crowded = true;
		return;
	}
	message("cannot accept a connection: %s", strerror(-err));
	fail(s);
}

/* There is no place for its stream; the others go on. */
static void refuse_one(struct server *s)
{
	char peer[ENDPOINT_NAME_SIZE];
	int sock = listener_accept(&s->listener, peer);

	if (sock < 0) {
		accept_failed(s, sock);
		return;
	}
	close(sock);
	message("connection from %s refused", peer);
	s->accepted++;
	s->totals.failed++;
}

/* The file of a connection is opened before it is accepted. */
static void accept_one(struct server *s)
{
	struct connection *c;
	int sock;

	if (prepare_next(s)) {
		refuse_one(s);
		return;
	}
	sock = listener_accept(&s->listener, s->next->peer);
	if (sock < 0) {
		accept_failed(s, sock);
		return;
	}
	c = s->next;
	s->next = NULL;
	connection_start(c, sock);
	if (!s->accepted++)
		start_progress(s);
	s->open[s->open_count++] = c;
	/* Who comes too late is to know it at once. */
	if (!wants_more(s))
		listener_close(&s->listener);
}

static void retire(struct server *s, unsigned int index)
{
	struct connection *c = s->open[index];

	s->open[index] = s->open[--s->open_count];
	s->crowded = false;
	s->idle_ns = clock_ns();
	progress_end(&s->progress);
	totals_add(&s->totals, c);
	report_connection(s->options, c);
	connection_free(c);
}

static int64_t patience_ns(const struct server *s)
{
	return s->options->timeout_ms * NS_PER_MS;
}

static bool is_too_late(const struct server *s, int64_t since_ns)
{
	return s->options->timeout_ms >= 0 &&
	       clock_ns() - since_ns >= patience_ns(s);
}

/* Who waits for peers until a signal comes does so without them, too. */
static bool waits_in_vain(const struct server *s)
{
	return s->options->connections && wants_more(s) && !s->open_count &&
	       is_too_late(s, s->idle_ns);
}

static void end_late(struct server *s)
{
	unsigned int i = s->open_count;

	while (i--) {
		if (!is_too_late(s, s->open[i]->heard_ns))
			continue;
		progress_end(&s->progress);
		connection_break(s->open[i], strerror(ETIMEDOUT));
		retire(s, i);
	}
	if (waits_in_vain(s)) {
		message("nobody connected: %s", strerror(ETIMEDOUT));
		fail(s);
	}
}

static int next_timeout_ms(const struct server *s)
{
	int64_t first = s->idle_ns;
	unsigned int i;
	int ms = -1;

	for (i = 0; i < s->open_count; i++)
		if (!i || s->open[i]->heard_ns < first)
			first = s->open[i]->heard_ns;
	if (s->options->timeout_ms >= 0 &&
	    (s->open_count || s->options->connections))
		ms = clock_left_ms(first + patience_ns(s));
	if (s->progress.enabled && (ms < 0 || ms > PROGRESS_PERIOD_MS))
		ms = PROGRESS_PERIOD_MS;
	return ms;
}

static bool has_room(const struct server *s)
{
	return wants_more(s) && !s->crowded && s->open_count < MOST_AT_ONCE;
}

static unsigned int fill_polls(const struct server *s, struct pollfd *polls)
{
	unsigned int i;

	polls[POLL_SIGNAL] = (struct pollfd){ s->sigfd, POLLIN, 0 };
	polls[POLL_LISTENER] = (struct pollfd){
		has_room(s) ? s->listener.fd : -1, POLLIN, 0
	};
	for (i = 0; i < s->open_count; i++)
		polls[POLL_FIRST + i] = (struct pollfd){
			s->open[i]->sock, POLLIN, 0
		};
	return POLL_FIRST + s->open_count;
}

/* Backwards, as the last one takes the place of one that has ended. */
static void receive(struct server *s, const struct pollfd *polls)
{
	unsigned int i = s->open_count;

	while (i--) {
		if (!polls[POLL_FIRST + i].revents)
			continue;
		connection_receive(s->open[i]);
		if (s->open[i]->sock < 0)
			retire(s, i);
	}
}

static void serve(struct server *s)
{
	struct pollfd polls[POLL_FIRST + MOST_AT_ONCE];
	unsigned int count = fill_polls(s, polls);

	if (poll(polls, count, next_timeout_ms(s)) < 0) {
		if (errno == EINTR)
			return;
		message("cannot wait: %s", strerror(errno));
		fail(s);
		return;
	}
	receive(s, polls);
	end_late(s);
	if (polls[POLL_LISTENER].revents)
		accept_one(s);
	if (polls[POLL_SIGNAL].revents)
		s->stop = true;
	progress_update(&s->progress, bytes_so_far(s));
}

/* What has come is taken: the peer was told that it has. */
static void interrupt(struct server *s, unsigned int index)
{
	struct connection *c = s->open[index];

	connection_receive(c);
	if (c->sock >= 0)
		connection_break(c, "interrupted");
	retire(s, index);
}

/* A signal is the usual end of who serves until there is one. */
static void stop(struct server *s)
{
	const struct recv_options *o = s->options;

	close_signals(s);
	progress_end(&s->progress);
	while (s->open_count)
		interrupt(s, s->open_count - 1);
	if (o->connections && !s->totals.failed &&
	    s->totals.connections < o->connections) {
		message("interrupted before %s",
			s->accepted ? "all have connected" :
				      "anybody connected");
		s->totals.failed++;
	}
}

static int listen_and_serve(struct server *s)
{
	if (listener_open(&s->listener, s->options))
		return EXIT_FAILED;
	s->idle_ns = clock_ns();
	while (s->open_count || wants_more(s)) {
		serve(s);
		if (s->stop)
			break;
	}
	stop(s);
	listener_close(&s->listener);
	if (report_totals(s->options, &s->totals))
		return EXIT_FAILED;
	return s->totals.failed ? EXIT_FAILED : EXIT_OK;
}

int server_run(const struct recv_options *options)
{
	struct server s = { .options = options };
	int ret = EXIT_FAILED;

	if (prepare_next(&s))
		return EXIT_FAILED;
	s.sigfd = signals_open(false);
	if (s.sigfd >= 0) {
		ret = listen_and_serve(&s);
		if (s.sigfd >= 0)
			close_signals(&s);
	}
	if (s.next)
		sink_finish(s.next->sink);
	connection_free(s.next);
	return ret;
}
