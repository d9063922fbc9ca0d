// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/notify.h"
#include "common/progress.h"
#include "common/results.h"
#include "common/signals.h"
#include "common/stats-file.h"
#include "recv/connection.h"
#include "recv/guests.h"
#include "recv/leavers.h"
#include "recv/listener.h"
#include "recv/metrics.h"
#include "recv/report.h"
#include "recv/server.h"

/* Further peers wait until one of them has ended. */
#define MOST_AT_ONCE	256

/* After accepting this many, the streams get their turn. */
#define ACCEPTED_AT_A_TIME	16

/* How long to pause when accept() fails for lack of descriptors */
#define LISTEN_PAUSE_NS	NS_PER_SEC

/* After a signal, data that have come are read for this time at most. */
#define LAST_NS		NS_PER_SEC

/* A stalled reader delays the end for this time at most. */
#define STALL_NS	(2 * NS_PER_SEC)

/* A guest has one place, a stream two: its socket, and where it is written. */
enum { POLL_SIGNAL, POLL_LISTENER, POLL_RESULTS, POLL_FIRST };

#define MOST_POLLS	(POLL_FIRST + MOST_GUESTS + 2 * MOST_AT_ONCE + MOST_LEAVERS)

/**
 * struct server - the loop's state
 * @options: the command line
 * @listener: where peers connect
 * @sigfd: signalfd of the signals that end it, which are blocked
 * @guests: peers that have connected, and have not sent anything
 * @next: the connection for the next stream, or NULL: it was not made yet
 * @next_number: its number
 * @open: connections that are open
 * @open_count: how many there are
 * @leavers: connections that were closed, and are not gone
 * @crowded: the lack of room for another stream was reported
 * @listen_again_ns: accept() failed: when to try again; or 0
 * @deaf: no connection can be accepted any more
 * @accepted: streams that have begun, or were refused
 * @idle_ns: since when none has been open
 * @stats_due_ns: when to print statistics, or 0
 * @stats_file: where they go for Prometheus
 * @most_bytes: what it has reported of bytes, which never gets less
 * @idle: the last turn has slept until it was time
 * @met: peers that have connected
 * @failed: the server cannot go on
 * @signaled: a signal has come
 * @totals: all connections that have ended
 * @progress: the progress line, started with the first connection
 */
struct server {
	const struct recv_options *options;
	struct listener listener;
	int sigfd;
	struct guests guests;
	struct connection *next;
	unsigned int next_number;
	struct connection *open[MOST_AT_ONCE];
	unsigned int open_count;
	struct leavers leavers;
	bool crowded;
	int64_t listen_again_ns;
	bool deaf;
	unsigned int accepted;
	int64_t idle_ns;
	int64_t stats_due_ns;
	struct stats_file stats_file;
	uint64_t most_bytes;
	bool idle;
	uint64_t met;
	bool failed;
	bool signaled;
	struct totals totals;
	struct progress progress;
};

/* A second signal ends the program at once, even if a disk is slow. */
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
	return !s->failed && !s->deaf &&
	       (s->options->connections == 0 ||
		s->accepted < s->options->connections);
}

/* A service that is started again skips numbers whose file exists. */
static struct sink *next_sink(struct server *s)
{
	struct sink *sink;
	bool exists;

	for (;;) {
		sink = sink_new(s->options, s->next_number, &exists);
		if (sink || !exists || s->options->connections ||
		    s->next_number == UINT_MAX)
			return sink;
		s->next_number++;
	}
}

/* Errors such as a bad name or a full disk come before a peer connects. */
static int prepare_next(struct server *s)
{
	struct sink *sink;

	if (s->next)
		return 0;
	sink = next_sink(s);
	if (!sink)
		return -1;
	s->next = connection_new(s->options, s->next_number, sink);
	if (s->next)
		return 0;
	sink_discard(sink);
	sink_free(sink);
	return -1;
}

static void forget_next(struct server *s)
{
	if (!s->next)
		return;
	sink_discard(s->next->sink);
	connection_free(s->next);
	s->next = NULL;
}

static uint64_t bytes_so_far(const struct server *s)
{
	uint64_t bytes = s->totals.bytes;
	unsigned int i;

	for (i = 0; i < s->open_count; i++)
		bytes += s->open[i]->bytes;
	return bytes;
}

/* The total is known only if all streams have this length. */
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
	s->failed = true;
}

/* Whatever the error is, the open streams go on. */
static void accept_failed(struct server *s, int err)
{
	if (err == -EAGAIN || err == -EINTR || err == -ECONNABORTED)
		return;
	if ((err == -EMFILE || err == -ENFILE) && guests_make_room(&s->guests))
		return;
	progress_end(&s->progress);
	message("cannot accept a connection: %s", strerror(-err));
	if (err == -EMFILE)
		remedy("raise the limit of open files (LimitNOFILE= or `ulimit -n`)");
	s->listen_again_ns = clock_ns() + LISTEN_PAUSE_NS;
	if (listener_goes_on(err))
		return;
	s->totals.failed++;
	s->deaf = true;
}

static void accept_guests(struct server *s)
{
	struct guest guest;
	unsigned int i;
	int err;

	for (i = 0; i < ACCEPTED_AT_A_TIME; i++) {
		err = listener_accept(&s->listener, s->options, &guest.inlet,
				      guest.peer);
		if (err) {
			accept_failed(s, err);
			return;
		}
		guest.since_ns = clock_ns();
		guest.stall = (struct stall){ 0 };
		guests_add(&s->guests, &guest);
		s->met++;
	}
}

/* There is no place for its stream; the others go on. */
static void refuse(struct server *s, unsigned int index)
{
	guests_drop(&s->guests, index, "is refused");
	s->next_number++;
	s->accepted++;
	s->totals.failed++;
}

static void tell_manager(const struct server *s)
{
	notify_status("%u streams open, %u have ended, %u failed",
		      s->open_count, s->totals.connections, s->totals.failed);
}

static void begin_stream(struct server *s, unsigned int index)
{
	struct connection *c;
	struct guest guest;

	if (prepare_next(s)) {
		refuse(s, index);
		return;
	}
	guest = guests_take(&s->guests, index);
	c = s->next;
	s->next = NULL;
	s->next_number++;
	strcpy(c->peer, guest.peer);
	connection_start(c, guest.inlet);
	if (!s->accepted++)
		start_progress(s);
	s->open[s->open_count++] = c;
	tell_manager(s);
}

/* A peer that sends nothing counts only if an empty stream is expected. */
static void on_guest(struct server *s, unsigned int index)
{
	enum guest_news news = guest_look(&s->guests.list[index]);

	if (news == GUEST_SENDS || (news == GUEST_LEFT && !s->options->bytes))
		begin_stream(s, index);
	else if (news == GUEST_LEFT)
		guests_drop(&s->guests, index,
			    "has left without sending anything");
}

/* A peer that comes too late gets a reset at once. */
static void close_door(struct server *s)
{
	listener_close(&s->listener);
	while (s->guests.count)
		guests_drop(&s->guests, s->guests.count - 1,
			    "comes too late, and is refused");
}

static bool has_room(struct server *s)
{
	if (s->open_count < MOST_AT_ONCE)
		return true;
	if (!s->crowded && !s->options->quiet)
		inform("%u streams are open: further ones wait", s->open_count);
	s->crowded = true;
	return false;
}

/* Those that have gone leave no hole. */
static void look_at_guests(struct server *s, const struct pollfd *polls,
			   unsigned int count)
{
	unsigned int i, index = 0, before;

	for (i = 0; i < count; i++) {
		before = s->guests.count;
		if (polls[i].revents && wants_more(s) && has_room(s))
			on_guest(s, index);
		index += s->guests.count == before;
	}
	if (!wants_more(s))
		close_door(s);
}

/* TCP has acknowledged data of guests, so these become streams at the end. */
static void take_last_guests(struct server *s)
{
	unsigned int index = 0, before;

	if (s->listener.fd >= 0)
		accept_guests(s);
	while (index < s->guests.count && wants_more(s) && has_room(s)) {
		before = s->guests.count;
		on_guest(s, index);
		index += s->guests.count == before;
	}
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
	leavers_add(&s->leavers, &c->inlet);
	connection_free(c);
	tell_manager(s);
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

/* With --connections 0 it is no failure that no peer connects. */
static bool waits_in_vain(const struct server *s)
{
	return s->options->connections && wants_more(s) && !s->open_count &&
	       !s->guests.count && is_too_late(s, s->idle_ns);
}

static void end_late_streams(struct server *s)
{
	unsigned int i = s->open_count;
	const char *why;

	while (i--) {
		if (!is_too_late(s, connection_idle_since(s->open[i], &why)))
			continue;
		progress_end(&s->progress);
		connection_break(s->open[i], why);
		retire(s, i);
	}
}

static void end_late(struct server *s)
{
	unsigned int i = s->guests.count;

	while (i--)
		if (is_too_late(s, s->guests.list[i].since_ns))
			guests_drop(&s->guests, i, "has sent nothing in time");
	end_late_streams(s);
	if (waits_in_vain(s)) {
		message("no peer connected and sent data: %s",
			strerror(ETIMEDOUT));
		fail(s);
	}
}

static void sooner(int64_t *first, int64_t due)
{
	if (due && (!*first || due < *first))
		*first = due;
}

/* When the next peer will be too late, or 0. */
static int64_t first_late_ns(const struct server *s)
{
	int64_t first = guests_oldest_ns(&s->guests);
	const char *why;
	unsigned int i;

	if (s->options->timeout_ms < 0)
		return 0;
	for (i = 0; i < s->open_count; i++)
		sooner(&first, connection_idle_since(s->open[i], &why));
	if (!first && s->options->connections)
		first = s->idle_ns;
	return first ? first + patience_ns(s) : 0;
}

static int next_timeout_ms(const struct server *s)
{
	int64_t first = first_late_ns(s);
	unsigned int i;
	int ms;

	sooner(&first, s->listen_again_ns);
	sooner(&first, s->stats_due_ns);
	sooner(&first, s->stats_file.due_ns);
	sooner(&first, notify_watch_ns());
	sooner(&first, guests_watch_ns(&s->guests));
	sooner(&first, leavers_due_ns(&s->leavers));
	for (i = 0; i < s->open_count; i++) {
		sooner(&first, sink_due_ns(s->open[i]->sink));
		sooner(&first, stall_due_ns(&s->open[i]->stall));
	}
	ms = first ? clock_left_ms(first) : -1;
	if (s->progress.enabled && (ms < 0 || ms > PROGRESS_PERIOD_MS))
		ms = PROGRESS_PERIOD_MS;
	return ms;
}

static void fill_guests(const struct server *s, struct pollfd *polls)
{
	unsigned int i;

	for (i = 0; i < s->guests.count; i++)
		polls[i] = (struct pollfd){
			s->open_count < MOST_AT_ONCE ? s->guests.list[i].inlet.fd :
						       -1, POLLIN, 0
		};
}

static void fill_streams(const struct server *s, struct pollfd *polls)
{
	unsigned int i;

	for (i = 0; i < s->open_count; i++) {
		const struct connection *c = s->open[i];

		*polls++ = (struct pollfd){
			connection_wants(c) ? c->inlet.fd : -1, POLLIN, 0
		};
		*polls++ = (struct pollfd){
			sink_waits(c->sink) ? sink_fd(c->sink) : -1, POLLOUT, 0
		};
	}
}

/* Returns how many there are. */
static unsigned int fill_polls(const struct server *s, struct pollfd *polls)
{
	polls[POLL_SIGNAL] = (struct pollfd){ s->sigfd, POLLIN, 0 };
	polls[POLL_LISTENER] = (struct pollfd){
		wants_more(s) && !s->listen_again_ns ? s->listener.fd : -1,
		POLLIN, 0
	};
	polls[POLL_RESULTS] = (struct pollfd){ results_fd(), POLLOUT, 0 };
	fill_guests(s, polls + POLL_FIRST);
	fill_streams(s, polls + POLL_FIRST + s->guests.count);
	leavers_fill(&s->leavers,
		     polls + POLL_FIRST + s->guests.count + 2 * s->open_count);
	return POLL_FIRST + s->guests.count + 2 * s->open_count +
	       s->leavers.count;
}

static bool is_due(const struct connection *c, int64_t now)
{
	int64_t due = sink_due_ns(c->sink);

	return due && now >= due;
}

/* Backwards, as the last one takes the place of one that has ended. */
static void serve_streams(struct server *s, const struct pollfd *polls)
{
	unsigned int i = s->open_count;
	int64_t now = clock_ns();

	while (i--) {
		struct connection *c = s->open[i];

		if (polls[2 * i + 1].revents || is_due(c, now) ||
		    (sink_waits(c->sink) && sink_fd(c->sink) < 0))
			connection_push(c);
		if (c->inlet.fd >= 0 && polls[2 * i].revents)
			connection_receive(c);
		if (c->inlet.fd < 0)
			retire(s, i);
	}
}

static void watch_peers(struct server *s)
{
	unsigned int i;

	guests_watch(&s->guests);
	for (i = 0; i < s->open_count; i++)
		connection_watch(s->open[i]);
}

static void add_stream(struct recv_figures *n, const struct connection *c)
{
	n->captures += c->framing.captures;
	n->gaps += c->framing.gaps;
	n->skipped_captures += c->framing.skipped_captures;
}

/* A failure may take back bytes that did not get to the file, but no counter does. */
static void put_metrics(struct metrics *metrics, const void *server)
{
	const struct server *s = server;
	struct recv_figures n = {
		.open = s->open_count,
		.silent = s->guests.count,
		.ended = s->totals.connections,
		.failed = s->totals.failed,
		.bytes = s->most_bytes,
		.framed = s->options->framed,
		.captures = s->totals.captures,
		.gaps = s->totals.gaps,
		.skipped_captures = s->totals.skipped_captures,
	};
	unsigned int i;

	for (i = 0; i < s->open_count; i++)
		add_stream(&n, s->open[i]);
	recv_metrics(metrics, &n);
}

static void note_bytes(struct server *s)
{
	const uint64_t bytes = bytes_so_far(s);

	if (bytes > s->most_bytes)
		s->most_bytes = bytes;
}

static void tell_stats(struct server *s)
{
	note_bytes(s);
	stats_file_turn(&s->stats_file);
	notify_watch(s->idle, s->most_bytes + s->met + s->totals.connections);
	if (!s->stats_due_ns || clock_ns() < s->stats_due_ns)
		return;
	s->stats_due_ns += s->options->stats_ns;
	progress_end(&s->progress);
	report_stats(s->options, &s->totals, s->open, s->open_count,
		     s->guests.count);
}

static void serve(struct server *s)
{
	struct pollfd polls[MOST_POLLS];
	unsigned int guests = s->guests.count;
	unsigned int count = fill_polls(s, polls);
	const int timeout = next_timeout_ms(s);
	const int n = poll(polls, count, timeout);

	s->idle = !n && timeout;
	if (n < 0) {
		if (errno == EINTR)
			return;
		message("cannot wait: %s", strerror(errno));
		fail(s);
		return;
	}
	results_push();
	if (clock_ns() >= s->listen_again_ns)
		s->listen_again_ns = 0;
	leavers_look(&s->leavers);
	serve_streams(s, polls + POLL_FIRST + guests);
	look_at_guests(s, polls + POLL_FIRST, guests);
	end_late(s);
	if (polls[POLL_LISTENER].revents && wants_more(s))
		accept_guests(s);
	if (polls[POLL_SIGNAL].revents)
		s->signaled = true;
	watch_peers(s);
	tell_stats(s);
	progress_update(&s->progress, bytes_so_far(s));
}

/* Reads the data that have come, because TCP has acknowledged them. */
static void take_rest(struct connection *c)
{
	struct pollfd p = { .fd = c->inlet.fd, .events = POLLIN };
	int64_t end = clock_ns() + LAST_NS;

	while (connection_wants(c) && poll(&p, 1, 0) > 0 && clock_ns() < end)
		connection_receive(c);
	if (c->inlet.fd >= 0 && !c->over)
		connection_stop(c, "interrupted");
}

static void push_all(struct server *s)
{
	unsigned int i = s->open_count;

	while (i--) {
		if (s->open[i]->inlet.fd >= 0)
			connection_push(s->open[i]);
		if (s->open[i]->inlet.fd < 0)
			retire(s, i);
	}
}

/* True if a reader goes on, false if nothing is left to wait for. */
static bool wait_for_readers(struct server *s)
{
	struct pollfd polls[2 * MOST_AT_ONCE];

	if (!s->open_count)
		return false;
	fill_streams(s, polls);
	return poll(polls, 2 * s->open_count, STALL_NS / NS_PER_MS) > 0;
}

static void interrupt_all(struct server *s)
{
	unsigned int i;

	for (i = 0; i < s->open_count; i++)
		take_rest(s->open[i]);
	do {
		push_all(s);
	} while (wait_for_readers(s));
	while (s->open_count) {
		connection_break(s->open[s->open_count - 1], "interrupted");
		retire(s, s->open_count - 1);
	}
}

/* With --connections 0 a signal is the normal end. */
static void stop(struct server *s)
{
	const struct recv_options *o = s->options;

	notify_stopping();
	close_signals(s);
	progress_end(&s->progress);
	take_last_guests(s);
	close_door(s);
	interrupt_all(s);
	leavers_wait(&s->leavers);
	if (o->connections && !s->totals.failed &&
	    s->totals.connections < o->connections) {
		message("interrupted before %s",
			s->accepted ? "all peers connected" :
				      "a peer connected");
		s->totals.failed++;
	}
}

static int serve_all(struct server *s)
{
	notify_ready("listening");
	s->idle_ns = clock_ns();
	if (s->options->stats_ns)
		s->stats_due_ns = s->idle_ns + s->options->stats_ns;
	stats_file_start(&s->stats_file, s->options->stats_ns);
	while (s->open_count || wants_more(s)) {
		serve(s);
		if (s->signaled || s->failed)
			break;
	}
	stop(s);
	note_bytes(s);
	stats_file_end(&s->stats_file);
	report_totals(s->options, &s->totals);
	if (results_finish(-1, s->signaled))
		return EXIT_FAILED;
	return s->totals.failed ? EXIT_FAILED : EXIT_OK;
}

/* Touches no file before it listens, and tells nobody before all is ready. */
static int listen_and_serve(struct server *s)
{
	int ret = EXIT_FAILED;

	if (listener_open(&s->listener, s->options))
		return EXIT_FAILED;
	if (!prepare_next(s) &&
	    !listener_announce(&s->listener, s->options, s->sigfd))
		ret = serve_all(s);
	forget_next(s);
	listener_close(&s->listener);
	return ret;
}

int server_run(const struct recv_options *options)
{
	static struct server s;
	int ret;

	s = (struct server){
		.options = options,
		.next_number = 1,
		.guests.quiet = options->quiet,
		.stats_file = {
			.path = options->stats_file,
			.program = "recv",
			.put = put_metrics,
			.of = &s,
		},
	};
	/* Where the stream is not. */
	if (options->output && !strcmp(options->output, "-"))
		results_to(STDERR_FILENO);
	s.sigfd = signals_open();
	if (s.sigfd < 0)
		return EXIT_FAILED;
	ret = listen_and_serve(&s);
	if (s.sigfd >= 0)
		close_signals(&s);
	return ret;
}
