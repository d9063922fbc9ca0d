// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-send: captures from an FPGA and sends it to one peer or several. */
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/notify.h"
#include "common/results.h"
#include "common/signals.h"
#include "common/start.h"
#include "send/metrics.h"
#include "send/registered.h"
#include "send/report.h"
#include "send/sources.h"

/* Everything has been opened: transfers and reports. */
static int transfer(const struct send_options *o, struct transfer *t)
{
	struct report report = { .options = o, .transfer = t };

	progress_start(&t->progress, o->bytes == UNLIMITED ? 0 : o->bytes,
		       o->progress, o->quiet);
	if (o->duration_s != UNLIMITED)
		t->stop_ns = clock_ns() + o->duration_s * NS_PER_SEC;
	t->stats_ns = o->stats_s * NS_PER_SEC;
	if (t->stats_ns)
		t->stats_due_ns = clock_ns() + t->stats_ns;
	t->tell_stats = report_stats;
	stats_file_start(&t->stats_file, t->stats_ns);
	report.ok = !transfer_run(t);
	stats_file_end(&t->stats_file);
	report_print(&report);
	if (results_finish(-1, false))
		return EXIT_FAILED;
	return report.ok ? EXIT_OK : EXIT_FAILED;
}

static int send_to(const struct send_options *o, struct source *source,
		   struct peer *peers)
{
	struct transfer t = {
		.source = source,
		.peers = peers,
		.peer_count = o->peer_count,
		.framed = o->framed,
		.drop = o->drop,
		.quiet = o->quiet,
		.verbose = o->verbose,
		.rate.bytes_per_s = o->rate,
		.stats_file = {
			.path = o->stats_file,
			.program = "send",
			.put = send_metrics,
			.of = &t,
		},
	};
	int ret, sigfd;

	sigfd = signals_open();
	if (sigfd < 0)
		return EXIT_FAILED;
	t.sigfd = sigfd;
	t.slots = calloc(source->slot_count, sizeof(*t.slots));
	if (!t.slots) {
		message("out of memory");
		close(sigfd);
		return EXIT_FAILED;
	}
	/* The service manager may stop us at once: be ready for signals before. */
	notify_ready("sending %s to %u peers", source->name, o->peer_count);
	ret = transfer(o, &t);
	close(sigfd);
	free(t.slots);
	return ret;
}

/* Connects to all peers or to none. */
static int connect_and_send(const struct send_options *o,
			    struct source *source)
{
	static struct peer peers[MAX_PEERS];
	int ret = EXIT_FAILED, err;
	unsigned int i, opened = 0;

	/* If the device cannot capture, the peers need not know. */
	err = source_fill(source);
	while (!err && opened < o->peer_count) {
		err = peer_open(&peers[opened], &o->peers[opened], o, source);
		opened++;
	}
	if (!err)
		ret = send_to(o, source, peers);
	for (i = 0; i < opened; i++)
		peer_close(&peers[i]);
	return ret;
}

/* Before the first capture, and for all connections */
static int register_memory(const struct send_options *o, struct source *source)
{
	if (o->engine != ENGINE_RDMA)
		return 0;
	source->registered = registered_new(source);
	return source->registered ? 0 : -1;
}

static int run(const struct send_options *o)
{
	struct source *source = send_source_open(o);
	int ret = EXIT_FAILED;

	if (!source)
		return EXIT_FAILED;
	if (!register_memory(o, source))
		ret = connect_and_send(o, source);
	registered_free(source->registered);
	source_close(source);
	return ret;
}

int main(int argc, char **argv)
{
	struct send_options options;
	int ret;

	tool_start();
	ret = send_options_parse(argc, argv, &options);
	if (ret < 0)
		ret = run(&options);
	return tool_end(argc, argv, ret);
}
