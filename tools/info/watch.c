// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/results.h"
#include "common/signals.h"
#include "info/show.h"
#include "info/watch.h"

/* Escape sequences: go to the upper left corner; clear the screen below */
#define HOME	"\033[H"
#define CLEAR	"\033[J"

/* False if a signal came before. */
static bool wait_until(int sigfd, int64_t deadline_ns)
{
	struct pollfd p = { .fd = sigfd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, clock_left_ms(deadline_ns));
	} while (n < 0 && errno == EINTR);
	return n == 0;
}

static void show_screen(FILE *out, const struct snapshot *now,
			const struct snapshot *before)
{
	fputs(HOME CLEAR, out);
	show_text(out, now, before);
	show_hidden(out, now);
}

static int show(const struct info_options *o, const struct snapshot *now,
		const struct snapshot *before, int sigfd)
{
	FILE *out = results_begin();

	if (o->json)
		show_json(out, now, before);
	else if (isatty(STDOUT_FILENO))
		show_screen(out, now, before);
	else
		show_lines(out, now, before);
	results_end(false);
	return results_finish(sigfd, false);
}

static int watch_with(const struct info_options *o,
		      const struct places *places, int sigfd)
{
	int64_t next_ns = clock_ns(), period_ns = o->watch_s * NS_PER_SEC;
	struct snapshot now, before = { 0 };
	int ret = EXIT_FAILED;

	while (!snapshot_take(&now, places, o->devices, o->device_count)) {
		ret = show(o, &now, before.device_count ? &before : NULL,
			   sigfd) ? EXIT_FAILED : EXIT_OK;
		snapshot_free(&before);
		before = now;
		next_ns += period_ns;
		if (ret || !wait_until(sigfd, next_ns))
			break;
		ret = EXIT_FAILED;
	}
	snapshot_free(&before);
	return ret;
}

int watch_run(const struct info_options *options, const struct places *places)
{
	int sigfd = signals_open();
	int ret;

	if (sigfd < 0)
		return EXIT_FAILED;
	ret = watch_with(options, places, sigfd);
	close(sigfd);
	return ret;
}
