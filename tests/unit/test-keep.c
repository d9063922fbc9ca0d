// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-recv loses no recording, and survives its guests. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "common/clock.h"
#include "lib/suite.h"
#include "net.h"
#include "process.h"
#include "receiver.h"
#include "recv/outfile.h"

int __real_fsync(int fd);
int __wrap_fsync(int fd);

static unsigned int syncs;

/* Counts, as nothing else tells whether the disk was asked. */
int __wrap_fsync(int fd)
{
	syncs++;
	return __real_fsync(fd);
}

static void file_make(const char *path, const uint8_t *data, size_t len)
{
	FILE *f = fopen(path, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(fwrite(data, 1, len, f), len);
	CU_ASSERT_EQUAL(fclose(f), 0);
}

/* Others see so many bytes of it while it is being written. */
static bool file_gets(const char *path, off_t size)
{
	struct stat st = { 0 };
	int i;

	for (i = 0; i < PATIENCE_MS / 10 && st.st_size != size; i++) {
		usleep(10000);
		if (stat(path, &st))
			st.st_size = -1;
	}
	return st.st_size == size;
}

/* The receiver has done with the stream when it closes its end. */
static void feed_whole(int port, const uint8_t *data, size_t len)
{
	int fd = receiver_feed(port, data, len);
	char byte;

	shutdown(fd, SHUT_WR);
	CU_ASSERT(wait_for(fd, POLLIN) != 0);
	CU_ASSERT_EQUAL(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	close(fd);
}

static unsigned int files_in(const struct temp *t)
{
	struct dirent *entry;
	unsigned int count = 0;
	DIR *dir = opendir(t->dir);

	while ((entry = readdir(dir)))
		count += *entry->d_name != '.';
	closedir(dir);
	return count;
}

static void test_exists(void)
{
	uint8_t *old = new_data(5000, false), *data = new_data(100, true);
	struct process p;
	char empty[64];
	struct temp t;

	temp_make(&t, "stream");
	snprintf(empty, sizeof(empty), "%s", temp_path(&t, "empty"));
	file_make(t.file, old, 5000);
	char *argv[] = { "tools/fpgabuf-recv", "-o", t.file, "0", NULL };
	char *args[] = { "--overwrite", "-o", t.file, NULL };
	char *nothing[] = { "-o", empty, NULL };

	CU_ASSERT_EQUAL(process_run(&p, argv), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "exists, and is not overwritten"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "-> "));
	CU_ASSERT_TRUE(file_is(t.file, old, 5000));

	/* Nor is one without bytes removed, if none come. */
	file_make(empty, old, 0);
	CU_ASSERT(receiver_start(&p, nothing) > 0);
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_TRUE(file_is(empty, old, 0));

	/* Not before there is something else. */
	CU_ASSERT(receiver_start(&p, args) > 0);
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_TRUE(file_is(t.file, old, 5000));
	CU_ASSERT_EQUAL(receiver_run(&p, args, data, 100), 0);
	CU_ASSERT_TRUE(file_is(t.file, data, 100));
	free(old);
	free(data);
	temp_remove(&t);
}

/* The second one finds the port taken, and touches nothing. */
static void test_twice(void)
{
	uint8_t *data = new_data(3 << 20, false);
	struct process first, second;
	char port[16];
	struct temp t;
	int fd, n;

	temp_make(&t, "stream");
	char *args[] = { "-o", t.file, "--connections", "2", NULL };
	char *argv[] = { "tools/fpgabuf-recv", "-o", t.file, "--connections",
			 "2", port, NULL };

	n = receiver_start(&first, args);
	snprintf(port, sizeof(port), "%d", n);
	fd = receiver_feed(n, data, 2 << 20);
	CU_ASSERT_TRUE(file_gets(temp_path(&t, "stream.1"), 2 << 20));
	CU_ASSERT_EQUAL(process_run(&second, argv), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(second.output, "Address already in use"));
	CU_ASSERT_EQUAL(send(fd, data + (2 << 20), 1000, MSG_NOSIGNAL), 1000);
	close(fd);
	close(receiver_feed(n, data, 1000));
	CU_ASSERT_EQUAL(process_finish(&first), 0);
	CU_ASSERT_TRUE(file_is(temp_path(&t, "stream.1"), data, (2 << 20) + 1000));
	free(data);
	temp_remove(&t);
}

/* At another port it finds the file in use. */
static void test_in_use(void)
{
	uint8_t *data = new_data(1000, false);
	struct process first, second;
	struct temp t;
	int port;

	temp_make(&t, "stream");
	char *args[] = { "-o", t.file, NULL };
	char *argv[] = { "tools/fpgabuf-recv", "-o", t.file, "0", NULL };

	port = receiver_start(&first, args);
	CU_ASSERT_EQUAL(process_run(&second, argv), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(second.output, "another program is writing it"));
	close(receiver_feed(port, data, 1000));
	CU_ASSERT_EQUAL(process_finish(&first), 0);
	CU_ASSERT_TRUE(file_is(t.file, data, 1000));
	free(data);
	temp_remove(&t);
}

static void serve_one(char *output, const uint8_t *data, size_t len)
{
	char *args[] = { "--connections", "0", "--rotate-size", "8K", "-o",
			 output, NULL };
	struct process p;

	feed_whole(receiver_start(&p, args), data, len);
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
}

/* It goes on with the next number; and nothing empty is left behind. */
static void test_service_restarts(void)
{
	uint8_t *data = new_data(9000, false);
	struct temp t;

	temp_make(&t, "peer-%c-%n");
	serve_one(t.file, data, 9000);
	serve_one(t.file, data + 100, 8000);
	CU_ASSERT_TRUE(file_is(temp_path(&t, "peer-1-000001"), data, 8192));
	CU_ASSERT_TRUE(file_is(temp_path(&t, "peer-1-000002"), data + 8192,
			       808));
	CU_ASSERT_TRUE(file_is(temp_path(&t, "peer-2-000001"), data + 100,
			       8000));
	CU_ASSERT_EQUAL(files_in(&t), 3);
	free(data);
	temp_remove(&t);
}

static void test_time(void)
{
	uint8_t *data = new_data(100, false);
	struct process p;
	glob_t found;
	struct temp t;

	temp_make(&t, "at-%t.raw");
	char *args[] = { "-o", t.file, NULL };

	CU_ASSERT_EQUAL(receiver_run(&p, args, data, 100), 0);
	CU_ASSERT_EQUAL(glob(temp_path(&t, "at-20[0-9][0-9][0-9][0-9][0-9][0-9]T"
				       "[0-9][0-9][0-9][0-9][0-9][0-9]Z.raw"),
			     0, NULL, &found), 0);
	CU_ASSERT_EQUAL(found.gl_pathc, 1);
	globfree(&found);
	free(data);
	temp_remove(&t);
}

/* Others see what has come, though it fills no buffer, and no block. */
static void test_flush(void)
{
	uint8_t *data = new_data(500003, false);
	struct process p;
	struct temp t;
	int fd;

	temp_make(&t, "stream");
	char *args[] = { "-o", t.file, NULL };

	fd = receiver_feed(receiver_start(&p, args), data, 400001);
	CU_ASSERT_TRUE(file_gets(t.file, 400001));
	CU_ASSERT_TRUE(file_is(t.file, data, 400001));
	CU_ASSERT_EQUAL(send(fd, data + 400001, 2, MSG_NOSIGNAL), 2);
	CU_ASSERT_TRUE(file_gets(t.file, 400003));
	CU_ASSERT_EQUAL(send(fd, data + 400003, 100000, MSG_NOSIGNAL), 100000);
	CU_ASSERT_TRUE(file_gets(t.file, 500003));
	/* Nothing is lost even by this. */
	kill(p.pid, SIGKILL);
	CU_ASSERT_EQUAL(process_finish(&p), -1);
	CU_ASSERT_TRUE(file_is(t.file, data, 500003));
	close(fd);
	free(data);
	temp_remove(&t);
}

/* A disk that takes only so much once, and refuses what is not whole blocks */
static size_t short_write;
static unsigned int refused_writes;

ssize_t __real_output_write(const struct output *o, const void *data,
			    size_t len);
ssize_t __wrap_output_write(const struct output *o, const void *data,
			    size_t len);

static ssize_t write_short(const struct output *o, const void *data)
{
	int flags = fcntl(o->fd, F_GETFL);
	ssize_t n;

	fcntl(o->fd, F_SETFL, flags & ~O_DIRECT);
	n = __real_output_write(o, data, short_write);
	fcntl(o->fd, F_SETFL, flags);
	short_write = 0;
	return n;
}

ssize_t __wrap_output_write(const struct output *o, const void *data,
			    size_t len)
{
	ssize_t n;

	if (short_write && short_write < len)
		return write_short(o, data);
	n = __real_output_write(o, data, len);
	if (n == -EINVAL)
		refused_writes++;
	return n;
}

/*
 * It goes on within a block, where nothing can be written directly: so that is not
 * even tried.
 */
static void test_short_write(void)
{
	const size_t size = 1 << 20;
	uint8_t *data = new_data(size + 5000, false);
	struct outfile f;
	struct temp t;
	size_t room;

	temp_make(&t, "stream");
	CU_ASSERT_EQUAL_FATAL(outfile_init(&f), 0);
	strcpy(f.name, t.file);
	CU_ASSERT_EQUAL_FATAL(outfile_open(&f, 0, false), 0);
	if (!f.direct)
		printf("skipped: no O_DIRECT for %s ", t.file);
	refused_writes = 0;
	short_write = 4096 + 100;
	memcpy(outfile_room(&f, &room), data, size);
	CU_ASSERT_EQUAL(room, size);
	CU_ASSERT_EQUAL(outfile_commit(&f, size), 0);
	CU_ASSERT_EQUAL(fcntl(f.out.fd, F_GETFL) & O_DIRECT, 0);
	CU_ASSERT_FALSE(f.direct);
	memcpy(outfile_room(&f, &room), data + size, 5000);
	CU_ASSERT_EQUAL(outfile_commit(&f, 5000), 0);
	CU_ASSERT_EQUAL(outfile_close(&f), 0);
	CU_ASSERT_EQUAL(refused_writes, 0);
	CU_ASSERT_EQUAL(short_write, 0);
	CU_ASSERT_TRUE(file_is(t.file, data, size + 5000));
	outfile_free(&f);
	free(data);
	temp_remove(&t);
}

/*
 * What is no whole block is shown after a while, and written once more with its
 * block: nothing but that goes through the page cache, however often it is looked.
 */
static void test_stays_direct(void)
{
	const size_t first = 70001, rest = 300007;
	uint8_t *data = new_data(first + rest, false);
	struct outfile f;
	struct temp t;
	size_t room;

	temp_make(&t, "stream");
	CU_ASSERT_EQUAL_FATAL(outfile_init(&f), 0);
	strcpy(f.name, t.file);
	CU_ASSERT_EQUAL_FATAL(outfile_open(&f, 0, false), 0);
	if (!f.direct)
		printf("skipped: no O_DIRECT for %s ", t.file);
	refused_writes = 0;
	memcpy(outfile_room(&f, &room), data, first);
	CU_ASSERT_EQUAL(outfile_commit(&f, first), 0);
	f.since_ns = 1;
	CU_ASSERT_EQUAL(outfile_tick(&f, 0), 0);
	CU_ASSERT_TRUE(file_is(t.file, data, first));
	CU_ASSERT_EQUAL(outfile_push(&f), 0);
	memcpy(outfile_room(&f, &room), data + first, rest);
	CU_ASSERT_EQUAL(outfile_commit(&f, rest), 0);
	CU_ASSERT_EQUAL(outfile_close(&f), 0);
	CU_ASSERT_EQUAL(refused_writes, 0);
	CU_ASSERT(f.direct_written == 0 ||
		  f.direct_written >= first + rest - 4095);
	CU_ASSERT_TRUE(file_is(t.file, data, first + rest));
	outfile_free(&f);
	free(data);
	temp_remove(&t);
}

static void test_sync(void)
{
	uint8_t *data = new_data(5000, false);
	struct outfile f;
	struct temp t;
	size_t room;

	temp_make(&t, "stream");
	CU_ASSERT_EQUAL_FATAL(outfile_init(&f), 0);
	strcpy(f.name, t.file);
	CU_ASSERT_EQUAL_FATAL(outfile_open(&f, 0, false), 0);
	memcpy(outfile_room(&f, &room), data, 5000);
	syncs = 0;
	CU_ASSERT_EQUAL(outfile_commit(&f, 5000), 0);
	CU_ASSERT_EQUAL(outfile_tick(&f, 1), 0);
	/* It was long ago. */
	f.since_ns = 1;
	f.unsynced_ns = f.unsynced_ns ? 1 : 0;
	CU_ASSERT_EQUAL(outfile_tick(&f, 1), 0);
	f.unsynced_ns = f.unsynced_ns ? 1 : 0;
	CU_ASSERT_EQUAL(outfile_tick(&f, 1), 0);
	CU_ASSERT(syncs > 0);
	CU_ASSERT_TRUE(file_is(t.file, data, 5000));
	/* Nothing new has come. */
	syncs = 0;
	CU_ASSERT_EQUAL(outfile_tick(&f, 1), 0);
	CU_ASSERT_EQUAL(syncs, 0);
	CU_ASSERT_EQUAL(outfile_due_ns(&f, 1), 0);
	/* The file, and its name. */
	CU_ASSERT_EQUAL(outfile_close(&f), 0);
	CU_ASSERT_EQUAL(syncs, 2);
	CU_ASSERT_TRUE(file_is(t.file, data, 5000));
	outfile_free(&f);
	free(data);
	temp_remove(&t);
}

static void reset(int fd)
{
	const struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

/* Port scanners, and health checks */
static void test_probe(void)
{
	uint8_t *data = new_data(1000, false);
	unsigned int fds;
	struct process p;
	struct temp t;
	int port;

	temp_make(&t, "stream");
	char *args[] = { "-t", "20", "-o", t.file, NULL };

	port = receiver_start(&p, args);
	fds = open_fds(p.pid);
	close(connect_port(port));
	CU_ASSERT_TRUE(process_expect(&p, "has left without sending anything"));
	CU_ASSERT_EQUAL(open_fds_settled(p.pid, fds), fds);
	reset(connect_port(port));
	close(receiver_feed(port, data, 1000));
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	CU_ASSERT_TRUE(file_is(t.file, data, 1000));
	free(data);
	temp_remove(&t);
}

/* Nobody can take all places by saying nothing. */
static void test_silent(void)
{
	char *args[] = { "--connections", "0", NULL };
	int fds[300], port, i;
	struct process p;

	port = receiver_start(&p, args);
	for (i = 0; i < 300; i++)
		fds[i] = connect_port(port);
	feed_whole(port, (const uint8_t *)"abc", 3);
	CU_ASSERT_TRUE(process_expect(&p, "its place is needed"));
	CU_ASSERT_TRUE(process_expect(&p, "connection 1: 3 bytes"));
	/* The oldest have lost it, and of the others none has. */
	CU_ASSERT(wait_for(fds[0], POLLIN) != 0);
	for (i = 299; i >= 100; i--)
		CU_ASSERT_EQUAL(poll(&(struct pollfd){ fds[i], POLLIN, 0 }, 1,
				     0), 0);
	CU_ASSERT_EQUAL(send(fds[299], "abcd", 4, MSG_NOSIGNAL), 4);
	close(fds[299]);
	CU_ASSERT_TRUE(process_expect(&p, "connection 2: 4 bytes"));
	for (i = 0; i < 299; i++)
		close(fds[i]);
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
}

static void limit_descriptors(pid_t pid, rlim_t count)
{
	const struct rlimit limit = { count, 4096 };

	CU_ASSERT_EQUAL(prlimit(pid, RLIMIT_NOFILE, &limit, NULL), 0);
}

/* For a while nobody can be accepted: a stream goes on, and so does the server. */
static void test_accept_fails(void)
{
	char *args[] = { "--connections", "2", "-t", "20", NULL };
	struct process p;
	int first, second, port;

	port = receiver_start(&p, args);
	limit_descriptors(p.pid, 3);
	first = connect_port(port);
	CU_ASSERT_TRUE(process_expect(&p, "cannot accept a connection"));
	limit_descriptors(p.pid, 100);
	CU_ASSERT_EQUAL(send(first, "abc", 3, MSG_NOSIGNAL), 3);
	second = receiver_feed(port, (const uint8_t *)"abcd", 4);
	close(first);
	close(second);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output,
				      "2 connections, 0 failed, 7 bytes"));
}

/* Until nobody is accepted there: the one stream has begun. */
static void wait_closed(int port)
{
	int fd, i;

	for (i = 0; i < PATIENCE_MS / 10; i++) {
		fd = connect_port(port);
		if (fd < 0)
			return;
		close(fd);
		usleep(10000);
	}
}

/* A board that has lost its power is noticed. */
static void test_keepalive(void)
{
	char *args[] = { "-t", "20", NULL };
	char *without[] = { "-t", "20", "--keepalive", "0", NULL };
	struct process p;
	int fd, port;

	port = receiver_start(&p, args);
	fd = connect_port(port);
	CU_ASSERT_EQUAL(send(fd, "abc", 3, MSG_NOSIGNAL), 3);
	wait_closed(port);
	CU_ASSERT_EQUAL(tcp_timer(port, 0), TCP_TIMER_KEEPALIVE);
	close(fd);
	CU_ASSERT_EQUAL(process_finish(&p), 0);

	port = receiver_start(&p, without);
	fd = connect_port(port);
	CU_ASSERT_EQUAL(send(fd, "abc", 3, MSG_NOSIGNAL), 3);
	wait_closed(port);
	CU_ASSERT_EQUAL(tcp_timer(port, 0), TCP_TIMER_NONE);
	close(fd);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
}

/* One reader stalls, another has not come yet: the others go on. */
static void test_fifos(void)
{
	uint8_t *data = new_data(4 << 20, false), *got = malloc(4 << 20);
	int port, fds[3], stalled, reader;
	size_t have = 0;
	struct process p;
	struct temp t;
	char name[24];
	ssize_t n;
	int i;

	temp_make(&t, "fifo-%c");
	for (i = 1; i <= 3; i++) {
		snprintf(name, sizeof(name), "fifo-%d", i);
		CU_ASSERT_EQUAL_FATAL(mkfifo(temp_path(&t, name), 0600), 0);
	}
	char *args[] = { "--connections", "3", "-o", t.file, NULL };

	port = receiver_start(&p, args);
	CU_ASSERT_FATAL(port > 0);
	stalled = open(temp_path(&t, "fifo-1"), O_RDONLY | O_NONBLOCK);
	fds[0] = receiver_feed(port, data, 2 << 20);
	fds[1] = receiver_feed(port, data, 1000);
	fds[2] = receiver_feed(port, data, 1000);
	reader = open(temp_path(&t, "fifo-3"), O_RDONLY);
	shutdown(fds[2], SHUT_WR);
	while (wait_for(reader, POLLIN) &&
	       (n = read(reader, got + have, 4096)) > 0)
		have += n;
	CU_ASSERT_EQUAL(have, 1000);
	CU_ASSERT_EQUAL(memcmp(got, data, 1000), 0);
	close(reader);
	/* Who reads late gets all of it, too. */
	reader = open(temp_path(&t, "fifo-2"), O_RDONLY);
	shutdown(fds[1], SHUT_WR);
	for (have = 0; wait_for(reader, POLLIN) &&
	     (n = read(reader, got + have, 4096)) > 0;)
		have += n;
	CU_ASSERT_EQUAL(have, 1000);
	close(reader);
	/* And the one that has stalled does not hold up the end. */
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "are lost: nobody has read them"));
	for (i = 0; i < 3; i++)
		close(fds[i]);
	close(stalled);
	free(data);
	free(got);
	temp_remove(&t);
}

struct pipe_ends {
	int fds[2];
};

static void pipe_stdout(const void *data)
{
	dup2(((const struct pipe_ends *)data)->fds[1], STDOUT_FILENO);
}

/* A pipe that does not block, as some shells and Node give it away */
static void test_nonblocking_stdout(void)
{
	char *argv[] = { "tools/fpgabuf-recv", "-t", "20", "-o", "-", "0",
			 NULL };
	uint8_t *data = new_data(4 << 20, false), *got = malloc(5 << 20);
	struct pipe_ends ends;
	struct process p;
	const char *at;
	size_t have = 0;
	ssize_t n;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pipe2(ends.fds, O_CLOEXEC), 0);
	fcntl(ends.fds[1], F_SETFL, O_NONBLOCK);
	process_start_with(&p, argv, pipe_stdout, &ends);
	close(ends.fds[1]);
	CU_ASSERT_TRUE_FATAL(process_expect(&p, "\n"));
	at = strstr(p.output, "port ");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(receiver_feed(atoi(at + 5), data, 4 << 20));
		_exit(0);
	}
	while (wait_for(ends.fds[0], POLLIN) &&
	       (n = read(ends.fds[0], got + have, 4096)) > 0)
		have += n;
	CU_ASSERT_EQUAL(have, 4 << 20);
	CU_ASSERT_EQUAL(memcmp(got, data, have < 4 << 20 ? have : 4 << 20), 0);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	close(ends.fds[0]);
	free(data);
	free(got);
}

/* Nobody reads what is written to stdout; SIGTERM is the end all the same. */
static void test_stalled_stdout(void)
{
	char *argv[] = { "tools/fpgabuf-recv", "-o", "-", "0", NULL };
	uint8_t *data = new_data(500000, false);
	struct pipe_ends ends;
	char keeps[64], line[64];
	struct process p;
	const char *at;
	int fd, held;

	CU_ASSERT_EQUAL_FATAL(pipe2(ends.fds, O_CLOEXEC), 0);
	process_start_with(&p, argv, pipe_stdout, &ends);
	close(ends.fds[1]);
	CU_ASSERT_TRUE_FATAL(process_expect(&p, "\n"));
	at = strstr(p.output, "port ");
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	fd = receiver_feed(atoi(at + 5), data, 500000);
	CU_ASSERT_TRUE(process_expect(&p, "its reader has stalled"));
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "are lost: nobody has read them"));
	/*
	 * One number, not two: what is in the pipe.  That is not always all a
	 * pipe can hold, as the bytes of two packets may have a page each.
	 */
	CU_ASSERT_EQUAL_FATAL(ioctl(ends.fds[0], FIONREAD, &held), 0);
	CU_ASSERT_TRUE(held > 0);
	snprintf(keeps, sizeof(keeps), "keeps the first %d bytes", held);
	snprintf(line, sizeof(line), "\n%d bytes from ", held);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, keeps));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, line));
	close(fd);
	close(ends.fds[0]);
	free(data);
}

/* How far it was right, and what is kept, is one number. */
static void test_one_number(void)
{
	uint8_t *data = new_data(1000000, true);
	struct process p;
	struct temp t;

	temp_make(&t, "stream");
	char *args[] = { "--verify", "-o", t.file, NULL };
	char *bytes[] = { "-b", "777", "--overwrite", "-o", t.file, NULL };

	data[777777] ^= 1;
	CU_ASSERT_EQUAL(receiver_run(&p, args, data, 1000000), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "byte 777777 is"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "keeps the first 777777 bytes"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "777777 bytes from"));
	CU_ASSERT_TRUE(file_is(t.file, data, 777777));
	CU_ASSERT_EQUAL(receiver_run(&p, bytes, data, 1000000), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "longer than 777 bytes"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "keeps the first 777 bytes"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "777 bytes from"));
	CU_ASSERT_TRUE(file_is(t.file, data, 777));
	free(data);
	temp_remove(&t);
}

static void test_stats(void)
{
	char *args[] = { "--connections", "0", "--json", "--stats", "1", NULL };
	struct process p;
	int fd, port;

	port = receiver_start(&p, args);
	fd = receiver_feed(port, (const uint8_t *)"abc", 3);
	CU_ASSERT_TRUE(process_expect(&p, "{\"open\": 1, \"silent\": 0, "));
	CU_ASSERT_TRUE(process_expect(&p, "\"streams\": [{\"connection\": 1, "));
	CU_ASSERT_TRUE(process_expect(&p, "\"bytes\": 3, "));
	close(fd);
	CU_ASSERT_TRUE(process_expect(&p, "{\"open\": 0, \"silent\": 0, "
				      "\"connections\": 1, "));
	kill(p.pid, SIGTERM);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
}

/* Whoever sends notices that the receiver has failed, also at the very end. */
static void test_failure_resets(void)
{
	char *args[] = { "-b", "1000", NULL };
	uint8_t *data = new_data(999, false);
	struct process p;
	char byte;
	int fd;

	fd = receiver_feed(receiver_start(&p, args), data, 999);
	shutdown(fd, SHUT_WR);
	CU_ASSERT(wait_for(fd, POLLIN) != 0);
	CU_ASSERT_EQUAL(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	CU_ASSERT_EQUAL(errno, ECONNRESET);
	CU_ASSERT_EQUAL(process_finish(&p), 1);
	close(fd);
	free(data);
}

static const struct test tests[] = {
	{ "after a short write nothing goes past the page cache",
	  test_short_write },
	{ "and what is shown early does not end that", test_stays_direct },
	{ "a file that exists is not overwritten, unless asked, and not before",
	  test_exists },
	{ "the same command twice leaves the first one's file alone",
	  test_twice },
	{ "two receivers do not write one file", test_in_use },
	{ "a service that is restarted goes on with the next number",
	  test_service_restarts },
	{ "a name may have the time", test_time },
	{ "what has come can be read soon, and survives SIGKILL", test_flush },
	{ "the disk is asked at an interval, and at the end", test_sync },
	{ "a peer that sends nothing is no stream", test_probe },
	{ "silent peers do not shut others out", test_silent },
	{ "a failing accept() ends nothing", test_accept_fails },
	{ "a silent peer is asked whether it is there", test_keepalive },
	{ "a reader that stalls, or comes late, stops its own stream alone",
	  test_fifos },
	{ "a pipe that does not block gets all of the stream",
	  test_nonblocking_stdout },
	{ "SIGTERM ends a stream that nobody reads", test_stalled_stdout },
	{ "what is kept, and what is right, is one number", test_one_number },
	{ "statistics come at an interval", test_stats },
	{ "a receiver that fails resets the connection", test_failure_resets },
	{ }
};

SUITE(keep, .title = "recordings and guests", .tests = tests)
