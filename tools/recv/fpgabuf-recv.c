// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-recv: takes streams to files, or checks them. */
#include "common/start.h"
#include "recv/server.h"

int main(int argc, char **argv)
{
	struct recv_options options;
	int ret;

	tool_start();
	ret = recv_options_parse(argc, argv, &options);
	if (ret < 0)
		ret = server_run(&options);
	return tool_end(argc, argv, ret);
}
