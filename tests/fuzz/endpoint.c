// SPDX-License-Identifier: GPL-2.0-only
/* endpoint_parse(): what it has understood can be written down and read again */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/endpoint.h"
#include "common/size.h"
#include "fuzz.h"

static void expect_same(const char *text, const struct endpoint *endpoint)
{
	struct endpoint again;

	CHECK(!endpoint_parse(text, &again));
	CHECK(!strcmp(again.host, endpoint->host));
	CHECK(!strcmp(again.port, endpoint->port));
	CHECK(!strcmp(again.path, endpoint->path));
}

static void check_unix(const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_SIZE];

	CHECK(memchr(endpoint->path, 0, sizeof(endpoint->path)));
	CHECK(!*endpoint->host && !*endpoint->port);
	endpoint_text(endpoint, text);
	expect_same(text, endpoint);
}

static void check_understood(const struct endpoint *endpoint)
{
	char text[ENDPOINT_TEXT_SIZE];
	uint64_t port;

	CHECK(memchr(endpoint->host, 0, sizeof(endpoint->host)));
	CHECK(memchr(endpoint->port, 0, sizeof(endpoint->port)));
	CHECK(!parse_number(endpoint->port, 0, 65535, &port));
	if (!*endpoint->host) {
		expect_same(endpoint->port, endpoint);
		return;
	}
	snprintf(text, sizeof(text), "[%s]:%s", endpoint->host,
		 endpoint->port);
	expect_same(text, endpoint);
	/* Without brackets only what needs none. */
	if (!strchr(endpoint->host, ':') && strcmp(endpoint->host, "unix")) {
		snprintf(text, sizeof(text), "%s:%s", endpoint->host,
			 endpoint->port);
		expect_same(text, endpoint);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = input_string(data, size);
	struct endpoint endpoint;
	int err;

	memset(&endpoint, 0xa5, sizeof(endpoint));
	err = endpoint_parse(text, &endpoint);
	if (err)
		CHECK(err == -EINVAL);
	else if (*endpoint.path)
		check_unix(&endpoint);
	else
		check_understood(&endpoint);
	free(text);
	return 0;
}
