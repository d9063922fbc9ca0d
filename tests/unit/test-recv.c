// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-recv as a program, fed by a plain socket. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "lib/suite.h"
#include "net.h"
#include "process.h"
#include "receiver.h"
#include "recv/pattern.h"

static void test_file_identical(void)
{
	static const size_t sizes[] = { 0, 1, 4095, (1 << 20) + 3 };
	struct process p;
	struct temp t;
	size_t i;

	temp_make(&t, "stream");
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t *data = new_data(sizes[i], false);
		char *args[] = { "-o", t.file, sizes[i] ? NULL : "-b", "0",
				 NULL };

		CU_ASSERT_EQUAL(receiver_run(&p, args, data, sizes[i]), 0);
		CU_ASSERT_TRUE(file_is(t.file, data, sizes[i]));
		unlink(t.file);
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

	CU_ASSERT_EQUAL(receiver_run(&p, args, (const uint8_t *)text, strlen(text)), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, text));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "12 bytes from 127.0.0.1:"));
}

static void test_verify(void)
{
	const size_t len = (1 << 20) + 3;
	uint8_t *data = new_data(len, true);
	char *args[] = { "--verify", "--json", NULL };
	struct process p;

	CU_ASSERT_EQUAL(receiver_run(&p, args, data, len), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"ok\": true"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"bytes\": 1048579,"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"verified\": true"));
	data[777777] ^= 1;
	CU_ASSERT_EQUAL(receiver_run(&p, args, data, len), 1);
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

	CU_ASSERT_EQUAL(receiver_run(&p, args, data, 4096), 0);
	CU_ASSERT_EQUAL(receiver_run(&p, args, data, 4095), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "4095 bytes instead of 4096"));
	CU_ASSERT_EQUAL(receiver_run(&p, args, data, 4097), 1);
	CU_ASSERT_EQUAL(receiver_run(&p, args, data, 8192), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "longer than 4096 bytes"));
	free(data);
}

static void test_disk_full(void)
{
	char *args[] = { "-o", "/dev/full", NULL };
	uint8_t *data = new_data(100, false);
	struct process p;

	CU_ASSERT_EQUAL(receiver_run(&p, args, data, 100), 1);
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

	fd = receiver_feed(receiver_start(&p, args), data, 100);
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

	CU_ASSERT(receiver_start(&p, args) > 0);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "no peer connected"));

	fd = receiver_feed(receiver_start(&p, args), (const uint8_t *)"x", 1);
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
	port = receiver_start(&p, args);
	f = fopen(t.file, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof(line), f));
	fclose(f);
	CU_ASSERT(port > 0);
	CU_ASSERT_EQUAL(atoi(line), port);
	CU_ASSERT_STRING_EQUAL(strchr(line, '\n'), "\n");
	close(receiver_feed(port, (const uint8_t *)"x", 1));
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	temp_remove(&t);
}

/* Who reads the FIFO need not look whether there is a file yet. */
static void test_port_fifo(void)
{
	char *argv[] = { "tools/fpgabuf-recv", "--quiet", "--port-file", NULL,
			 "127.0.0.1:0", NULL };
	struct process p;
	char line[16] = "";
	struct stat st;
	struct temp t;
	FILE *f;

	temp_make(&t, "port");
	unlink(t.file);
	CU_ASSERT_EQUAL_FATAL(mkfifo(t.file, 0600), 0);
	argv[3] = t.file;
	process_start(&p, argv);
	f = fopen(t.file, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof(line), f));
	fclose(f);
	CU_ASSERT(!stat(t.file, &st) && S_ISFIFO(st.st_mode));
	close(receiver_feed(atoi(line), (const uint8_t *)"x", 1));
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

	n = receiver_start(&first, args);
	snprintf(port, sizeof(port), "%d", n);
	CU_ASSERT_EQUAL(process_run(&second, argv), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(second.output, "Address already in use"));
	CU_ASSERT_PTR_NOT_NULL(strstr(second.output, "choose another port"));
	close(receiver_feed(n, (const uint8_t *)"x", 1));
	CU_ASSERT_EQUAL(process_finish(&first), 0);
}

static void start_four(struct process *p, char *output)
{
	char *args[] = { "--connections", "4", "--json", "-o", output, NULL };
	uint8_t *data = new_data(400000, false);
	int fds[4], port, i;

	port = receiver_start(p, args);
	/* All are open, and have sent something, before the first one ends. */
	for (i = 0; i < 4; i++)
		fds[i] = receiver_feed(port, data, 100000);
	for (i = 3; i >= 0; i--) {
		CU_ASSERT_EQUAL(send(fds[i], data + 100000, i * 100000,
				     MSG_NOSIGNAL), i * 100000);
		close(fds[i]);
	}
	free(data);
}

static void test_four_at_once(void)
{
	uint8_t *data = new_data(400000, false);
	struct process p;
	char name[32];
	struct temp t;
	int i;

	temp_make(&t, "part-%c");
	start_four(&p, t.file);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	for (i = 1; i <= 4; i++) {
		snprintf(name, sizeof(name), "part-%d", i);
		CU_ASSERT_TRUE(file_is(temp_path(&t, name), data, i * 100000));
		snprintf(name, sizeof(name), "\"bytes\": %d,", i * 100000);
		CU_ASSERT_PTR_NOT_NULL(strstr(p.output, name));
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "{\"ok\": true, "
		"\"connections\": 4, \"failed\": 0, \"bytes\": 1000000, "));
	free(data);
	temp_remove(&t);
}

/* A stream of 999 bytes, where 1000 are wanted, and another one; the exit code */
static int two_streams(struct process *p, char *const args[], size_t second)
{
	uint8_t *data = new_data(1000, false);
	int port = receiver_start(p, args);

	close(receiver_feed(port, data, 999));
	CU_ASSERT_TRUE(process_expect(p, "999 bytes instead of 1000"));
	close(receiver_feed(port, data, second));
	free(data);
	return process_finish(p);
}

/* One is wrong: the others are not, but all together are. */
static void test_one_of_two(void)
{
	char *args[] = { "--connections", "2", "-b", "1000", NULL };
	struct process p;

	CU_ASSERT_EQUAL(two_streams(&p, args, 1000), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "connection 1 from 127.0.0.1:"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output,
				      "2 connections, 1 failed, 1999 bytes"));
}

/* Of several failures it is the first that made it one. */
static void test_first_error(void)
{
	char *args[] = { "--connections", "2", "-b", "1000", "--json", NULL };
	struct process p;

	CU_ASSERT_EQUAL(two_streams(&p, args, 500), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "500 bytes instead of 1000"));
	CU_ASSERT_PTR_NOT_NULL(strstr(strstr(p.output, "\"connections\": 2"),
				      "999 bytes instead of 1000"));
}

static void test_rotate_size(void)
{
	uint8_t *data = new_data(100000, false);
	struct process p;
	struct temp t;

	temp_make(&t, "%n-of-%%");
	char *args[] = { "--rotate-size", "30000", "-b", "100000", "-o", t.file,
			 NULL };

	CU_ASSERT_EQUAL(receiver_run(&p, args, data, 100000), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "4 files up to "));
	CU_ASSERT_TRUE(file_is(temp_path(&t, "000001-of-%"), data, 30000));
	CU_ASSERT_TRUE(file_is(temp_path(&t, "000002-of-%"), data + 30000,
			       30000));
	CU_ASSERT_TRUE(file_is(temp_path(&t, "000003-of-%"), data + 60000,
			       30000));
	CU_ASSERT_TRUE(file_is(temp_path(&t, "000004-of-%"), data + 90000,
			       10000));
	free(data);
	temp_remove(&t);
}

/* What is waited for is that time passes. */
static void test_rotate_time(void)
{
	uint8_t *data = new_data(2000, false);
	struct process p;
	struct temp t;
	int fd;

	temp_make(&t, "part");
	char *args[] = { "--rotate-time", "1", "-o", t.file, NULL };

	fd = receiver_feed(receiver_start(&p, args), data, 1000);
	usleep(1100000);
	CU_ASSERT_EQUAL(send(fd, data + 1000, 1000, MSG_NOSIGNAL), 1000);
	close(fd);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	CU_ASSERT_TRUE(file_is(temp_path(&t, "part.000001"), data, 1000));
	CU_ASSERT_TRUE(file_is(temp_path(&t, "part.000002"), data + 1000,
			       1000));
	CU_ASSERT_EQUAL(access(temp_path(&t, "part.000003"), F_OK), -1);
	unlink(temp_path(&t, "part.000001"));
	unlink(temp_path(&t, "part.000002"));

	/* Not before it is time, in however many parts it comes */
	args[1] = "3600";
	fd = receiver_feed(receiver_start(&p, args), data, 1000);
	CU_ASSERT_EQUAL(send(fd, data + 1000, 1000, MSG_NOSIGNAL), 1000);
	close(fd);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	CU_ASSERT_TRUE(file_is(temp_path(&t, "part.000001"), data, 2000));
	CU_ASSERT_EQUAL(access(temp_path(&t, "part.000002"), F_OK), -1);
	free(data);
	temp_remove(&t);
}

/* Does a file there take O_DIRECT? */
static bool takes_direct(const struct temp *t)
{
	int fd = open(temp_path(t, "probe"), O_WRONLY | O_CREAT | O_DIRECT, 0600);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* The flags that /proc tells of the descriptor that has this file open */
static long flags_of(pid_t pid, const char *file)
{
	char path[64], target[256];
	unsigned long flags = 0;
	ssize_t len;
	int fd;
	FILE *f;

	for (fd = 3; fd < 20; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		len = readlink(path, target, sizeof(target) - 1);
		target[len < 0 ? 0 : len] = '\0';
		if (strcmp(target, file))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
		f = fopen(path, "r");
		if (!f || fscanf(f, "pos: %*s flags: %lo", &flags) != 1)
			flags = 0;
		if (f)
			fclose(f);
		return flags;
	}
	return -1;
}

/* The blocks go past the page cache where that is possible, the tail cannot. */
static void test_direct(void)
{
	const size_t len = (2 << 20) + 4096 + 5;
	uint8_t *data = new_data(len, false);
	struct process p;
	char text[64];
	struct temp t;
	bool direct;
	int port;

	temp_make(&t, "blocks");
	direct = takes_direct(&t);
	printf("%s ", direct ? "O_DIRECT," : "no O_DIRECT here,");
	char *args[] = { "--json", "-o", t.file, NULL };

	port = receiver_start(&p, args);
	CU_ASSERT_EQUAL(!!(flags_of(p.pid, t.file) & O_DIRECT), direct);
	close(receiver_feed(port, data, len));
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	CU_ASSERT_TRUE(file_is(t.file, data, len));
	snprintf(text, sizeof(text),
		 "\"written\": %zu, \"written_direct\": %zu}", len,
		 direct ? len - 5 : 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, text));
	free(data);
	temp_remove(&t);
}

/* Space that was reserved and is not needed is given back. */
static void test_reserved(void)
{
	uint8_t *data = new_data(5000, false);
	struct process p;
	struct stat st;
	struct temp t;
	int fd;

	temp_make(&t, "reserved");
	char *args[] = { "-b", "16M", "-o", t.file, NULL };

	fd = receiver_feed(receiver_start(&p, args), data, 5000);
	CU_ASSERT_EQUAL(stat(t.file, &st), 0);
	CU_ASSERT(st.st_blocks * 512 >= 16 << 20);
	CU_ASSERT(st.st_size <= 5000);
	close(fd);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "keeps the first 5000 bytes"));
	CU_ASSERT_TRUE(file_is(t.file, data, 5000));
	CU_ASSERT_EQUAL(stat(t.file, &st), 0);
	CU_ASSERT(st.st_blocks * 512 < 1 << 20);
	free(data);
	temp_remove(&t);
}

/* Who is not wanted any more is refused, instead of waiting in vain. */
static void test_too_late(void)
{
	char *args[] = { "-t", "20", NULL };
	int port, fd, other, i;
	struct process p;

	port = receiver_start(&p, args);
	fd = receiver_feed(port, (const uint8_t *)"abc", 3);
	/* It may not have been accepted yet. */
	for (i = 0; i < 1000 && (other = connect_port(port)) >= 0; i++) {
		close(other);
		usleep(10000);
	}
	CU_ASSERT(i < 1000);
	close(fd);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "3 bytes from"));
}

/* What has come is taken, as the peer was told that it has. */
static void test_interrupted(void)
{
	uint8_t *data = new_data(1000, false);
	struct process p;
	struct temp t;
	int fd;

	temp_make(&t, "stream");
	char *args[] = { "-o", t.file, "--connections", "2", NULL };

	fd = receiver_start(&p, args);
	close(receiver_feed(fd, data, 1000));
	CU_ASSERT_TRUE(process_expect(&p, "1000 bytes from"));
	fd = receiver_feed(fd, data, 500);
	kill(p.pid, SIGINT);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	close(fd);
	CU_ASSERT_TRUE(file_is(temp_path(&t, "stream.1"), data, 1000));
	CU_ASSERT_TRUE(file_is(temp_path(&t, "stream.2"), data, 500));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, ": interrupted\n"));
	free(data);
	temp_remove(&t);
}

static void test_until_signal(void)
{
	char *args[] = { "--connections", "0", NULL };
	struct process p;
	int port;

	port = receiver_start(&p, args);
	close(receiver_feed(port, (const uint8_t *)"abc", 3));
	CU_ASSERT_TRUE(process_expect(&p, "connection 1: 3 bytes"));
	close(receiver_feed(port, (const uint8_t *)"abcd", 4));
	CU_ASSERT_TRUE(process_expect(&p, "connection 2: 4 bytes"));
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output,
				      "2 connections, 0 failed, 7 bytes"));

	receiver_start(&p, args + 2);
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output,
				      "interrupted before a peer connected"));
}

static int connect_unix(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

/* A socket that somebody left behind, and that nobody listens at */
static void leave_socket(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
}

static void test_unix(void)
{
	char path[96];
	char *argv[] = { "tools/fpgabuf-recv", "--json", path, NULL };
	struct process p, second;
	struct temp t;
	int fd;

	temp_make(&t, "socket");
	snprintf(path, sizeof(path), "unix:%s", t.file);
	/* What is no socket is not taken away. */
	CU_ASSERT_EQUAL_FATAL(mkfifo(t.file, 0600), 0);
	CU_ASSERT_EQUAL(process_run(&second, argv), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(second.output, "Address already in use"));
	CU_ASSERT_EQUAL(unlink(t.file), 0);
	leave_socket(t.file);
	process_start(&p, argv);
	CU_ASSERT_TRUE(process_expect(&p, "listening at unix:"));
	CU_ASSERT_EQUAL_FATAL(process_run(&second, argv), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(second.output, "Address already in use"));
	fd = connect_unix(t.file);
	CU_ASSERT_EQUAL(send(fd, "abc", 3, MSG_NOSIGNAL), 3);
	close(fd);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"peer\": \"process "));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"bytes\": 3,"));
	CU_ASSERT_NOT_EQUAL(access(t.file, F_OK), 0);
	temp_remove(&t);
}

static void test_bad_combinations(void)
{
	static char * const bad[][6] = {
		{ "tools/fpgabuf-recv", "--keep-frames", "0" },
		{ "tools/fpgabuf-recv", "--rotate-size", "8K", "0" },
		{ "tools/fpgabuf-recv", "-o-", "--rotate-time", "1", "0" },
		{ "tools/fpgabuf-recv", "-o-", "--connections", "2", "0" },
		{ "tools/fpgabuf-recv", "-o", "100%", "0" },
		{ "tools/fpgabuf-recv", "-o", "", "0" },
		{ "tools/fpgabuf-recv", "-ox", "--rotate-size", "4095", "0" },
		{ "tools/fpgabuf-recv", "--port-file", "x", "unix:y" },
		{ "tools/fpgabuf-recv", "unix:" },
	};
	struct process p;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(process_run(&p, bad[i]), 2);
		CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "  -> "));
	}
}

static const struct test tests[] = {
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
	{ "to a FIFO the port is written", test_port_fifo },
	{ "a port that is taken is an error with a remedy", test_port_taken },
	{ "bad usage exits with 2 and says why", test_usage },
	{ "options that exclude each other are bad usage",
	  test_bad_combinations },
	{ "four connections at once have a file and a summary each",
	  test_four_at_once },
	{ "if one of two streams is wrong, all failed", test_one_of_two },
	{ "of several failures the first one is told", test_first_error },
	{ "a peer that comes too late is refused", test_too_late },
	{ "files are rotated by size, and have numbers", test_rotate_size },
	{ "files are rotated by time", test_rotate_time },
	{ "blocks are written past the page cache", test_direct },
	{ "space is reserved, and given back", test_reserved },
	{ "a stream that is interrupted fails, what came of it is kept",
	  test_interrupted },
	{ "a signal is the right end if that was asked for",
	  test_until_signal },
	{ "a Unix socket is listened at, and taken away", test_unix },
	{ }
};

SUITE(recv, .title = "fpgabuf-recv", .tests = tests)
