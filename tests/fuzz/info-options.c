// SPDX-License-Identifier: GPL-2.0-only
/* The command line of fpgabuf-info: what passes is fit for use */
#include <getopt.h>
#include <string.h>

#include "common/message.h"
#include "fuzz.h"
#include "info/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arguments line, plain = { 0 };
	struct info_options o, again;
	unsigned int i;
	int ret;

	arguments_parse(&line, data, size);
	optind = 0;
	ret = info_options_parse(line.argc, line.argv, &o);
	CHECK(ret == -1 || ret == EXIT_OK || ret == EXIT_USAGE);
	if (ret == -1) {
		CHECK(o.watch_s <= 86400);
		arguments_add(&plain, "fuzz");
		if (o.json)
			arguments_add(&plain, "--json");
		if (o.watch_s)
			arguments_add(&plain, "--watch=%u", o.watch_s);
		optind = 0;
		CHECK(info_options_parse(plain.argc, plain.argv,
					 &again) == -1);
		CHECK(again.json == o.json && again.watch_s == o.watch_s);
		CHECK(!again.device_count);
		for (i = 0; i < o.device_count; i++)
			CHECK(o.devices[i] && strlen(o.devices[i]) <= size);
		CHECK(!o.devices[i]);
		arguments_free(&plain);
	}
	arguments_free(&line);
	return 0;
}
