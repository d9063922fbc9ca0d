// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "common/message.h"
#include "common/usage.h"

int usage_error(void)
{
	remedy("try --help");
	return EXIT_USAGE;
}

int usage_bad_value(const struct option *options, int option, int err)
{
	while (options->val != option)
		options++;
	message("--%s: %s: %s", options->name, optarg,
		err == -ERANGE ? "out of range" : "not a valid value");
	return usage_error();
}
