// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "common/message.h"
#include "common/usage.h"

int usage_error(void)
{
	remedy("try --help");
	return EXIT_USAGE;
}

static const char *what_is_wrong(int err)
{
	switch (err) {
	case -ERANGE:
		return "out of range";
	case -ENOENT:
		return "nobody has this name";
	default:
		return "not a valid value";
	}
}

int usage_bad_value(const struct option *options, int option, int err)
{
	while (options->val != option)
		options++;
	message("--%s: %s: %s", options->name, optarg, what_is_wrong(err));
	return usage_error();
}
