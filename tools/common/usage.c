// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "common/message.h"
#include "common/results.h"
#include "common/size.h"
#include "common/usage.h"

int usage_show(const char *text)
{
	fputs(text, results_begin());
	results_end(false);
	return results_finish(-1, false) ? EXIT_FAILED : EXIT_OK;
}

int usage_error(void)
{
	remedy("try --help");
	return EXIT_USAGE;
}

int usage_wrong(const char *what)
{
	message("%s", what);
	return usage_error();
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
	remedy("it takes %s", parse_wanted());
	return EXIT_USAGE;
}

int usage_bad_endpoint(const char *text, const char *form)
{
	message("%s: not of the form %s or unix:PATH", text, form);
	remedy("HOST is a name or an address, with an IPv6 address in brackets as in [::1]:5000; PORT is a number");
	return EXIT_USAGE;
}

int usage_no_scope(const char *text, const struct endpoint *endpoint)
{
	message("%s: a link-local address needs an interface", text);
	remedy("name the interface, as in [%s%%eth0]:%s; `ip link` shows them",
	       endpoint->host, endpoint->port);
	return EXIT_USAGE;
}
