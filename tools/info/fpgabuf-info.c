// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-info: shows devices, their regions, and the processes that hold them. */
#include "common/message.h"
#include "common/results.h"
#include "common/start.h"
#include "info/options.h"
#include "info/show.h"
#include "info/watch.h"

static const struct places places = {
	.dev = "/dev",
	.proc = "/proc",
	.debug = "/sys/kernel/debug",
};

static int look_once(const struct info_options *o)
{
	struct snapshot now;
	FILE *out;

	if (snapshot_take(&now, &places, o->devices, o->device_count))
		return EXIT_FAILED;
	out = results_begin();
	if (o->json) {
		show_json(out, &now, NULL);
	} else {
		show_text(out, &now, NULL);
		show_hidden(out, &now);
	}
	results_end(false);
	snapshot_free(&now);
	return results_finish(-1, false) ? EXIT_FAILED : EXIT_OK;
}

int main(int argc, char **argv)
{
	struct info_options options;
	int ret;

	tool_start();
	ret = info_options_parse(argc, argv, &options);
	if (ret < 0)
		ret = options.watch_s ? watch_run(&options, &places) :
					look_once(&options);
	return tool_end(argc, argv, ret);
}
