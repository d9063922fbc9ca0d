// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/message.h"
#include "common/results.h"
#include "common/start.h"

/* A path alone can be neither read nor written, as if it were closed. */
static void fill_closed(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/", O_PATH);
}

void tool_start(void)
{
	fill_closed();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

/* As getopt_long() knows it, also when it has not come so far. */
static bool wants_json(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (strlen(argv[i]) > 2 &&
		    !strncmp("--json", argv[i], strlen(argv[i])))
			return true;
	return false;
}

int tool_end(int argc, char **argv, int code)
{
	struct json j;

	if (code != EXIT_OK && !json_printed() && wants_json(argc, argv)) {
		json_begin(&j, results_begin());
		json_bool(&j, "ok", false);
		/* What getopt() says is not ours to repeat. */
		json_quoted(&j, "error",
			    *message_first() ? message_first() : "bad usage");
		json_end(&j);
		results_end(false);
		results_finish(-1, false);
	}
	message_end();
	return code;
}
