// SPDX-License-Identifier: GPL-2.0-only
/* Statistics for Prometheus, and the watchdog of a service manager */
#include <ctype.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "common/clock.h"
#include "common/notify.h"
#include "common/stats-file.h"
#include "fake-device.h"
#include "lib/suite.h"
#include "net.h"
#include "process.h"
#include "receiver.h"
#include "schema.h"

#define ROOM	65536

static char *read_file(const char *path)
{
	static uint8_t text[ROOM];
	const size_t len = file_append(path, text, 0, ROOM - 1);

	text[len] = '\0';
	return (char *)text;
}

/* The name of a family, of letters, digits and underscores; behind it or NULL */
static const char *skip_name(const char *at)
{
	if (!isalpha((unsigned char)*at))
		return NULL;
	while (isalnum((unsigned char)*at) || *at == '_')
		at++;
	return at;
}

/* A label with its value, behind the closing quote, or NULL */
static const char *skip_label(const char *at)
{
	at = skip_name(at);
	if (!at || strncmp(at, "=\"", 2))
		return NULL;
	for (at += 2; *at && *at != '"'; at++) {
		if (iscntrl((unsigned char)*at))
			return NULL;
		if (*at == '\\' && !strchr("\\n\"", *++at))
			return NULL;
	}
	return *at ? at + 1 : NULL;
}

/* name{label="value",...} number, of @family */
static bool is_sample(const char *line, const char *family)
{
	const char *at = skip_name(line);
	char *end;

	if (!at || strncmp(line, family, at - line) || family[at - line] ||
	    *at != '{')
		return false;
	do {
		at = skip_label(at + 1);
	} while (at && *at == ',');
	if (!at || strncmp(at, "} ", 2))
		return false;
	strtod(at + 2, &end);
	return end > at + 2 && !*end;
}

/* # HELP family sentence. */
static bool is_comment(const char *line, const char *what, char family[128],
		       const char **rest)
{
	const size_t len = strlen(what);
	const char *end;

	if (strncmp(line, what, len))
		return false;
	end = skip_name(line + len);
	if (!end || *end != ' ')
		return false;
	snprintf(family, 128, "%.*s", (int)(end - line - len), line + len);
	*rest = end + 1;
	return true;
}

static bool fits_name(const char *type, const char *family)
{
	const size_t len = strlen(family);
	const bool total = len > 6 && !strcmp(family + len - 6, "_total");

	return !strcmp(type, total ? "counter" : "gauge");
}

/* Each family: what it is, its type, one sample or more; each but once */
static bool is_exposition(const char *text)
{
	char *copy = strdup(text), *rest = copy, *line;
	char family[128] = "", typed[128] = "", seen[ROOM] = "";
	unsigned int samples = 1;
	const char *word;
	bool good = *text && text[strlen(text) - 1] == '\n';

	while (good && (line = strsep(&rest, "\n")) && (*line || rest)) {
		if (is_comment(line, "# HELP ", family, &word)) {
			good = samples && *word &&
			       word[strlen(word) - 1] == '.' && !strstr(seen, family);
			strcat(strcat(seen, family), "\n");
			samples = 0;
		} else if (is_comment(line, "# TYPE ", typed, &word)) {
			good = !samples && !strcmp(typed, family) &&
			       fits_name(word, family);
		} else {
			good = !strcmp(typed, family) && is_sample(line, family);
			samples++;
		}
		if (!good)
			printf("\n    bad line: %s", line);
	}
	free(copy);
	return good && samples;
}

static bool has(const char *path, const char *line)
{
	if (strstr(read_file(path), line))
		return true;
	printf("\n    no '%s' in: %s", line, read_file(path));
	return false;
}

static void put_two(struct metrics *m, const void *of)
{
	metrics_counter(m, "things_total", "Things of all kinds.",
			*(const uint64_t *)of);
	metrics_gauge(m, "size_bytes", "Bytes of one.", 0.1);
	metrics_counters(m, "gifts_total", "Gifts of each.");
	metrics_sample(m, "peer", "a\"b\\c\nd\x1b\xc3\xa9\xe9", 1, 1);
	metrics_sample(m, "peer", "", 2, UINT64_MAX);
}

static struct stats_file file_of(const struct temp *t, const uint64_t *of)
{
	return (struct stats_file){
		.path = t->file, .program = "test", .put = put_two, .of = of,
	};
}

/* Names may have any bytes. */
static void test_format(void)
{
	const uint64_t count = 18446744073709551614U;
	struct stats_file f;
	struct temp t;

	temp_make(&t, "me\"x.prom");
	f = file_of(&t, &count);
	stats_file_start(&f, 0);
	CU_ASSERT_TRUE(is_exposition(read_file(t.file)));
	CU_ASSERT_TRUE(has(t.file, "# HELP fpgabuf_test_things_total Things of all kinds.\n"
				   "# TYPE fpgabuf_test_things_total counter\n"
				   "fpgabuf_test_things_total{name=\"me\\\"x\"} 18446744073709551614\n"));
	CU_ASSERT_TRUE(has(t.file, "# TYPE fpgabuf_test_size_bytes gauge\n"
				   "fpgabuf_test_size_bytes{name=\"me\\\"x\"} 0.1\n"));
	CU_ASSERT_TRUE(has(t.file, "fpgabuf_test_gifts_total{name=\"me\\\"x\",peer=\"a\\\"b\\\\c\\nd?\u00e9\u00e9\",number=\"1\"} 1\n"));
	CU_ASSERT_TRUE(has(t.file, "peer=\"\",number=\"2\"} 18446744073709551615\n"));
	CU_ASSERT_TRUE(has(t.file, "fpgabuf_test_running{name=\"me\\\"x\"} 1\n"));
	stats_file_end(&f);
	CU_ASSERT_TRUE(has(t.file, "fpgabuf_test_running{name=\"me\\\"x\"} 0\n"));
	temp_remove(&t);
}

/* Whoever has the old file open still has all of it. */
static void test_whole(void)
{
	uint64_t count = 1;
	struct stats_file f;
	struct stat old, new;
	mode_t mask;
	struct temp t;
	FILE *reader;
	char line[256];

	temp_make(&t, "x.prom");
	f = file_of(&t, &count);
	mask = umask(077);
	stats_file_start(&f, NS_PER_SEC);
	umask(mask);
	CU_ASSERT_EQUAL(stat(t.file, &old), 0);
	CU_ASSERT_EQUAL(old.st_mode & 0777, 0644);
	reader = fopen(t.file, "re");
	CU_ASSERT_PTR_NOT_NULL_FATAL(reader);
	CU_ASSERT_PTR_NOT_NULL(fgets(line, sizeof(line), reader));
	count = 2;
	/* It is not due yet. */
	CU_ASSERT(f.due_ns > 0 && f.period_ns == NS_PER_SEC);
	f.due_ns = INT64_MAX;
	stats_file_turn(&f);
	CU_ASSERT_TRUE(has(t.file, "things_total{name=\"x\"} 1\n"));
	f.due_ns = 1;
	stats_file_turn(&f);
	CU_ASSERT(f.due_ns > 1);
	CU_ASSERT_TRUE(has(t.file, "things_total{name=\"x\"} 2\n"));
	CU_ASSERT_EQUAL(stat(t.file, &new), 0);
	CU_ASSERT_NOT_EQUAL(old.st_ino, new.st_ino);
	while (fgets(line, sizeof(line), reader))
		if (strstr(line, "things_total{"))
			CU_ASSERT_STRING_EQUAL(line, "fpgabuf_test_things_total{name=\"x\"} 1\n");
	fclose(reader);
	CU_ASSERT_NOT_EQUAL(access(temp_path(&t, "x.prom.new"), F_OK), 0);
	temp_remove(&t);
}

/* So much as a region has, and less than statistics with a long name */
static void limit_files(const void *data)
{
	const struct rlimit limit = { 4096, 4096 };

	(void)data;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* How often the text is in what it has said */
static unsigned int times(const struct process *p, const char *text)
{
	const char *at = p->output;
	unsigned int n = 0;

	for (; (at = strstr(at, text)); at++)
		n++;
	return n;
}

/* Sends captures to a receiver; @file is where statistics cannot be written. */
static void send_all_the_same(const char *file, const char *why,
			      void (*prepare)(const void *data))
{
	char peer[32];
	char *none[] = { NULL };
	char *argv[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-r", "4K",
			 "-c", "20", "--json", "--stats-file", (char *)file, peer,
			 NULL };
	struct process recv, send;

	snprintf(peer, sizeof(peer), "127.0.0.1:%d", receiver_start(&recv, none));
	process_start_with(&send, argv, prepare, NULL);
	CU_ASSERT_EQUAL(process_finish(&send), 0);
	CU_ASSERT_EQUAL(process_finish(&recv), 0);
	/* At the beginning and at the end, but one message */
	CU_ASSERT_EQUAL(times(&send, "cannot write the statistics to"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(send.output, why));
	CU_ASSERT_PTR_NOT_NULL(strstr(send.output, "\"captures\": 20, "));
	CU_ASSERT_PTR_NOT_NULL(strstr(send.output, "\"error\": \"\""));
}

static void test_failures(void)
{
	char fifo[64], beside[264], large[256];
	struct stat st;
	struct temp t;

	temp_make(&t, "x.prom");
	send_all_the_same("/nonexistent/x.prom", "No such file", NULL);
	snprintf(large, sizeof(large), "%s/%0150d.prom", t.dir, 0);
	snprintf(beside, sizeof(beside), "%s.new", large);
	send_all_the_same(large, "File too large", limit_files);
	CU_ASSERT_NOT_EQUAL(access(large, F_OK), 0);
	CU_ASSERT_NOT_EQUAL(access(beside, F_OK), 0);
	snprintf(fifo, sizeof(fifo), "%s", temp_path(&t, "pipe.prom"));
	CU_ASSERT_EQUAL(mkfifo(fifo, 0600), 0);
	send_all_the_same(fifo, "that is no file", NULL);
	CU_ASSERT_EQUAL(lstat(fifo, &st), 0);
	CU_ASSERT_TRUE(S_ISFIFO(st.st_mode));
	temp_remove(&t);
}

/* What the last words of each program say */
static void test_programs(void)
{
	char port[32], dir[64], recv_file[64], send_file[64], record_file[64], data[64];
	char *recv_args[] = { "--framed", "--stats-file", recv_file, NULL };
	char *send_args[] = { "fpgabuf-send-fake", "-d", FAKE_DEVICE, "-r", "64K",
			      "-c", "20", "--framed", "--stats-file", send_file,
			      port, NULL };
	char *record_args[] = { "fpgabuf-record-fake", "-d", FAKE_DEVICE, "-r",
				"64K", "-c", "20", "--stats-file", record_file,
				data, NULL };
	struct process recv, send, record;
	struct temp t;

	temp_make(&t, "x");
	snprintf(dir, sizeof(dir), "%s", t.dir);
	snprintf(recv_file, sizeof(recv_file), "%.40s/recv.prom", dir);
	snprintf(send_file, sizeof(send_file), "%.40s/send.prom", dir);
	snprintf(record_file, sizeof(record_file), "%.40s/record.prom", dir);
	snprintf(data, sizeof(data), "%.40s/data", dir);
	snprintf(port, sizeof(port), "127.0.0.1:%d",
		 receiver_start(&recv, recv_args));
	CU_ASSERT_EQUAL(process_run(&send, send_args), 0);
	CU_ASSERT_EQUAL(process_finish(&recv), 0);
	CU_ASSERT_EQUAL(process_run(&record, record_args), 0);

	CU_ASSERT_TRUE(is_exposition(read_file(send_file)));
	CU_ASSERT_TRUE(metrics_hold(send_file));
	CU_ASSERT_TRUE(has(send_file, "fpgabuf_send_captures_total{name=\"send\"} 20\n"));
	CU_ASSERT_TRUE(has(send_file, "fpgabuf_send_captured_bytes_total{name=\"send\"} 1310720\n"));
	CU_ASSERT_TRUE(has(send_file, "fpgabuf_send_region_size_bytes{name=\"send\"} 65536\n"));
	CU_ASSERT_TRUE(has(send_file, "fpgabuf_send_running{name=\"send\"} 0\n"));
	CU_ASSERT_TRUE(has(send_file, "fpgabuf_send_sent_bytes_total{name=\"send\",peer=\"127.0.0.1:"));
	CU_ASSERT_TRUE(is_exposition(read_file(recv_file)));
	CU_ASSERT_TRUE(metrics_hold(recv_file));
	CU_ASSERT_TRUE(has(recv_file, "fpgabuf_recv_received_bytes_total{name=\"recv\"} 1310720\n"));
	CU_ASSERT_TRUE(has(recv_file, "fpgabuf_recv_captures_total{name=\"recv\"} 20\n"));
	CU_ASSERT_TRUE(has(recv_file, "fpgabuf_recv_streams_total{name=\"recv\"} 1\n"));
	CU_ASSERT_TRUE(has(recv_file, "fpgabuf_recv_running{name=\"recv\"} 0\n"));
	CU_ASSERT_TRUE(is_exposition(read_file(record_file)));
	CU_ASSERT_TRUE(metrics_hold(record_file));
	CU_ASSERT_TRUE(has(record_file, "fpgabuf_record_captures_total{name=\"record\"} 20\n"));
	CU_ASSERT_TRUE(has(record_file, "fpgabuf_record_written_bytes_total{name=\"record\"} 1310720\n"));
	CU_ASSERT_TRUE(has(record_file, "fpgabuf_record_files_total{name=\"record\"} 1\n"));
	temp_remove(&t);
}

static void test_share(void)
{
	char file[64], socket[64];
	char *argv[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, "--stats-file",
			 file, socket, NULL };
	struct process share;
	struct temp t;

	temp_make(&t, "share.prom");
	snprintf(file, sizeof(file), "%s", t.file);
	snprintf(socket, sizeof(socket), "%s", temp_path(&t, "socket"));
	process_start(&share, argv);
	CU_ASSERT_TRUE(process_expect(&share, "sharing"));
	kill(share.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&share), 0);
	CU_ASSERT_TRUE(is_exposition(read_file(file)));
	CU_ASSERT_TRUE(metrics_hold(file));
	CU_ASSERT_TRUE(has(file, "fpgabuf_share_connected_clients{name=\"share\"} 0\n"));
	CU_ASSERT_TRUE(has(file, "fpgabuf_share_running{name=\"share\"} 0\n"));
	temp_remove(&t);
}

static int open_manager(char name[64])
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len;

	len = snprintf(name, 64, "@fpgabuf-watch-%d", getpid());
	memcpy(addr.sun_path + 1, name + 1, len - 1);
	len += offsetof(struct sockaddr_un, sun_path);
	CU_ASSERT_FATAL(!bind(fd, (struct sockaddr *)&addr, len));
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

/* What the manager hears; nothing is "". */
static const char *heard(int fd, int flags)
{
	static char text[1024];
	ssize_t n = recv(fd, text, sizeof(text) - 1, flags);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static const char *turn(int fd, bool waits, uint64_t done)
{
	while (clock_ns() < notify_watch_ns())
		;
	notify_watch(waits, done);
	return heard(fd, MSG_DONTWAIT);
}

static void watch(const char *us, const char *pid)
{
	setenv("WATCHDOG_USEC", us, 1);
	setenv("WATCHDOG_PID", pid, 1);
	notify_ready("well");
}

static void test_watchdog(void)
{
	char name[64], pid[16];
	int fd = open_manager(name);

	snprintf(pid, sizeof(pid), "%d", getpid());
	watch("3000", pid);
	CU_ASSERT_STRING_EQUAL(heard(fd, MSG_DONTWAIT), "READY=1\nSTATUS=well");
	CU_ASSERT(notify_watch_ns() > 0);
	CU_ASSERT_STRING_EQUAL(turn(fd, true, 0), "WATCHDOG=1");
	/* It turns and turns, and there is no end of it. */
	CU_ASSERT_STRING_EQUAL(turn(fd, false, 0), "");
	CU_ASSERT_STRING_EQUAL(turn(fd, false, 0), "");
	CU_ASSERT_STRING_EQUAL(turn(fd, false, 1), "WATCHDOG=1");
	CU_ASSERT_STRING_EQUAL(turn(fd, false, 1), "");
	CU_ASSERT_STRING_EQUAL(turn(fd, true, 1), "WATCHDOG=1");
	/* Not too often; but that it has waited counts later. */
	watch("3600000000", pid);
	heard(fd, MSG_DONTWAIT);
	notify_watch(true, 2);
	CU_ASSERT_STRING_EQUAL(heard(fd, MSG_DONTWAIT), "");
	watch("3000", "1");
	CU_ASSERT_EQUAL(notify_watch_ns(), 0);
	watch("nonsense", pid);
	CU_ASSERT_EQUAL(notify_watch_ns(), 0);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	notify_ready("well");
	CU_ASSERT_EQUAL(notify_watch_ns(), 0);
	unsetenv("NOTIFY_SOCKET");
	close(fd);
}

/* Until it has heard it, whatever else there is; a program that is silent hangs. */
static bool hears(int fd, const char *text)
{
	while (wait_for(fd, POLLIN))
		if (strstr(heard(fd, 0), text))
			return true;
	return false;
}

/* Programs that wait for others are well. */
static void test_waiting(void)
{
	char name[64], socket[64], data[64];
	char *recv[] = { "tools/fpgabuf-recv", "--connections", "0", "0", NULL };
	char *share[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, socket, NULL };
	char *record[] = { "fpgabuf-record-fake", "-d", FAKE_DEVICE, data, NULL };
	char **all[] = { recv, share, record };
	int fd = open_manager(name);
	struct process p;
	struct temp t;
	size_t i;

	temp_make(&t, "x");
	snprintf(socket, sizeof(socket), "%s", temp_path(&t, "socket"));
	snprintf(data, sizeof(data), "%s", temp_path(&t, "data"));
	setenv("WATCHDOG_USEC", "30000", 1);
	setenv("FAKE_CAPTURES", "1", 1);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		process_start(&p, all[i]);
		CU_ASSERT_TRUE(hears(fd, "READY=1"));
		CU_ASSERT_TRUE(hears(fd, "WATCHDOG=1"));
		CU_ASSERT_TRUE(hears(fd, "WATCHDOG=1"));
		kill(p.pid, SIGTERM);
		CU_ASSERT_TRUE(hears(fd, "STOPPING=1"));
		kill(p.pid, SIGTERM);
		process_finish(&p);
	}
	unsetenv("FAKE_CAPTURES");
	unsetenv("WATCHDOG_USEC");
	unsetenv("NOTIFY_SOCKET");
	close(fd);
	temp_remove(&t);
}

static void test_usage(void)
{
	static char *bad[][4] = {
		{ "tools/fpgabuf-send", "--stats-file=", "a:1" },
		{ "tools/fpgabuf-record", "--stats-file=", "a" },
		{ "tools/fpgabuf-recv", "--stats-file=", "1" },
		{ "tools/fpgabuf-share", "--stats-file=", "a" },
	};
	struct process p;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(process_run(&p, bad[i]), 2);
		CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "it takes a path"));
	}
}

static const struct test tests[] = {
	{ "they are in the text format, whatever the names are", test_format },
	{ "a reader sees all of the old or all of the new", test_whole },
	{ "a file that cannot be written stops nothing, and is reported once",
	  test_failures },
	{ "send, recv and record say what they have done", test_programs },
	{ "share says what it has done", test_share },
	{ "the watchdog hears while something is done or waited for",
	  test_watchdog },
	{ "a program that waits for others is well", test_waiting },
	{ "the command line is checked", test_usage },
	{ }
};

SUITE(stats, .title = "Statistics of a service", .tests = tests)
