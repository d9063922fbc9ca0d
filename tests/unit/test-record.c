// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-record as a program, on the fake device. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <CUnit/CUnit.h>

#include "fake-device.h"
#include "lib/suite.h"
#include "net.h"
#include "process.h"
#include "receiver.h"
#include "recv/pattern.h"
#include "schema.h"

#define MAX_ARGS	40
#define SIZE		((size_t)65536)

/* A recorder of regions of 64 KiB; @args come behind that, the file among them. */
static void record_start_with(struct process *p, char *const args[],
			      void (*prepare)(const void *data),
			      const void *data)
{
	char *argv[MAX_ARGS] = {
		"fpgabuf-record-fake", "-d", FAKE_DEVICE, "-r", "64K", "-n",
		"8", "--json",
	};
	size_t i, n = 8;

	for (i = 0; args[i]; i++)
		argv[n++] = args[i];
	process_start_with(p, argv, prepare, data);
}

static void record_start(struct process *p, char *const args[])
{
	record_start_with(p, args, NULL, NULL);
}

static int record(struct process *p, char *const args[])
{
	record_start(p, args);
	return process_finish(p);
}

static bool says(const struct process *p, const char *text)
{
	if (strstr(p->output, text))
		return true;
	printf("\n    no '%s' in: %s", text, p->output);
	return false;
}

/* The size of the file if it is the pattern from its beginning on, or -1 */
static off_t pattern_size(const char *path)
{
	static uint8_t data[SIZE];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = read(fd, data, sizeof(data))) > 0) {
		if (pattern_check(data, n, size) != (size_t)n)
			size = INT64_MIN / 2;
		size += n;
	}
	close(fd);
	return size < 0 ? -1 : size;
}

/* Waits until it has so many bytes. */
static bool gets_large(const char *path, off_t size)
{
	struct stat st = { 0 };
	int i;

	for (i = 0; i < PATIENCE_MS / 10 && st.st_size < size; i++) {
		usleep(10000);
		if (stat(path, &st))
			st.st_size = 0;
	}
	return st.st_size >= size;
}

static void file_make(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static bool file_has(const char *path, const char *text)
{
	return file_is(path, (const uint8_t *)text, strlen(text));
}

static void check(char *const argv[], int code, const char *text)
{
	struct process p;

	CU_ASSERT_EQUAL(process_run(&p, argv), code);
	CU_ASSERT_TRUE(says(&p, text));
}

static void test_usage(void)
{
	static const struct { const char *text; char *argv[8]; } bad[] = {
		{ "no FILE given", { "tools/fpgabuf-record" } },
		{ "more than one FILE", { "tools/fpgabuf-record", "a", "b" } },
		{ "FILE has no name", { "tools/fpgabuf-record", "" } },
		{ "only n, t or % can follow %",
		  { "tools/fpgabuf-record", "a%c" } },
		{ "exclude each other",
		  { "tools/fpgabuf-record", "-b1", "-c1", "a" } },
		{ "exclude each other",
		  { "tools/fpgabuf-record", "-dx", "--share=y", "a" } },
		{ "--max-disk needs --rotate-size",
		  { "tools/fpgabuf-record", "--max-disk=1G", "a" } },
		{ "--max-disk must be at least twice",
		  { "tools/fpgabuf-record", "--max-disk=1G",
		    "--rotate-size=1G", "a" } },
		{ "--regions: 1025: out of range",
		  { "tools/fpgabuf-record", "-n1025", "a" } },
		{ "--region-size: 5G: out of range",
		  { "tools/fpgabuf-record", "-r5G", "a" } },
		{ "--sigmf needs --datatype",
		  { "tools/fpgabuf-record", "--sigmf", "a" } },
		{ "--bytes excludes --before",
		  { "tools/fpgabuf-record", "--before=1", "-b1", "a" } },
		{ "--before: 1022: out of range",
		  { "tools/fpgabuf-record", "--before=1022", "a" } },
		{ "it takes a type such as i16_le",
		  { "tools/fpgabuf-record", "--trigger=i16>1", "a" } },
		{ "it takes a path",
		  { "tools/fpgabuf-record", "--trigger-fifo=", "a" } },
		{ "need --sigmf",
		  { "tools/fpgabuf-record", "--datatype", "ru8", "a" } },
		{ "it takes a type of SigMF",
		  { "tools/fpgabuf-record", "--datatype", "int16", "a" } },
		{ "--sample-rate: 0: out of range",
		  { "tools/fpgabuf-record", "--sample-rate", "0", "a" } },
		{ "try --help", { "tools/fpgabuf-record", "--none" } },
	};
	char *help[] = { "tools/fpgabuf-record", "--help", NULL };
	char *version[] = { "tools/fpgabuf-record", "--version", NULL };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check(bad[i].argv, 2, bad[i].text);
	check(help, 0, "Usage: fpgabuf-record");
	check(version, 0, "fpgabuf-record ");
}

static void test_bytes(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { "-b", "1000003", t.file, NULL };

	CU_ASSERT_EQUAL(record(&p, args), 0);
	CU_ASSERT_EQUAL(pattern_size(t.file), 1000003);
	CU_ASSERT_TRUE(says(&p, "{\"ok\": true, "));
	CU_ASSERT_TRUE(says(&p, "\"captures\": 16, "));
	CU_ASSERT_TRUE(says(&p, "\"written\": 1000003, "));
	CU_ASSERT_TRUE(says(&p, "\"gaps\": 0, "));
	temp_remove(&t);
}

/* The blocks of the file and of the captures do not fit any more. */
static void test_short(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { "-c", "40", t.file, NULL };

	setenv("FAKE_SHORT_EVERY", "3", 1);
	CU_ASSERT_EQUAL(record(&p, args), 0);
	unsetenv("FAKE_SHORT_EVERY");
	CU_ASSERT_EQUAL(pattern_size(t.file), 40 * SIZE - 13);
	CU_ASSERT_TRUE(says(&p, "\"partial\": 13, "));
	temp_remove(&t);
}

static void test_exists(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { "-c", "1", t.file, NULL };
	char *over[] = { "-c", "1", "--overwrite", t.file, NULL };

	file_make(t.file, "mine");
	CU_ASSERT_EQUAL(record(&p, args), 1);
	CU_ASSERT_TRUE(says(&p, "exists, and is not overwritten"));
	CU_ASSERT_TRUE(file_has(t.file, "mine"));

	/* Nor before there is something else to write */
	setenv("FAKE_QUEUE_ERRNO", "19", 1);
	CU_ASSERT_EQUAL(record(&p, over), 1);
	unsetenv("FAKE_QUEUE_ERRNO");
	CU_ASSERT_TRUE(file_has(t.file, "mine"));

	CU_ASSERT_EQUAL(record(&p, over), 0);
	CU_ASSERT_EQUAL(pattern_size(t.file), SIZE);
	temp_remove(&t);
}

static void test_nothing_left(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { t.file, NULL };

	setenv("FAKE_ALLOC_ERRNO", "12", 1);
	CU_ASSERT_EQUAL(record(&p, args), 1);
	unsetenv("FAKE_ALLOC_ERRNO");
	CU_ASSERT_EQUAL(access(t.file, F_OK), -1);
	setenv("FAKE_QUEUE_ERRNO", "19", 1);
	CU_ASSERT_EQUAL(record(&p, args), 1);
	unsetenv("FAKE_QUEUE_ERRNO");
	CU_ASSERT_TRUE(says(&p, "the device was removed, or its driver unbound"));
	CU_ASSERT_EQUAL(access(t.file, F_OK), -1);
	temp_remove(&t);
}

static void test_device_fails(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { t.file, NULL };

	setenv("FAKE_FAIL_AT", "6", 1);
	CU_ASSERT_EQUAL(record(&p, args), 1);
	unsetenv("FAKE_FAIL_AT");
	CU_ASSERT_TRUE(says(&p, "{\"ok\": false, "));
	CU_ASSERT_TRUE(says(&p, "captures on " FAKE_DEVICE " failed in a row"));
	CU_ASSERT(pattern_size(t.file) >= (off_t)(5 * SIZE));
	temp_remove(&t);
}

static void ends_by(int signal)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { t.file, NULL };

	setenv("FAKE_CAPTURES", "5", 1);
	record_start(&p, args);
	unsetenv("FAKE_CAPTURES");
	CU_ASSERT_TRUE(gets_large(t.file, 5 * SIZE));
	kill(p.pid, signal);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	CU_ASSERT_TRUE(says(&p, "{\"ok\": true, "));
	CU_ASSERT_EQUAL(pattern_size(t.file), 5 * SIZE);
	temp_remove(&t);
}

static void test_signals(void)
{
	ends_by(SIGINT);
	ends_by(SIGTERM);
	ends_by(SIGHUP);
}

static void test_incomplete(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { "-c", "9", t.file, NULL };

	setenv("FAKE_CAPTURES", "5", 1);
	record_start(&p, args);
	unsetenv("FAKE_CAPTURES");
	CU_ASSERT_TRUE(gets_large(t.file, 5 * SIZE));
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_TRUE(says(&p, "ended after 5 of 9 captures"));
	CU_ASSERT_EQUAL(pattern_size(t.file), 5 * SIZE);
	temp_remove(&t);
}

/* It writes as fast as it can, and leaves no hole, nor anything behind the samples. */
static void test_killed(void)
{
	struct process p;
	struct temp t;
	off_t size;
	int i;

	temp_make(&t, "samples");
	char *args[] = { "--overwrite", t.file, NULL };

	for (i = 0; i < 10; i++) {
		unlink(t.file);
		record_start(&p, args);
		CU_ASSERT_TRUE(gets_large(t.file, (i + 1) * (off_t)SIZE));
		kill(p.pid, SIGKILL);
		CU_ASSERT_EQUAL(process_finish(&p), -1);
		size = pattern_size(t.file);
		CU_ASSERT(size >= (i + 1) * (off_t)SIZE);
	}
	temp_remove(&t);
}

static void limit_files(const void *data)
{
	const struct rlimit limit = { 300000, 300000 };

	setrlimit(RLIMIT_FSIZE, &limit);
	(void)data;
}

static void test_full(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { t.file, NULL };

	record_start_with(&p, args, limit_files, NULL);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_TRUE(says(&p, "cannot write "));
	CU_ASSERT_TRUE(says(&p, "use --rotate-size"));
	CU_ASSERT_TRUE(says(&p, "{\"ok\": false, "));
	CU_ASSERT_EQUAL(pattern_size(t.file), 4 * SIZE);
	temp_remove(&t);
}

/* As where an administrator does not allow io_uring */
static void forbid_uring(const void *data)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
		sizeof(code) / sizeof(code[0]), code
	};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
	(void)data;
}

static void test_without_uring(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { "-b", "1000003", "--sync", "1", t.file, NULL };

	record_start_with(&p, args, forbid_uring, NULL);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	CU_ASSERT_EQUAL(pattern_size(t.file), 1000003);
	CU_ASSERT_TRUE(says(&p, "\"io_uring\": false, "));
	temp_remove(&t);
}

/* Records, and whether it says this of the memory */
static void record_says(char *const args[], const char *text)
{
	struct process p;

	CU_ASSERT_EQUAL(record(&p, args), 0);
	CU_ASSERT_TRUE(says(&p, text));
}

/* The device says that a registration may stay; and then, that there is none. */
static void test_registered(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { "-b", "1000003", "--overwrite", "-v", t.file, NULL };

	CU_ASSERT_EQUAL(record(&p, args), 0);
	if (!strstr(p.output, "\"io_uring\": true, ")) {
		printf("\n    skipped: there is no io_uring\n    ");
		temp_remove(&t);
		return;
	}
	CU_ASSERT_TRUE(says(&p, "\"registered_buffers\": false, "));
	CU_ASSERT_TRUE(says(&p, "the memory is not registered for writing: No such file"));
	CU_ASSERT_EQUAL(pattern_size(t.file), 1000003);
	setenv("FAKE_PINS", "1", 1);
	record_says(args, "\"registered_buffers\": true, ");
	CU_ASSERT_EQUAL(pattern_size(t.file), 1000003);
	record_says(args, "the memory is registered for writing\n");
	setenv("FAKE_SHORT_EVERY", "3", 1);
	char *count[] = { "-c", "40", "--overwrite", t.file, NULL };
	record_says(count, "\"registered_buffers\": true, ");
	CU_ASSERT_EQUAL(pattern_size(t.file), 40 * SIZE - 13);
	unsetenv("FAKE_SHORT_EVERY");
	unsetenv("FAKE_PINS");
	temp_remove(&t);
}

static void test_in_use(void)
{
	struct process first, second;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { t.file, NULL };
	char *other[] = { "-c", "1", "--overwrite", t.file, NULL };

	setenv("FAKE_CAPTURES", "2", 1);
	record_start(&first, args);
	unsetenv("FAKE_CAPTURES");
	CU_ASSERT_TRUE(gets_large(t.file, 2 * SIZE));
	CU_ASSERT_EQUAL(record(&second, other), 1);
	CU_ASSERT_TRUE(says(&second, "another program is writing it"));
	kill(first.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&first), 0);
	CU_ASSERT_EQUAL(pattern_size(t.file), 2 * SIZE);
	temp_remove(&t);
}

static void test_no_file(void)
{
	char *device[] = { "fpgabuf-record-fake", "-d", FAKE_DEVICE,
			   "--overwrite", "/dev/null", NULL };
	char *folder[] = { "fpgabuf-record-fake", "-d", FAKE_DEVICE, "/tmp",
			   NULL };

	check(device, 1, "cannot create /dev/null: it is no file");
	check(folder, 1, "/tmp");
}

/* Whether the files are one after the other what was captured */
static off_t pattern_of(const struct temp *t, unsigned int first,
			unsigned int count, off_t start)
{
	static uint8_t data[64 * SIZE];
	size_t len = 0;
	char name[32];

	while (count--) {
		snprintf(name, sizeof(name), "samples.%06u", first++);
		len = file_append(temp_path(t, name), data, len, sizeof(data));
	}
	return pattern_check(data, len, start) == len ? (off_t)len : -1;
}

static void test_rotate(void)
{
	struct process p;
	struct stat st;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { "-c", "10", "--rotate-size", "200000", t.file, NULL };
	char *small[] = { "-c", "3", "--overwrite", "--rotate-size", "4096",
			  t.file, NULL };

	CU_ASSERT_EQUAL(record(&p, args), 0);
	CU_ASSERT_TRUE(says(&p, "\"files\": 4, "));
	CU_ASSERT_EQUAL(stat(temp_path(&t, "samples.000003"), &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 3 * SIZE);
	CU_ASSERT_EQUAL(pattern_of(&t, 1, 4, 0), 10 * SIZE);

	/* A capture is not cut. */
	CU_ASSERT_EQUAL(record(&p, small), 0);
	CU_ASSERT_TRUE(says(&p, "\"files\": 3, "));
	CU_ASSERT_EQUAL(pattern_of(&t, 1, 3, 0), 3 * SIZE);
	temp_remove(&t);
}

static void test_rotate_time(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { "--rotate-time", "1", t.file, NULL };

	record_start(&p, args);
	CU_ASSERT_TRUE(gets_large(temp_path(&t, "samples.000002"), SIZE));
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	temp_remove(&t);
}

/* The next file exists: what was captured until then is there. */
static void test_rotate_exists(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { "--rotate-size", "64K", t.file, NULL };

	file_make(temp_path(&t, "samples.000003"), "mine");
	CU_ASSERT_EQUAL(record(&p, args), 1);
	CU_ASSERT_TRUE(says(&p, "000003 exists, and is not overwritten"));
	CU_ASSERT_EQUAL(pattern_of(&t, 1, 2, 0), 2 * SIZE);
	CU_ASSERT_TRUE(file_has(temp_path(&t, "samples.000003"), "mine"));
	temp_remove(&t);
}

static void test_max_disk(void)
{
	struct process p;
	struct temp t;
	glob_t g;

	temp_make(&t, "samples");
	char *args[] = { "-c", "20", "--rotate-size", "128K", "--max-disk",
			 "512K", t.file, NULL };

	/* Not one of ours */
	file_make(temp_path(&t, "samples.000000"), "mine");
	CU_ASSERT_EQUAL(record(&p, args), 0);
	CU_ASSERT_TRUE(says(&p, "\"files\": 10, \"files_removed\": 6, "));
	CU_ASSERT_EQUAL(glob(temp_path(&t, "samples.*"), 0, NULL, &g), 0);
	CU_ASSERT_EQUAL(g.gl_pathc, 5);
	globfree(&g);
	CU_ASSERT_EQUAL(pattern_of(&t, 7, 4, 12 * SIZE), 8 * SIZE);
	CU_ASSERT_TRUE(file_has(temp_path(&t, "samples.000000"), "mine"));
	temp_remove(&t);
}

static void test_share(void)
{
	struct process server, p;
	struct temp t;
	char path[64];

	temp_make(&t, "samples");
	snprintf(path, sizeof(path), "%s", temp_path(&t, "sock"));
	char *share[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, "-r", "64K",
			  path, NULL };
	char *argv[] = { "fpgabuf-record-fake", "--share", path, "--json",
			 "-c", "5", t.file, NULL };

	setenv("FAKE_CAPTURES", "1000", 1);
	setenv("FAKE_DMABUFS", "", 1);
	process_start(&server, share);
	unsetenv("FAKE_CAPTURES");
	CU_ASSERT_TRUE_FATAL(process_expect(&server, "sharing " FAKE_DEVICE));
	CU_ASSERT_EQUAL(process_run(&p, argv), 0);
	unsetenv("FAKE_DMABUFS");
	CU_ASSERT_TRUE(says(&p, "\"captures\": 5, "));
	CU_ASSERT_TRUE(says(&p, "\"written\": 327680, "));
	CU_ASSERT_TRUE(says(&p, "\"registered_buffers\": false, "));
	kill(server.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&server), 0);
	check(argv, 1, "is fpgabuf-share running");
	temp_remove(&t);
}

static bool meta_has(const struct temp *t, const char *name, const char *text)
{
	static uint8_t meta[65536];
	size_t len = file_append(temp_path(t, name), meta, 0, sizeof(meta) - 1);

	meta[len] = 0;
	if (strstr((char *)meta, text))
		return true;
	printf("\n    no '%s' in: %s", text, meta);
	return false;
}

static void test_sigmf(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "x.sigmf-data");
	char *args[] = { "-c", "8", "--sigmf", "--datatype", "ci16_le",
			 "--sample-rate", "1000000", t.file, NULL };
	char path[64];
	char *stem[] = { "-c", "8", "--sigmf", "--datatype", "ci16_le", path,
			 NULL };

	snprintf(path, sizeof(path), "%s", temp_path(&t, "x"));
	setenv("FAKE_GAP_EVERY", "3", 1);
	CU_ASSERT_EQUAL(record(&p, args), 0);
	CU_ASSERT_EQUAL(pattern_size(t.file), 8 * SIZE);
	CU_ASSERT_TRUE(schema_holds(temp_path(&t, "x.sigmf-meta")));
	CU_ASSERT_TRUE(meta_has(&t, "x.sigmf-meta",
				"{\"core:sample_start\": 32768, \"core:datetime\": \"20"));
	CU_ASSERT_TRUE(meta_has(&t, "x.sigmf-meta",
				"{\"core:sample_start\": 81920, \"core:sample_count\": 0, \"core:label\": \"gap\""));
	/* The same name without its ending: nothing is overwritten. */
	CU_ASSERT_EQUAL(record(&p, stem), 1);
	CU_ASSERT_TRUE(says(&p, "x.sigmf-meta exists, and is not overwritten"));
	unsetenv("FAKE_GAP_EVERY");
	temp_remove(&t);
}

/* A gap between two files is in the second. */
static void test_sigmf_rotates(void)
{
	struct process p;
	struct temp t;
	glob_t g;

	temp_make(&t, "x");
	char *args[] = { "-c", "20", "--sigmf", "--datatype", "ci16_le",
			 "--rotate-size", "128K", "--max-disk", "384K", t.file,
			 NULL };

	setenv("FAKE_GAP_EVERY", "15", 1);
	CU_ASSERT_EQUAL(record(&p, args), 0);
	unsetenv("FAKE_GAP_EVERY");
	CU_ASSERT_EQUAL(glob(temp_path(&t, "x.*"), 0, NULL, &g), 0);
	CU_ASSERT_EQUAL(g.gl_pathc, 6);
	globfree(&g);
	CU_ASSERT_TRUE(schema_holds(temp_path(&t, "x.000008.sigmf-meta")));
	CU_ASSERT_TRUE(meta_has(&t, "x.000008.sigmf-meta", "\"captures\": [\n"
		"    {\"core:sample_start\": 0}\n"
		"  ],\n"
		"  \"annotations\": [\n"
		"    {\"core:sample_start\": 0, "));
	CU_ASSERT_TRUE(meta_has(&t, "x.000009.sigmf-meta",
				"\"annotations\": [\n  ]"));
	CU_ASSERT_EQUAL(access(temp_path(&t, "x.000010.sigmf-data"), F_OK), 0);
	temp_remove(&t);
}

static bool gets_meta(const struct temp *t, const char *text)
{
	static uint8_t meta[65536];
	size_t len;
	int i;

	for (i = 0; i < PATIENCE_MS / 10; i++) {
		len = file_append(temp_path(t, "x.sigmf-meta"), meta, 0,
				  sizeof(meta) - 1);
		meta[len] = 0;
		if (strstr((char *)meta, text))
			return true;
		usleep(10000);
	}
	return false;
}

static void test_sigmf_killed(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "x");
	char *args[] = { "--sigmf", "--datatype", "ci16_le", t.file, NULL };

	setenv("FAKE_GAP_EVERY", "3", 1);
	setenv("FAKE_CAPTURES", "8", 1);
	record_start(&p, args);
	unsetenv("FAKE_GAP_EVERY");
	unsetenv("FAKE_CAPTURES");
	CU_ASSERT_TRUE(gets_meta(&t, "\"core:sample_start\": 81920"));
	kill(p.pid, SIGKILL);
	CU_ASSERT_EQUAL(process_finish(&p), -1);
	CU_ASSERT_TRUE(schema_holds(temp_path(&t, "x.sigmf-meta")));
	CU_ASSERT(pattern_size(temp_path(&t, "x.sigmf-data")) >=
		  (off_t)(6 * SIZE));
	temp_remove(&t);
}

static void test_stats(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { "--stats", "1", t.file, NULL };

	setenv("FAKE_CAPTURES", "5", 1);
	record_start(&p, args);
	unsetenv("FAKE_CAPTURES");
	CU_ASSERT_TRUE(process_expect(&p, "\"captures\": 5, "));
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	temp_remove(&t);
}

/* The words of the pattern are 64-bit numbers: so many in a small capture */
#define SMALL		((size_t)4096)
#define WORDS		(SMALL / 8)
#define SMALLS		128U
#define RULES		16U

/**
 * struct picked - a run with rules for random samples
 * @before: captures of a window before the trigger
 * @after: captures of it behind that
 * @words: the samples, each a number
 * @texts: the rules
 * @first: the first of these samples in each capture, or 0
 */
struct picked {
	unsigned int before;
	unsigned int after;
	uint32_t words[RULES];
	char texts[RULES][48];
	uint32_t first[SMALLS];
};

static void pick(struct picked *k)
{
	unsigned int i;

	*k = (struct picked){ .before = rand() % 6, .after = rand() % 6 };
	for (i = 0; i < RULES; i++) {
		const uint32_t word = 1 + rand() % (SMALLS * WORDS - 1);
		uint32_t *first = &k->first[word / WORDS];

		k->words[i] = word;
		snprintf(k->texts[i], sizeof(k->texts[i]),
			 "--trigger=u32_le==%u", word);
		if (!*first || word < *first)
			*first = word;
	}
}

static bool is_picked(const struct picked *k, unsigned int capture)
{
	unsigned int i;

	for (i = 0; i < SMALLS; i++)
		if (k->first[i] && capture + k->before >= i &&
		    capture <= i + k->after)
			return true;
	return false;
}

/* What the file must have; returns its size. */
static size_t picked_data(const struct picked *k, uint8_t *data)
{
	unsigned int i;
	size_t len = 0, at;

	for (i = 0; i < SMALLS; i++)
		for (at = 0; is_picked(k, i) && at < SMALL; at++)
			data[len++] = pattern_byte(i * SMALL + at);
	return len;
}

/* Each trigger is said to be where it is in the file. */
static void check_marks(const struct picked *k, const struct temp *t)
{
	unsigned int i, written = 0;
	char text[160];

	for (i = 0; i < SMALLS; i++) {
		if (k->first[i]) {
			snprintf(text, sizeof(text),
				 "{\"core:sample_start\": %zu, \"core:sample_count\": 1, \"core:label\": \"trigger\", \"core:comment\": \"u32_le==%u\"}",
				 (written * WORDS + k->first[i] % WORDS) * 2,
				 k->first[i]);
			CU_ASSERT_TRUE(meta_has(t, "x.sigmf-meta", text));
		}
		written += is_picked(k, i);
	}
}

static void run_picked(const struct temp *t, uint8_t *data)
{
	char before[16], after[16];
	char *args[10 + RULES + 2] = {
		"-r", "4K", "-c", "128", "--overwrite", "--sigmf",
		"--datatype", "ru32_le", before, after,
	};
	struct process p;
	struct picked k;
	unsigned int i;
	size_t len;

	pick(&k);
	snprintf(before, sizeof(before), "--before=%u", k.before);
	snprintf(after, sizeof(after), "--after=%u", k.after);
	for (i = 0; i < RULES; i++)
		args[10 + i] = k.texts[i];
	args[10 + RULES] = (char *)t->file;
	CU_ASSERT_EQUAL(record(&p, args), 0);
	len = picked_data(&k, data);
	CU_ASSERT_TRUE(file_is(t->file, data, len));
	check_marks(&k, t);
}

/* With eight regions, those that are kept are always some of the next ones. */
static void test_triggers(void)
{
	uint8_t *data = malloc(SMALLS * SMALL);
	struct temp t;
	unsigned int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	temp_make(&t, "x.sigmf-data");
	srand(23);
	for (i = 0; i < 1000; i += RULES)
		run_picked(&t, data);
	CU_ASSERT_TRUE(schema_holds(temp_path(&t, "x.sigmf-meta")));
	free(data);
	temp_remove(&t);
}

static void test_windows(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "x.sigmf-data");
	char *args[] = { "-c", "40", "--sigmf", "--datatype", "ri32_le",
			 "--before", "2", "--after", "1",
			 "--trigger", "i32_le==81921",
			 "--trigger", "i32_le==98304",
			 "--trigger", "i32_le==122880",
			 "--trigger", "i32_le==245760", t.file, NULL };

	/* In the captures 10, 12, 15 and 30 */
	setenv("FAKE_GAP_EVERY", "22", 1);
	CU_ASSERT_EQUAL(record(&p, args), 0);
	unsetenv("FAKE_GAP_EVERY");
	CU_ASSERT_TRUE(says(&p, "\"captures\": 40, "));
	CU_ASSERT_TRUE(says(&p, "\"gaps\": 1, "));
	CU_ASSERT_TRUE(says(&p, "\"windows\": 2, \"triggers\": 4, \"unrecorded\": 27, "));
	CU_ASSERT_TRUE(schema_holds(temp_path(&t, "x.sigmf-meta")));
	CU_ASSERT_TRUE(meta_has(&t, "x.sigmf-meta",
		"\"captures\": [\n"
		"    {\"core:sample_start\": 0},\n"
		"    {\"core:sample_start\": 147456}\n"
		"  ],\n"
		"  \"annotations\": [\n"
		"    {\"core:sample_start\": 0, \"core:sample_count\": 0, \"core:label\": \"window\", \"core:comment\": \"a window begins; before it 131072 samples were not recorded\"},\n"
		"    {\"core:sample_start\": 32770, \"core:sample_count\": 1, \"core:label\": \"trigger\", \"core:comment\": \"i32_le==81921\"},\n"));
	CU_ASSERT_TRUE(meta_has(&t, "x.sigmf-meta",
		"    {\"core:sample_start\": 147456, \"core:sample_count\": 0, \"core:label\": \"window\", \"core:comment\": \"a window begins; before it 180224 samples were not recorded, and among these samples may be missing\"},\n"
		"    {\"core:sample_start\": 180224, \"core:sample_count\": 1, "));
	temp_remove(&t);
}

static void test_window_limit(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *one[] = { "--before", "1", "--after", "2", "--windows", "1",
			"--trigger", "u32_le>=81920", t.file, NULL };
	char *none[] = { "-c", "5", "--windows", "1", "--overwrite",
			 "--trigger", "u32_le>=81920", t.file, NULL };
	char *part[] = { "-c", "12", "--after", "2", "--windows", "1",
			 "--overwrite", "--trigger", "u32_le>=90112", t.file,
			 NULL };

	/* It goes on as long as the trigger is there: a disk that is full ends it. */
	record_start_with(&p, one, limit_files, NULL);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_TRUE(says(&p, "cannot write "));
	one[7] = "u32_le==81920";
	unlink(t.file);
	CU_ASSERT_EQUAL(record(&p, one), 0);
	CU_ASSERT_TRUE(says(&p, "\"windows\": 1, \"triggers\": 1, "));
	CU_ASSERT_TRUE(says(&p, "\"written\": 262144, "));
	CU_ASSERT_EQUAL(record(&p, none), 1);
	CU_ASSERT_TRUE(says(&p, "ended after 0 of 1 windows"));
	CU_ASSERT_EQUAL(record(&p, part), 1);
	CU_ASSERT_TRUE(says(&p, "ended before the last window was complete"));
	CU_ASSERT_TRUE(says(&p, "\"written\": 65536, "));
	temp_remove(&t);
}

static bool gets_there(const char *path)
{
	int i;

	for (i = 0; i < PATIENCE_MS / 10 && access(path, F_OK); i++)
		usleep(10000);
	return !access(path, F_OK);
}

/* The FPGA goes on, and the window is somewhere. */
static void check_asked(const struct temp *t, const char *comment)
{
	static uint8_t data[8 * SIZE];
	size_t len = file_append(t->file, data, 0, sizeof(data));
	uint64_t first;
	char text[160];

	CU_ASSERT_EQUAL(len, 6 * SIZE);
	memcpy(&first, data, sizeof(first));
	CU_ASSERT_EQUAL(pattern_check(data, len, first * 8), len);
	snprintf(text, sizeof(text),
		 "{\"core:sample_start\": %zu, \"core:sample_count\": %zu, \"core:label\": \"trigger\", \"core:comment\": \"%s\"}",
		 3 * SIZE, SIZE, comment);
	CU_ASSERT_TRUE(meta_has(t, "x.sigmf-meta", text));
}

static void test_asked(void)
{
	const char *command = "nonsense\ntrig";
	char fifo[64], option[96];
	struct process p;
	struct temp t;
	int fd;

	temp_make(&t, "x.sigmf-data");
	snprintf(fifo, sizeof(fifo), "%s", temp_path(&t, "fifo"));
	snprintf(option, sizeof(option), "--trigger-fifo=%s", fifo);
	char *args[] = { "--before", "3", "--after", "2", "--windows", "1",
			 "--sigmf", "--datatype", "ru8", "--overwrite", option,
			 t.file, NULL };

	record_start(&p, args);
	CU_ASSERT_TRUE(gets_there(fifo));
	kill(p.pid, SIGUSR1);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	check_asked(&t, "SIGUSR1");
	CU_ASSERT_EQUAL(access(fifo, F_OK), -1);

	record_start(&p, args);
	CU_ASSERT_TRUE(gets_there(fifo));
	fd = open(fifo, O_WRONLY | O_CLOEXEC);
	CU_ASSERT_EQUAL(write(fd, command, strlen(command)),
			(ssize_t)strlen(command));
	CU_ASSERT_TRUE(process_expect(&p, "not a command: nonsense"));
	CU_ASSERT_EQUAL(write(fd, "ger\n", 4), 4);
	close(fd);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	check_asked(&t, "command");
	temp_remove(&t);
}

/* What the FPGA does not answer any more gets what there is. */
static void test_asked_late(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { "--before", "3", "--stats", "1", t.file, NULL };

	setenv("FAKE_CAPTURES", "10", 1);
	record_start(&p, args);
	unsetenv("FAKE_CAPTURES");
	CU_ASSERT_TRUE(process_expect(&p, "\"captures\": 10, "));
	kill(p.pid, SIGUSR1);
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	CU_ASSERT_TRUE(says(&p, "\"windows\": 1, \"triggers\": 1, \"unrecorded\": 7, "));
	CU_ASSERT_TRUE(says(&p, "\"written\": 196608, "));
	temp_remove(&t);
}

static void test_bad_fifo(void)
{
	char file[64], option[96], beyond[96], ours[96];
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	snprintf(file, sizeof(file), "%s", temp_path(&t, "mine"));
	snprintf(option, sizeof(option), "--trigger-fifo=%s", file);
	snprintf(beyond, sizeof(beyond), "--trigger-fifo=%s/x", file);
	snprintf(ours, sizeof(ours), "--trigger-fifo=%s", t.file);
	char *args[] = { option, t.file, NULL };
	char *nowhere[] = { beyond, t.file, NULL };
	char *fifo[] = { "-c", "1", ours, t.file, NULL };

	file_make(file, "mine");
	CU_ASSERT_EQUAL(record(&p, args), 1);
	CU_ASSERT_TRUE(says(&p, "it is no FIFO"));
	CU_ASSERT_TRUE(file_has(file, "mine"));
	CU_ASSERT_EQUAL(access(t.file, F_OK), -1);
	CU_ASSERT_EQUAL(record(&p, nowhere), 1);
	CU_ASSERT_TRUE(says(&p, "Not a directory"));
	CU_ASSERT_EQUAL(record(&p, fifo), 1);
	unlink(file);
	/* One that was there before stays. */
	CU_ASSERT_EQUAL(mkfifo(file, 0600), 0);
	args[0] = "-c1";
	char *given[] = { "-c1", option, t.file, NULL };

	CU_ASSERT_EQUAL(record(&p, given), 0);
	CU_ASSERT_EQUAL(access(file, F_OK), 0);
	temp_remove(&t);
}

static void test_too_few(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { "--before", "6", t.file, NULL };
	char *argv[] = { "fpgabuf-record-fake", "-d", FAKE_DEVICE, "-r", "4K",
			 "--json", "--before=20", "--after=2", "-c1", t.file,
			 NULL };

	CU_ASSERT_EQUAL(record(&p, args), 1);
	CU_ASSERT_TRUE(says(&p, "8 captures of " FAKE_DEVICE " can be held at once: --before 6 needs 9"));
	CU_ASSERT_TRUE(says(&p, "use --regions 9 or more"));
	CU_ASSERT_EQUAL(access(t.file, F_OK), -1);
	CU_ASSERT_EQUAL(process_run(&p, argv), 0);
	CU_ASSERT_TRUE(says(&p, "\"regions\": 25, "));
	temp_remove(&t);
}

/* All of a window comes at once, and each of its captures begins a file. */
static void test_window_rotates(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "samples");
	char *args[] = { "-c", "20", "--before", "5", "--trigger",
			 "u32_le==81920", "--rotate-size", "64K",
			 "--max-disk", "256K", t.file, NULL };

	CU_ASSERT_EQUAL(record(&p, args), 0);
	CU_ASSERT_TRUE(says(&p, "\"files\": 6, \"files_removed\": 2, "));
	CU_ASSERT_EQUAL(pattern_of(&t, 3, 4, 7 * SIZE), 4 * SIZE);
	temp_remove(&t);

	/* The third cannot be made. */
	temp_make(&t, "samples");
	file_make(temp_path(&t, "samples.000003"), "mine");
	CU_ASSERT_EQUAL(record(&p, args), 1);
	CU_ASSERT_TRUE(says(&p, "000003 exists, and is not overwritten"));
	CU_ASSERT_EQUAL(pattern_of(&t, 1, 2, 5 * SIZE), 2 * SIZE);
	temp_remove(&t);
}

static const struct test tests[] = {
	{ "the command line is checked", test_usage },
	{ "exactly so many bytes are recorded", test_bytes },
	{ "captures of any length follow each other without a hole",
	  test_short },
	{ "a file that exists is not overwritten, unless asked, and not before",
	  test_exists },
	{ "if nothing comes, nothing is left behind", test_nothing_left },
	{ "if the device fails, the file has what came before",
	  test_device_fails },
	{ "each signal that asks for it is a good end", test_signals },
	{ "less than was asked for is a failure, and is kept",
	  test_incomplete },
	{ "killed at any time, it leaves samples without a hole and no more",
	  test_killed },
	{ "a file that cannot grow ends behind the last whole capture",
	  test_full },
	{ "it records without io_uring", test_without_uring },
	{ "the memory is registered with io_uring if that may stay",
	  test_registered },
	{ "two recorders do not write one file", test_in_use },
	{ "it writes to files only", test_no_file },
	{ "files end before they are too large", test_rotate },
	{ "files end when they are old", test_rotate_time },
	{ "nor does a later file overwrite one", test_rotate_exists },
	{ "the oldest of its own files make room", test_max_disk },
	{ "captures of fpgabuf-share are recorded", test_share },
	{ "each gap is in the metadata", test_sigmf },
	{ "each file has metadata of its own", test_sigmf_rotates },
	{ "killed, it leaves valid metadata", test_sigmf_killed },
	{ "statistics come while it runs", test_stats },
	{ "windows around 1,000 random samples are exact", test_triggers },
	{ "windows that meet are one, and say what is between the others",
	  test_windows },
	{ "it ends after so many windows", test_window_limit },
	{ "a signal and a command are triggers", test_asked },
	{ "a trigger behind the last capture gets those before",
	  test_asked_late },
	{ "commands come from a FIFO only", test_bad_fifo },
	{ "regions that cannot do are refused with their number",
	  test_too_few },
	{ "a window is rotated as any captures are", test_window_rotates },
	{ }
};

SUITE(record, .title = "fpgabuf-record", .tests = tests)
