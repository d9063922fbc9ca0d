// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-share: captures from an FPGA, and shares the captures. */
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/controller.h"
#include "common/json.h"
#include "common/message.h"
#include "common/notify.h"
#include "common/results.h"
#include "common/signals.h"
#include "common/start.h"
#include "share/metrics.h"
#include "share/server.h"

/* Every region and every client needs a descriptor: raise the limit. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void report_json(FILE *out, const struct server *s, double seconds,
			bool ok)
{
	const struct fpgabuf_ring_counts *n = &s->pool.capturing.counts;
	struct json j;

	json_begin(&j, out);
	json_bool(&j, "ok", ok);
	json_quoted(&j, "device", s->options->device);
	json_number(&j, "regions", s->pool.region_count);
	json_number(&j, "region_size", s->pool.region_size);
	json_decimal(&j, "seconds", seconds);
	json_number(&j, "captures", n->captures);
	json_number(&j, "bytes", n->bytes);
	json_gaps(&j, n->gaps, controller_gaps(&s->pool.capturing.info));
	json_number(&j, "partial", n->partial);
	json_number(&j, "timeouts", n->timeouts);
	json_number(&j, "errors", n->failures);
	json_number(&j, "busy_retries", n->busy_retries);
	json_number(&j, "connected", s->client_count);
	json_number(&j, "clients", s->served);
	json_number(&j, "most_clients", s->most_clients);
	json_number(&j, "refused", s->refused);
	json_number(&j, "malformed", s->malformed);
	json_number(&j, "late", s->late);
	json_number(&j, "told", s->told);
	json_number(&j, "missed", s->missed);
	json_number(&j, "released", s->released);
	json_number(&j, "reclaimed", s->reclaimed);
	json_number(&j, "held", s->held);
	json_quoted(&j, "error", ok ? "" : message_first());
	json_end(&j);
}

static void report_text(FILE *out, const struct server *s, double seconds)
{
	const struct fpgabuf_ring_counts *n = &s->pool.capturing.counts;

	fprintf(out, "%llu captures, %llu bytes in %.3f s; %llu clients, which got %llu captures and missed %llu\n",
		(unsigned long long)n->captures, (unsigned long long)n->bytes,
		seconds, (unsigned long long)s->served,
		(unsigned long long)s->told, (unsigned long long)s->missed);
}

static void print(const struct server *s, bool ok)
{
	int64_t ns = clock_ns() - s->progress.start_ns;
	double seconds = (double)ns / NS_PER_SEC;

	if (s->options->json)
		report_json(results_begin(), s, seconds, ok);
	else if (!s->options->quiet)
		report_text(results_begin(), s, seconds);
}

/* The summary while the server runs: "ok" is true. */
static void print_stats(const struct server *s)
{
	print(s, true);
}

static int report(const struct server *s, bool ok)
{
	print(s, ok);
	results_end(false);
	if (results_finish(s->sigfd, s->stopping))
		return EXIT_FAILED;
	return ok ? EXIT_OK : EXIT_FAILED;
}

static int share(struct server *s)
{
	const struct share_options *o = s->options;
	bool ok;

	s->credits_left = o->regions - RESERVED_REGIONS;
	if (!o->quiet)
		inform("sharing %s at %s", o->device,
		       o->path ? o->path : "the socket that was passed");
	notify_ready("sharing %s with nobody yet", o->device);
	progress_start(&s->progress, 0, o->progress, o->quiet);
	s->report = print_stats;
	if (o->stats_s)
		s->stats_due_ns = clock_ns() + o->stats_s * NS_PER_SEC;
	stats_file_start(&s->stats_file, o->stats_s * NS_PER_SEC);
	ok = !server_run(s);
	stats_file_end(&s->stats_file);
	return report(s, ok);
}

/* The device before the socket: a client that can connect is served. */
static int open_and_share(struct server *s)
{
	int ret;

	if (pool_open(&s->pool, s->options))
		return EXIT_FAILED;
	ret = listener_open(&s->listener, s->options);
	if (!ret) {
		ret = share(s);
		listener_close(&s->listener);
	}
	pool_close(&s->pool);
	return ret;
}

static int run(const struct share_options *options)
{
	struct server server = {
		.options = options,
		.stats_file = {
			.path = options->stats_file,
			.program = "share",
			.put = share_metrics,
			.of = &server,
		},
	};
	int ret;

	server.sigfd = signals_open();
	if (server.sigfd < 0)
		return EXIT_FAILED;
	raise_limit();
	ret = open_and_share(&server);
	close(server.sigfd);
	return ret;
}

int main(int argc, char **argv)
{
	struct share_options options;
	int ret;

	tool_start();
	ret = share_options_parse(argc, argv, &options);
	if (ret < 0)
		ret = run(&options);
	return tool_end(argc, argv, ret);
}
