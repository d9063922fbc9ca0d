// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-show: captures pictures from an FPGA and shows them on a screen. */
#include <unistd.h>

#include "common/message.h"
#include "common/results.h"
#include "common/signals.h"
#include "common/start.h"
#include "show/report.h"

static int show(struct viewer *viewer, int sigfd)
{
	bool ok = !viewer_run(viewer, sigfd);

	report_print(results_begin(), viewer, ok);
	results_end(false);
	if (results_finish(sigfd, false))
		ok = false;
	return ok ? EXIT_OK : EXIT_FAILED;
}

static int run(const struct show_options *options)
{
	struct viewer viewer;
	int ret, sigfd;

	/* From here on the screen is restored in any case. */
	sigfd = signals_open();
	if (sigfd < 0)
		return EXIT_FAILED;
	ret = EXIT_FAILED;
	if (!viewer_open(&viewer, options)) {
		ret = show(&viewer, sigfd);
		viewer_close(&viewer);
	}
	close(sigfd);
	return ret;
}

int main(int argc, char **argv)
{
	struct show_options options;
	int ret;

	tool_start();
	ret = show_options_parse(argc, argv, &options);
	if (ret < 0)
		ret = run(&options);
	return tool_end(argc, argv, ret);
}
