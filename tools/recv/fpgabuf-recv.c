// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-recv: takes streams to files, or checks them. */
#include <signal.h>

#include "recv/server.h"

int main(int argc, char **argv)
{
	struct recv_options options;
	int ret;

	ret = recv_options_parse(argc, argv, &options);
	if (ret >= 0)
		return ret;
	/* A closed pipe behind stdout is an error like any other. */
	signal(SIGPIPE, SIG_IGN);
	return server_run(&options);
}
