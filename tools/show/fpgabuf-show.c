// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-show: captures pictures from an FPGA and shows them on a screen. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/message.h"
#include "common/signals.h"
#include "show/report.h"

static int show(struct viewer *viewer, int sigfd)
{
	bool ok = !viewer_run(viewer, sigfd);

	report_print(viewer, ok);
	if (fflush(stdout)) {
		message("cannot write the summary: %s", strerror(errno));
		ok = false;
	}
	return ok ? EXIT_OK : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct show_options options;
	struct viewer viewer;
	int ret, sigfd;

	ret = show_options_parse(argc, argv, &options);
	if (ret >= 0)
		return ret;
	/* A closed pipe behind stdout is an error like any other. */
	signal(SIGPIPE, SIG_IGN);
	/* From here on the screen is put right again, whatever comes. */
	sigfd = signals_open(true);
	if (sigfd < 0)
		return EXIT_FAILED;
	ret = EXIT_FAILED;
	if (!viewer_open(&viewer, &options)) {
		ret = show(&viewer, sigfd);
		viewer_close(&viewer);
	}
	close(sigfd);
	return ret;
}
