// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "common/clock.h"
#include "common/endpoint.h"
#include "common/json.h"
#include "common/resolve.h"
#include "common/size.h"
#include "lib/suite.h"
#include "process.h"
#include "recv/pattern.h"

static void test_sizes(void)
{
	static const struct { const char *text; uint64_t size; } good[] = {
		{ "0", 0 }, { "1", 1 }, { "4096", 4096 }, { "1k", 1024 },
		{ "1K", 1024 }, { "3M", 3 << 20 }, { "2g", 2ULL << 30 },
		{ "1T", 1ULL << 40 }, { "007", 7 },
		{ "18446744073709551615", UINT64_MAX },
		{ "16777215T", 16777215ULL << 40 },
	};
	uint64_t size;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_EQUAL(parse_size(good[i].text, &size), 0);
		CU_ASSERT_EQUAL(size, good[i].size);
	}
}

static void test_bad_sizes(void)
{
	static const char * const bad[] = {
		"", "K", "-1", "+1", " 1", "1 ", "1.5M", "0x10", "1KB", "1B",
		"1KK", "M1", "1E",
	};
	uint64_t size = 42;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(parse_size(bad[i], &size), -EINVAL);
	CU_ASSERT_EQUAL(parse_size("18446744073709551616", &size), -ERANGE);
	CU_ASSERT_EQUAL(parse_size("16777216T", &size), -ERANGE);
	CU_ASSERT_EQUAL(parse_size("18014398509481984K", &size), -ERANGE);
	CU_ASSERT_EQUAL(size, 42);
}

static void test_numbers(void)
{
	uint64_t value = 42;

	CU_ASSERT_EQUAL(parse_number("5", 1, 9, &value), 0);
	CU_ASSERT_EQUAL(value, 5);
	CU_ASSERT_EQUAL(parse_number("0", 1, 9, &value), -ERANGE);
	CU_ASSERT_EQUAL(parse_number("10", 1, 9, &value), -ERANGE);
	CU_ASSERT_EQUAL(parse_number("5K", 1, 9999, &value), -EINVAL);
	CU_ASSERT_EQUAL(parse_number("", 0, 9, &value), -EINVAL);
	CU_ASSERT_EQUAL(value, 5);
}

static void test_seconds(void)
{
	int64_t ns = 42;

	CU_ASSERT_EQUAL(parse_seconds("0", 9, &ns), -ERANGE);
	CU_ASSERT_EQUAL(parse_seconds("10", 9, &ns), -ERANGE);
	CU_ASSERT_EQUAL(parse_seconds("5s", 9, &ns), -EINVAL);
	CU_ASSERT_EQUAL(ns, 42);
	CU_ASSERT_EQUAL(parse_seconds("9", 9, &ns), 0);
	CU_ASSERT_EQUAL(ns, 9000000000LL);
}

static void test_path(void)
{
	const char *path = "before";

	CU_ASSERT_EQUAL(parse_path("", &path), -EINVAL);
	CU_ASSERT_STRING_EQUAL(parse_wanted(), "a path");
	CU_ASSERT_STRING_EQUAL(path, "before");
	CU_ASSERT_EQUAL(parse_path("after", &path), 0);
	CU_ASSERT_STRING_EQUAL(path, "after");
}

static void test_json(void)
{
	char *text = NULL;
	size_t len;
	struct json j;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	json_begin(&j, f);
	json_quoted(&j, "u", "\u00e9\u20ac\U0001f600");
	json_quoted(&j, "bad", "\xc3(\xe2\x82\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xe9");
	json_quoted(&j, "s", "a\"b\\c/\n\t\x01\x7f\xff");
	json_number(&j, "n", UINT64_MAX);
	json_decimal(&j, "d", 1.5);
	json_bool(&j, "b", true);
	json_array_begin(&j, "none");
	json_array_end(&j);
	json_array_begin(&j, "a");
	json_item_begin(&j);
	json_number(&j, "x", 1);
	json_number(&j, "y", 2);
	json_item_end(&j);
	json_item_begin(&j);
	json_number(&j, "z", 3);
	json_item_end(&j);
	json_item_begin(&j);
	json_item_end(&j);
	json_array_end(&j);
	json_bool(&j, "c", false);
	json_end(&j);
	fclose(f);
	CU_ASSERT_STRING_EQUAL(text,
		"{\"u\": \"\u00e9\u20ac\U0001f600\", "
		"\"bad\": \"\\u00c3(\\u00e2\\u0082\\u00c0\\u00af\\u00ed\\u00a0\\u0080\\u00f4\\u0090\\u0080\\u0080\\u00e9\", "
		"\"s\": \"a\\\"b\\\\c/\\u000a\\u0009\\u0001\\u007f\\u00ff\", "
		"\"n\": 18446744073709551615, \"d\": 1.500000, "
		"\"b\": true, \"none\": [], "
		"\"a\": [{\"x\": 1, \"y\": 2}, {\"z\": 3}, {}], \"c\": false}\n");
	free(text);
}

static void test_endpoints(void)
{
	static const struct { const char *text, *host, *port; } good[] = {
		{ "localhost:80", "localhost", "80" },
		{ "10.0.2.2:65535", "10.0.2.2", "65535" },
		{ "[::1]:5001", "::1", "5001" },
		{ "[host]:1", "host", "1" },
		{ "5001", "", "5001" }, { "0", "", "0" },
	};
	struct endpoint e;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_EQUAL(endpoint_parse(good[i].text, &e), 0);
		CU_ASSERT_STRING_EQUAL(e.host, good[i].host);
		CU_ASSERT_STRING_EQUAL(e.port, good[i].port);
	}
}

static void test_unix_endpoints(void)
{
	char text[ENDPOINT_TEXT_SIZE], longest[200] = "unix:";
	struct endpoint e;

	CU_ASSERT_EQUAL(endpoint_parse("unix:/run/a:80", &e), 0);
	CU_ASSERT_STRING_EQUAL(e.path, "/run/a:80");
	CU_ASSERT_STRING_EQUAL(e.host, "");
	endpoint_text(&e, text);
	CU_ASSERT_STRING_EQUAL(text, "unix:/run/a:80");
	CU_ASSERT_EQUAL(endpoint_parse("[::1]:80", &e), 0);
	CU_ASSERT_STRING_EQUAL(e.path, "");
	endpoint_text(&e, text);
	CU_ASSERT_STRING_EQUAL(text, "[::1]:80");
	CU_ASSERT_EQUAL(endpoint_parse("unix:", &e), -EINVAL);
	memset(longest + 5, 'a', 107);
	CU_ASSERT_EQUAL(endpoint_parse(longest, &e), 0);
	memset(longest + 5, 'a', 108);
	CU_ASSERT_EQUAL(endpoint_parse(longest, &e), -EINVAL);
}

/* Who tries it again and again must not run out of descriptors. */
static void test_connect_fails(void)
{
	const struct sockaddr_un un = {
		.sun_family = AF_UNIX,
		.sun_path = "/tmp/fpgabuf/none",
	};
	struct address address = { .len = sizeof(un) };
	unsigned int fds = open_fds(getpid());

	memcpy(&address.addr, &un, sizeof(un));
	CU_ASSERT_EQUAL(endpoint_connect_start(&address), -ENOENT);
	CU_ASSERT_EQUAL(open_fds(getpid()), fds);
}

static void test_bad_endpoints(void)
{
	static const char * const bad[] = {
		"", ":", "host", "host:", ":80", "host:65536", "host:-1",
		"host:80x", "::1:80", "[]:80", "[::1]", "[::1]80",
		"[[]]:80", "[[::1]]:80", "[host:80", "ho]st:80",
		"host:http",
	};
	char longest[400];
	struct endpoint e;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(endpoint_parse(bad[i], &e), -EINVAL);
	memset(longest, 'a', sizeof(longest));
	strcpy(longest + sizeof(longest) - 4, ":80");
	CU_ASSERT_EQUAL(endpoint_parse(longest, &e), -EINVAL);
}

static void test_clock(void)
{
	int64_t deadline = clock_ns() + NS_PER_MS - 1;
	int ms = clock_left_ms(deadline);

	/* Who waits so long does not come too early. */
	CU_ASSERT(ms * NS_PER_MS >= deadline - clock_ns());
	CU_ASSERT_EQUAL(clock_left_ms(clock_ns()), 0);
	CU_ASSERT_EQUAL(clock_left_ms(clock_ns() - NS_PER_SEC), 0);
	CU_ASSERT(clock_left_ms(clock_ns() + NS_PER_SEC) > 900);
	CU_ASSERT(clock_left_ms(clock_ns() + NS_PER_SEC) <= 1001);
	CU_ASSERT(clock_left_ms(INT64_MAX) > 0);
}

static void test_pattern(void)
{
	static const uint64_t starts[] = { 0, 1, 7, 8, 9, 255 * 8 + 3,
					   UINT64_C(1) << 40 };
	uint8_t data[100];
	size_t i, k, len;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		for (k = 0; k < sizeof(data); k++)
			data[k] = pattern_byte(starts[i] + k);
		for (len = 0; len <= sizeof(data); len++)
			CU_ASSERT_EQUAL(pattern_check(data, len, starts[i]),
					len);
		for (k = 0; k < sizeof(data); k++) {
			data[k] ^= 0x10;
			CU_ASSERT_EQUAL(pattern_check(data, sizeof(data),
						      starts[i]), k);
			data[k] ^= 0x10;
		}
	}
	CU_ASSERT_EQUAL(pattern_byte(8), 1);
	CU_ASSERT_EQUAL(pattern_byte(256 * 8 + 1), 1);
}

static const struct test tests[] = {
	{ "sizes may have one suffix, in either case", test_sizes },
	{ "malformed and too large sizes are refused", test_bad_sizes },
	{ "numbers have no suffix and keep their range", test_numbers },
	{ "seconds are whole, from 1 on", test_seconds },
	{ "a path is not empty", test_path },
	{ "JSON escapes quotes, control characters and what is no UTF-8",
	  test_json },
	{ "HOST:PORT may be a name, an address, or only a port",
	  test_endpoints },
	{ "unix:PATH is a Unix socket, if the path fits", test_unix_endpoints },
	{ "malformed HOST:PORT is refused", test_bad_endpoints },
	{ "a connection that fails at once leaves nothing open",
	  test_connect_fails },
	{ "time left is rounded up and never negative", test_clock },
	{ "the pattern check finds the first wrong byte at any offset",
	  test_pattern },
	{ }
};

SUITE(common, .title = "parts of the tools", .tests = tests)
