// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-bench: what a stream needs. */
#include <errno.h>
#include <string.h>

#include "bench/report.h"
#include "common/message.h"

static int run(const struct bench_options *o)
{
	struct limits limits;
	struct plan plan;

	if (plan_make(&o->stream, &plan)) {
		message("no memory is large enough for that");
		remedy("give a lower --rate, or a shorter --rtt or --delay");
		return EXIT_FAILED;
	}
	if (limits_read(&limits, o, &plan, "/proc"))
		return EXIT_FAILED;
	if (o->json)
		report_json(stdout, &o->stream, &plan, &limits);
	else
		report_text(stdout, &o->stream, &plan, &limits);
	if (fflush(stdout)) {
		message("cannot write: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return limits_ok(&limits) ? EXIT_OK : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct bench_options options;
	int ret;

	ret = bench_options_parse(argc, argv, &options);
	return ret >= 0 ? ret : run(&options);
}
