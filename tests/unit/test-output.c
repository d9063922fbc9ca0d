// SPDX-License-Identifier: GPL-2.0-only
/* Every tool, where standard streams are closed, stalled, or go away. */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <fpgabuf/fpgabuf.h>

#include "common/results.h"
#include "fake-device.h"
#include "lib/suite.h"
#include "net.h"
#include "process.h"
#include "receiver.h"

/**
 * struct stalled - a pipe that is full, and that nobody reads
 * @fds: its ends
 */
struct stalled {
	int fds[2];
};

static void stalled_open(struct stalled *s)
{
	char zeros[4096] = "";

	if (pipe2(s->fds, O_CLOEXEC | O_NONBLOCK))
		err(EXIT_FAILURE, "pipe");
	while (write(s->fds[1], zeros, sizeof(zeros)) > 0)
		;
	fcntl(s->fds[1], F_SETFL, 0);
}

static void stalled_close(struct stalled *s)
{
	close(s->fds[0]);
	close(s->fds[1]);
}

static void close_stream(const void *data)
{
	close(*(const int *)data);
}

static void stall_stdout(const void *data)
{
	dup2(((const struct stalled *)data)->fds[1], STDOUT_FILENO);
}

static void stall_stderr(const void *data)
{
	dup2(((const struct stalled *)data)->fds[1], STDERR_FILENO);
}

/**
 * struct listening - a receiver that tells its port by a FIFO
 * @process: the receiver
 * @dir: with the FIFO "port" and the file "stream"
 * @port: where it listens
 */
struct listening {
	struct process process;
	struct temp dir;
	int port;
};

/* @args goes on behind the usual ones, and ends with NULL. */
static void listening_start(struct listening *l, char *const args[],
			    void (*prepare)(const void *), const void *data)
{
	char fifo[64], line[16] = "";
	char *argv[16] = { "tools/fpgabuf-recv", "-t", "20", "--port-file",
			   fifo, "127.0.0.1:0", "-o" };
	unsigned int i;
	FILE *f;

	temp_make(&l->dir, "stream");
	snprintf(fifo, sizeof(fifo), "%s", temp_path(&l->dir, "port"));
	CU_ASSERT_EQUAL_FATAL(mkfifo(fifo, 0600), 0);
	argv[7] = l->dir.file;
	for (i = 0; args[i]; i++)
		argv[8 + i] = args[i];
	process_start_with(&l->process, argv, prepare, data);
	f = fopen(fifo, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof(line), f));
	fclose(f);
	l->port = atoi(line);
}

/* The exit code; what came must be the stream, and nothing else. */
static int listening_finish(struct listening *l, const uint8_t *data,
			    size_t len)
{
	int code = process_finish(&l->process);

	CU_ASSERT_TRUE(file_is(l->dir.file, data, len));
	temp_remove(&l->dir);
	return code;
}

/* Does its number stand for nothing that can be written? */
static bool is_taken(pid_t pid, int fd)
{
	char path[64], target[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	len = readlink(path, target, sizeof(target));
	return len == 1 && *target == '/';
}

/* Whatever is written to a closed stream is not written to a file. */
static void test_closed(void)
{
	static const int expected[] = { 0, 1, 0 };
	char *args[] = { "--progress", NULL };
	uint8_t *data = new_data(10000, false);
	struct listening l;
	int fd;

	for (fd = 0; fd <= 2; fd++) {
		listening_start(&l, args, close_stream, &fd);
		CU_ASSERT_TRUE(is_taken(l.process.pid, fd));
		close(receiver_feed(l.port, data, 10000));
		CU_ASSERT_EQUAL(listening_finish(&l, data, 10000),
				expected[fd]);
	}
	free(data);
}

/* Nor is it written to a FIFO that got the number of stderr. */
static void test_closed_fifo(void)
{
	char fifo[64], port[64], line[16] = "", got[100] = "";
	char *argv[] = { "tools/fpgabuf-recv", "-t", "20", "--port-file", port,
			 "-o", fifo, "127.0.0.1:0", NULL };
	const int closed = STDERR_FILENO;
	struct process p;
	struct temp t;
	int reader;
	FILE *f;

	temp_make(&t, "stream");
	snprintf(fifo, sizeof(fifo), "%s", t.file);
	snprintf(port, sizeof(port), "%s", temp_path(&t, "port"));
	CU_ASSERT_EQUAL_FATAL(mkfifo(fifo, 0600), 0);
	CU_ASSERT_EQUAL_FATAL(mkfifo(port, 0600), 0);
	reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	process_start_with(&p, argv, close_stream, &closed);
	f = fopen(port, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof(line), f));
	fclose(f);
	close(receiver_feed(atoi(line), (const uint8_t *)"abc", 3));
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	CU_ASSERT_EQUAL(read(reader, got, sizeof(got)), 3);
	CU_ASSERT_STRING_EQUAL(got, "abc");
	close(reader);
	temp_remove(&t);
}

static int run_without_stdout(char *const argv[])
{
	const int fd = STDOUT_FILENO;
	struct process p;

	process_start_with(&p, argv, close_stream, &fd);
	return process_finish(&p);
}

/* A summary that cannot be written is a failure, whichever tool it is. */
static void test_no_stdout(void)
{
	char *info[] = { "fpgabuf-info-fake", FAKE_DEVICE, NULL };
	char *info_json[] = { "fpgabuf-info-fake", "--json", FAKE_DEVICE, NULL };
	char *watch[] = { "fpgabuf-info-fake", "--watch=1", FAKE_DEVICE, NULL };
	char *plan[] = { "tools/fpgabuf-plan", "--rate", "100M",
			  NULL };
	char *uio[] = { "tools/fpgabuf-uio", "--check",
			 MASTERS_DIR "/writer", NULL };

	CU_ASSERT_EQUAL(run_without_stdout(info), 1);
	CU_ASSERT_EQUAL(run_without_stdout(info_json), 1);
	CU_ASSERT_EQUAL(run_without_stdout(watch), 1);
	CU_ASSERT_EQUAL(run_without_stdout(plan), 1);
	CU_ASSERT_EQUAL(run_without_stdout(uio), 1);
}

/* Nobody reads the messages: the stream goes on. */
static void test_stderr_stalls(void)
{
	char *args[] = { "--progress", NULL };
	uint8_t *data = new_data(10000, false);
	struct stalled s;
	struct listening l;

	stalled_open(&s);
	listening_start(&l, args, stall_stderr, &s);
	close(receiver_feed(l.port, data, 10000));
	CU_ASSERT_EQUAL(listening_finish(&l, data, 10000), 0);
	stalled_close(&s);
	free(data);
}

static void test_send_stderr_stalls(void)
{
	char *args[] = { "-b", "1000000", NULL };
	struct process sender;
	struct listening l;
	struct stalled s;
	char peer[32];
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-v", "-b",
			 "1000000", peer, NULL };
	uint8_t *data = new_data(1000000, true);

	stalled_open(&s);
	listening_start(&l, args, NULL, NULL);
	snprintf(peer, sizeof(peer), "127.0.0.1:%d", l.port);
	process_start_with(&sender, argv, stall_stderr, &s);
	CU_ASSERT_EQUAL(process_finish(&sender), 0);
	CU_ASSERT_EQUAL(listening_finish(&l, data, 1000000), 0);
	stalled_close(&s);
	free(data);
}

/* Tells that it has begun by making its socket; then it has to end. */
static void test_share_stderr_stalls(void)
{
	struct process p;
	struct stalled s;
	struct temp t;
	char *argv[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, "-v", t.file,
			 NULL };
	int i;

	temp_make(&t, "socket");
	stalled_open(&s);
	setenv("FAKE_DMABUFS", "", 1);
	process_start_with(&p, argv, stall_stderr, &s);
	unsetenv("FAKE_DMABUFS");
	for (i = 0; i < PATIENCE_MS / 10 && access(t.file, F_OK); i++)
		usleep(10000);
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	stalled_close(&s);
	temp_remove(&t);
}

/* Nobody reads the reports: streams come and go, and a signal is the end. */
static void test_stdout_stalls(void)
{
	char *args[] = { "--connections", "0", "--json", NULL };
	uint8_t *data = new_data(1000, false);
	struct listening l;
	struct stalled s;
	int i;

	stalled_open(&s);
	listening_start(&l, args, stall_stdout, &s);
	for (i = 1; i <= 3; i++) {
		int fd = receiver_feed(l.port, data, 1000);
		char byte;

		/* It has closed its end, so it has done with the stream. */
		shutdown(fd, SHUT_WR);
		CU_ASSERT_EQUAL(wait_for(fd, POLLIN) & POLLIN, POLLIN);
		CU_ASSERT_EQUAL(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
		close(fd);
	}
	kill(l.process.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&l.process), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(l.process.output, "nobody reads it"));
	stalled_close(&s);
	CU_ASSERT_TRUE(file_is(temp_path(&l.dir, "stream.3"), data, 1000));
	temp_remove(&l.dir);
	free(data);
}

static void test_share_stdout_stalls(void)
{
	struct process p;
	struct stalled s;
	struct temp t;
	char *argv[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, "--json",
			 t.file, NULL };

	temp_make(&t, "socket");
	stalled_open(&s);
	setenv("FAKE_DMABUFS", "", 1);
	process_start_with(&p, argv, stall_stdout, &s);
	unsetenv("FAKE_DMABUFS");
	CU_ASSERT_TRUE(process_expect(&p, "sharing "));
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "nobody reads it"));
	stalled_close(&s);
	temp_remove(&t);
}

static void test_watch_stdout_stalls(void)
{
	char *argv[] = { "fpgabuf-info-fake", "--watch=1", "--json",
			 FAKE_DEVICE, NULL };
	char state[64] = "", path[64];
	struct process p;
	struct stalled s;
	FILE *f;
	int i;

	stalled_open(&s);
	process_start_with(&p, argv, stall_stdout, &s);
	snprintf(path, sizeof(path), "/proc/%d/wchan", p.pid);
	/* It waits for room: in poll() if it does it well, else in write(). */
	for (i = 0; i < PATIENCE_MS / 10 && !strstr(state, "poll") &&
	     !strstr(state, "pipe_write"); i++) {
		usleep(10000);
		f = fopen(path, "r");
		if (f && !fgets(state, sizeof(state), f))
			*state = '\0';
		if (f)
			fclose(f);
	}
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	stalled_close(&s);
}

/* It is slower than the report comes, which is more than a pipe holds. */
static void test_report_in_parts(void)
{
	const size_t len = 300000;
	uint8_t *data = new_data(len, false), *got = malloc(len + 1);
	size_t have = 0;
	int fds[2];
	ssize_t n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(got);
	CU_ASSERT_EQUAL_FATAL(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	results_to(fds[1]);
	CU_ASSERT_EQUAL(fwrite(data, 1, len, results_begin()), len);
	results_end(false);
	CU_ASSERT_NOT_EQUAL(results_fd(), -1);
	while ((n = read(fds[0], got + have, len + 1 - have)) > 0) {
		have += n;
		results_push();
	}
	CU_ASSERT_EQUAL(have, len);
	CU_ASSERT_EQUAL(memcmp(got, data, have < len ? have : len), 0);
	CU_ASSERT_EQUAL(results_fd(), -1);
	CU_ASSERT_EQUAL(results_finish(-1, false), 0);
	close(fds[0]);
	close(fds[1]);
	free(data);
	free(got);
}

/* Nobody reads what goes to stdout, nor ever will. */
static void close_reader(const void *data)
{
	const struct stalled *s = data;

	close(s->fds[0]);
	dup2(s->fds[1], STDOUT_FILENO);
}

/* SIGPIPE would leave nothing behind that says what has happened. */
static void test_reader_gone(void)
{
	char *argv[] = { "tools/fpgabuf-recv", "-t", "20", "-o", "-", "0",
			 NULL };
	uint8_t *data = new_data(1000, false);
	struct process p;
	struct stalled s;
	const char *at;

	CU_ASSERT_EQUAL_FATAL(pipe2(s.fds, O_CLOEXEC), 0);
	process_start_with(&p, argv, close_reader, &s);
	stalled_close(&s);
	CU_ASSERT_TRUE_FATAL(process_expect(&p, "\n"));
	at = strstr(p.output, "port ");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	close(receiver_feed(atoi(at + 5), data, 1000));
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "cannot write stdout: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "the program that read it has ended"));
	free(data);
}

static void default_hangup(const void *data)
{
	(void)data;
	signal(SIGHUP, SIG_DFL);
}

static void ignore_hangup(const void *data)
{
	(void)data;
	signal(SIGHUP, SIG_IGN);
}

/* The terminal goes away: what has come is kept. */
static void test_hangup(void)
{
	char *args[] = { NULL };
	uint8_t *data = new_data(400000, false);
	struct listening l;
	int fd;

	listening_start(&l, args, default_hangup, NULL);
	fd = receiver_feed(l.port, data, 400000);
	kill(l.process.pid, SIGHUP);
	CU_ASSERT_EQUAL(listening_finish(&l, data, 400000), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(l.process.output, "interrupted"));
	close(fd);

	listening_start(&l, args, ignore_hangup, NULL);
	CU_ASSERT_TRUE(blocks_signal(l.process.pid, SIGTERM));
	CU_ASSERT_FALSE(blocks_signal(l.process.pid, SIGHUP));
	fd = receiver_feed(l.port, data, 400000);
	kill(l.process.pid, SIGHUP);
	CU_ASSERT_EQUAL(send(fd, "x", 1, MSG_NOSIGNAL), 1);
	close(fd);
	data = realloc(data, 400001);
	data[400000] = 'x';
	CU_ASSERT_EQUAL(listening_finish(&l, data, 400001), 0);
	free(data);
}

/* The other tools end as by SIGTERM, too. */
static void test_share_hangup(void)
{
	struct process p;
	struct temp t;
	char *argv[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, "--json",
			 t.file, NULL };

	temp_make(&t, "socket");
	setenv("FAKE_DMABUFS", "", 1);
	process_start_with(&p, argv, default_hangup, NULL);
	unsetenv("FAKE_DMABUFS");
	CU_ASSERT_TRUE(process_expect(&p, "sharing "));
	kill(p.pid, SIGHUP);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "{\"ok\": true"));
	CU_ASSERT_NOT_EQUAL(access(t.file, F_OK), 0);
	temp_remove(&t);
}

/* A service tells how it is, before its end. */
static void test_share_stats(void)
{
	struct process p;
	struct temp t;
	char *argv[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, "--json",
			 "--stats", "1", t.file, NULL };

	temp_make(&t, "socket");
	setenv("FAKE_DMABUFS", "", 1);
	process_start(&p, argv);
	unsetenv("FAKE_DMABUFS");
	CU_ASSERT_TRUE(process_expect(&p, "{\"ok\": true"));
	CU_ASSERT_TRUE(process_expect(&p, "\"connected\": 0, "));
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	temp_remove(&t);
}

static void limit_files(const void *data)
{
	const struct rlimit limit = { 65536, 65536 };

	(void)data;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* A limit is an error like a full disk. */
static void test_limit(void)
{
	char *args[] = { NULL };
	uint8_t *data = new_data(200000, false);
	struct listening l;

	listening_start(&l, args, limit_files, NULL);
	close(receiver_feed(l.port, data, 200000));
	CU_ASSERT_EQUAL(listening_finish(&l, data, 65536), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(l.process.output, "File too large"));
	CU_ASSERT_PTR_NOT_NULL(strstr(l.process.output, "--rotate-size"));
	CU_ASSERT_PTR_NOT_NULL(strstr(l.process.output,
				      "keeps the first 65536 bytes"));
	free(data);
}

/* One capture, and an end that asks for a receipt: so many bytes */
static size_t put_frames(uint8_t *bytes, size_t capture)
{
	struct fpgabuf_frame frame = { .length = capture };

	memset(bytes, 0x5a, 2 * FPGABUF_FRAME_HEADER_SIZE + capture + 64);
	fpgabuf_frame_encode(&frame, bytes);
	bytes += FPGABUF_FRAME_HEADER_SIZE + capture;
	frame = (struct fpgabuf_frame){
		.sequence = 1, .flags = FPGABUF_FRAME_END,
	};
	fpgabuf_frame_encode(&frame, bytes);
	fpgabuf_frame_ask_receipt(bytes);
	return FPGABUF_FRAME_HEADER_SIZE + capture + FPGABUF_FRAME_ASK_SIZE;
}

/*
 * What did not get into the file by the end is not said to be there.  Without
 * O_DIRECT it fails before the end has come, and that is a reset.
 */
static void test_limit_receipt(void)
{
	char *args[] = { "--framed", NULL };
	uint8_t *data = malloc(200000);
	uint8_t said[FPGABUF_FRAME_RECEIPT_SIZE];
	struct fpgabuf_frame_receipt receipt = { .status = FPGABUF_FRAME_PROMISED };
	struct listening l;
	int fd;

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	listening_start(&l, args, limit_files, NULL);
	fd = receiver_feed(l.port, data, put_frames(data, 100000));
	shutdown(fd, SHUT_WR);
	while (recv(fd, said, sizeof(said), MSG_WAITALL) == sizeof(said))
		CU_ASSERT_EQUAL(fpgabuf_frame_decode_receipt(said, &receipt), 0);
	CU_ASSERT_NOT_EQUAL(receipt.status, FPGABUF_FRAME_STORED);
	close(fd);
	memset(data, 0x5a, 65536);
	CU_ASSERT_EQUAL(listening_finish(&l, data, 65536), 1);
	free(data);
}

/* Who reads JSON gets an object, whatever happens. */
static void test_json_error(void)
{
	static char * const failing[][7] = {
		{ "tools/fpgabuf-recv", "--json", "-o", "/none/x", "0" },
		{ "tools/fpgabuf-recv", "--json", "192.0.2.1:1" },
		{ "tools/fpgabuf-recv", "--none", "--json", "0" },
		{ "tools/fpgabuf-send", "--json", "-d", "/none", "a:1" },
		{ "fpgabuf-send-fake", "--json", "-d", FAKE_DEVICE,
		  "127.0.0.1:1" },
		{ "tools/fpgabuf-share", "--json", "-d", "/none", "/none/x" },
		{ "tools/fpgabuf-info", "--json", "/none" },
		{ "tools/fpgabuf-show", "--json", "-d", "/none" },
		{ "tools/fpgabuf-plan", "--json", "--none" },
		{ "tools/fpgabuf-record", "--json", "-d", "/none", "/tmp/x" },
		{ "tools/fpgabuf-record", "--json", "--none" },
		{ "fpgabuf-record-fake", "--json", "-d", FAKE_DEVICE,
		  "/none/x" },
		{ "tools/fpgabuf-scope", "--json", "--datatype", "ri8", "-d",
		  "/none" },
		{ "tools/fpgabuf-scope", "--json", "--none" },
		{ "tools/fpgabuf-uio", "--json", "--none" },
		{ "tools/fpgabuf-doctor", "--json", "--none" },
	};
	struct process p;
	size_t i;

	for (i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
		CU_ASSERT(process_run(&p, failing[i]) > 0);
		if (!strstr(p.output, "{\"ok\": false, \"error\": \""))
			printf("\n    no object of %s: %s", failing[i][0],
			       p.output);
		CU_ASSERT_PTR_NOT_NULL(strstr(p.output,
					      "{\"ok\": false, \"error\": \""));
		CU_ASSERT_PTR_NULL(strstr(p.output, "\"error\": \"\""));
	}
}

static const struct test tests[] = {
	{ "a standard stream that is closed is no file", test_closed },
	{ "nor is it a FIFO", test_closed_fifo },
	{ "without stdout a summary is an error", test_no_stdout },
	{ "fpgabuf-recv: messages that nobody reads stop nothing",
	  test_stderr_stalls },
	{ "fpgabuf-send: messages that nobody reads stop nothing",
	  test_send_stderr_stalls },
	{ "fpgabuf-share: messages that nobody reads stop nothing",
	  test_share_stderr_stalls },
	{ "fpgabuf-recv: reports that nobody reads stop nothing",
	  test_stdout_stalls },
	{ "fpgabuf-share: a summary that nobody reads is given up",
	  test_share_stdout_stalls },
	{ "fpgabuf-info: SIGTERM ends --watch that nobody reads",
	  test_watch_stdout_stalls },
	{ "a reader that takes a report in parts gets it once",
	  test_report_in_parts },
	{ "a reader that goes away is an error with a remedy",
	  test_reader_gone },
	{ "a hangup is the end, unless it is ignored", test_hangup },
	{ "fpgabuf-share: a hangup is the end as well", test_share_hangup },
	{ "fpgabuf-share: statistics come at an interval", test_share_stats },
	{ "a limit of file sizes is an error with a remedy", test_limit },
	{ "what did not fit gets no receipt", test_limit_receipt },
	{ "with --json there is an object after every failure",
	  test_json_error },
	{ }
};

SUITE(output, .title = "outputs that misbehave", .tests = tests)
