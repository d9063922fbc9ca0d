// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-recv as a program, fed by a plain socket. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net.h"
#include "process.h"
#include "recv/pattern.h"
#include "suites.h"

#define MAX_ARGS	12

/* A file in a directory of our own; the caller removes both. */
struct temp {
	char dir[32];
	char file[64];
};

static void temp_make(struct temp *t, const char *name)
{
	strcpy(t->dir, "/tmp/fpgabuf-unit-XXXXXX");
	if (!mkdtemp(t->dir))
		err(EXIT_FAILURE, "mkdtemp");
	snprintf(t->file, sizeof(t->file), "%s/%s", t->dir, name);
}

static void temp_remove(struct temp *t)
{
	unlink(t->file);
	CU_ASSERT_EQUAL(rmdir(t->dir), 0);
}

/* Whether the file has exactly these bytes. */
static bool file_is(const char *path, const uint8_t *data, size_t len)
{
	uint8_t *content = malloc(len + 1);
	FILE *f = fopen(path, "r");
	bool same = false;

	if (content && f)
		same = fread(content, 1, len + 1, f) == len &&
		       !memcmp(content, data, len);
	if (f)
		fclose(f);
	free(content);
	return same;
}

/* Starts it listening at any port, and returns the port. */
static int start(struct process *p, char *const args[])
{
	char *argv[MAX_ARGS] = { "tools/fpgabuf-recv" };
	const char *at;
	size_t i;

	for (i = 0; args[i]; i++)
		argv[i + 1] = args[i];
	argv[i + 1] = "0";
	process_start(p, argv);
	if (!process_expect(p, "\n"))
		return -1;
	at = strstr(p->output, "port ");
	return at ? atoi(at + 5) : -1;
}

/* Sends @len bytes as far as the peer takes them; returns a socket. */
static int feed(int port, const uint8_t *data, size_t len)
{
	int fd = connect_port(port);
	ssize_t n;

	CU_ASSERT(fd >= 0);
	while (len && (n = send(fd, data, len, MSG_NOSIGNAL)) > 0) {
		data += n;
		len -= n;
	}
	return fd;
}

static int run(struct process *p, char *const args[], const uint8_t *data,
	       size_t len)
{
	close(feed(start(p, args), data, len));
	return process_finish(p);
}

static uint8_t *new_data(size_t len, bool pattern)
{
	uint8_t *data = malloc(len + 1);
	size_t i;

	if (!data)
		abort();
	fill_noise(data, len);
	for (i = 0; pattern && i < len; i++)
		data[i] = pattern_byte(i);
	return data;
}

static void test_file_identical(void)
{
	static const size_t sizes[] = { 0, 1, 4095, (1 << 20) + 3 };
	struct process p;
	struct temp t;
	size_t i;

	temp_make(&t, "stream");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *data = new_data(sizes[i], false);
		char *args[] = { "-o", t.file, NULL };

		CU_ASSERT_EQUAL(run(&p, args, data, sizes[i]), 0);
		CU_ASSERT_TRUE(file_is(t.file, data, sizes[i]));
		free(data);
	}
	temp_remove(&t);
}

/* Both go to our one pipe, so the stream must stand among the messages. */
static void test_stdout(void)
{
	char *args[] = { "-o", "-", NULL };
	const char *text = "<the stream>";
	struct process p;

	CU_ASSERT_EQUAL(run(&p, args, (const uint8_t *)text, strlen(text)), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, text));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "12 bytes from 127.0.0.1:"));
}

static void test_verify(void)
{
	const size_t len = (1 << 20) + 3;
	uint8_t *data = new_data(len, true);
	char *args[] = { "--verify", "--json", NULL };
	struct process p;

	CU_ASSERT_EQUAL(run(&p, args, data, len), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"ok\": true"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"bytes\": 1048579,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"verified\": true"));
	data[777777] ^= 1;
	CU_ASSERT_EQUAL(run(&p, args, data, len), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "byte 777777 is"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"ok\": false"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"verified\": false"));
	free(data);
}

static void test_length(void)
{
	char *args[] = { "-b", "4K", NULL };
	uint8_t *data = new_data(8192, false);
	struct process p;

	CU_ASSERT_EQUAL(run(&p, args, data, 4096), 0);
	CU_ASSERT_EQUAL(run(&p, args, data, 4095), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "4095 bytes instead of 4096"));
	CU_ASSERT_EQUAL(run(&p, args, data, 8192), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "longer than 4096 bytes"));
	free(data);
}

static void test_disk_full(void)
{
	char *args[] = { "-o", "/dev/full", NULL };
	uint8_t *data = new_data(100, false);
	struct process p;

	CU_ASSERT_EQUAL(run(&p, args, data, 100), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "cannot write /dev/full: "
						"No space left on device"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "keeps the first 0 bytes"));
	free(data);
}

static void test_reset(void)
{
	struct linger linger = { .l_onoff = 1 };
	uint8_t *data = new_data(100, false);
	char *args[] = { "-t", "20", NULL };
	struct process p;
	int fd;

	fd = feed(start(&p, args), data, 100);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "broke off after"));
	free(data);
}

static void test_timeouts(void)
{
	char *args[] = { "-t", "1", NULL };
	struct process p;
	int fd;

	CU_ASSERT(start(&p, args) > 0);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "nobody connected"));

	fd = feed(start(&p, args), (const uint8_t *)"x", 1);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "broke off after 1 bytes"));
	close(fd);
}

static void test_port_file(void)
{
	char *args[] = { "--port-file", NULL, NULL };
	struct process p;
	char line[16] = "";
	struct temp t;
	int port;
	FILE *f;

	temp_make(&t, "port");
	args[1] = t.file;
	port = start(&p, args);
	f = fopen(t.file, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof(line), f));
	fclose(f);
	CU_ASSERT(port > 0);
	CU_ASSERT_EQUAL(atoi(line), port);
	CU_ASSERT_STRING_EQUAL(strchr(line, '\n'), "\n");
	close(feed(port, NULL, 0));
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	temp_remove(&t);
}

static void check_usage(char *const argv[], int code)
{
	struct process p;

	CU_ASSERT_EQUAL(process_run(&p, argv), code);
	CU_ASSERT(p.len > 0);
}

static void test_usage(void)
{
	char *none[] = { "tools/fpgabuf-recv", NULL };
	char *two[] = { "tools/fpgabuf-recv", "1", "2", NULL };
	char *port[] = { "tools/fpgabuf-recv", "65536", NULL };
	char *option[] = { "tools/fpgabuf-recv", "--none", "0", NULL };
	char *size[] = { "tools/fpgabuf-recv", "-b", "-1", "0", NULL };
	char *timeout[] = { "tools/fpgabuf-recv", "-t", "0", "0", NULL };
	char *dir[] = { "tools/fpgabuf-recv", "-o", "/", "0", NULL };
	char *help[] = { "tools/fpgabuf-recv", "--help", NULL };
	char *version[] = { "tools/fpgabuf-recv", "--version", NULL };

	check_usage(none, 2);
	check_usage(two, 2);
	check_usage(port, 2);
	check_usage(option, 2);
	check_usage(size, 2);
	check_usage(timeout, 2);
	check_usage(dir, 1);
	check_usage(help, 0);
	check_usage(version, 0);
}

static void test_port_taken(void)
{
	char *args[] = { "-t", "20", NULL };
	struct process first, second;
	char port[16];
	char *argv[] = { "tools/fpgabuf-recv", port, NULL };
	int n;

	n = start(&first, args);
	snprintf(port, sizeof(port), "%d", n);
	CU_ASSERT_EQUAL(process_run(&second, argv), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(second.output, "Address already in use"));
	CU_ASSERT_PTR_NOT_NULL(strstr(second.output, "choose another port"));
	close(feed(n, NULL, 0));
	CU_ASSERT_EQUAL(process_finish(&first), 0);
}

CU_TestInfo recv_tests[] = {
	{ "the file is the stream, byte for byte, at odd sizes",
	  test_file_identical },
	{ "the stream can go to stdout",
	  test_stdout },
	{ "verify accepts the pattern and finds a flipped bit", test_verify },
	{ "a stream that is too short or too long fails", test_length },
	{ "a full disk is an error that says so", test_disk_full },
	{ "a reset connection is not the end of the stream", test_reset },
	{ "patience ends, before and after the connection", test_timeouts },
	{ "the port file has the port once somebody can connect",
	  test_port_file },
	{ "a port that is taken is an error with a remedy", test_port_taken },
	{ "bad usage exits with 2 and says why", test_usage },
	CU_TEST_INFO_NULL,
};
