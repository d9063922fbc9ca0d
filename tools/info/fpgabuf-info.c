// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-info: shows devices and regions, and who holds them. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/message.h"
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

	if (snapshot_take(&now, &places, o->devices, o->device_count))
		return EXIT_FAILED;
	if (o->json) {
		show_json(stdout, &now, NULL);
	} else {
		show_text(stdout, &now, NULL);
		show_hidden(stdout, &now);
	}
	snapshot_free(&now);
	if (!fflush(stdout))
		return EXIT_OK;
	message("cannot write: %s", strerror(errno));
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct info_options options;
	int ret;

	ret = info_options_parse(argc, argv, &options);
	if (ret >= 0)
		return ret;
	/* A closed pipe is an error like any other. */
	signal(SIGPIPE, SIG_IGN);
	return options.watch_s ? watch_run(&options, &places) :
				 look_once(&options);
}
