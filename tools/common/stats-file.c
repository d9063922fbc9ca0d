// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/stats-file.h"

/* Programs such as node_exporter read only what ends with that. */
#define ENDING		".prom"

/* Names that begin with a dot are read by nobody, and this one does not end so. */
#define BESIDE		".new"

/* What tells the files of a folder apart: the name without the ending */
static void name_of(const char *path, char *name, size_t room)
{
	const char *slash = strrchr(path, '/');
	size_t len;

	snprintf(name, room, "%s", slash ? slash + 1 : path);
	len = strlen(name);
	if (len > strlen(ENDING) && !strcmp(name + len - strlen(ENDING), ENDING))
		name[len - strlen(ENDING)] = '\0';
}

/* All of it, to be freed, or NULL */
static char *make_text(const struct stats_file *f, bool running, size_t *len)
{
	char name[PATH_MAX];
	struct metrics m = { .program = f->program, .name = name };
	char *text;

	m.out = open_memstream(&text, len);
	if (!m.out)
		return NULL;
	name_of(f->path, name, sizeof(name));
	metrics_gauge(&m, "running", "1 while the program runs, 0 in its last words.",
		      running);
	f->put(&m, f->of);
	if (!fclose(m.out))
		return text;
	free(text);
	return NULL;
}

static int write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	for (; len; text += n, len -= n) {
		n = write(fd, text, len);
		if (n < 0 && errno != EINTR)
			return -errno;
		n = n < 0 ? 0 : n;
	}
	return 0;
}

/* The collector runs as another user, and a service makes files for itself alone. */
static int write_beside(const char *beside, const char *text, size_t len)
{
	int fd, err;

	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK |
		  O_NOCTTY | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	err = fchmod(fd, 0644) ? -errno : write_all(fd, text, len);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* A device or a pipe would be gone for other programs. */
static int check_place(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : -errno;
	return S_ISREG(st.st_mode) ? 0 : -ENOTSUP;
}

static int replace(const char *path, const char *text, size_t len)
{
	char beside[PATH_MAX];
	int err;

	if (strlen(path) + sizeof(BESIDE) > sizeof(beside))
		return -ENAMETOOLONG;
	snprintf(beside, sizeof(beside), "%s" BESIDE, path);
	err = check_place(path);
	if (err)
		return err;
	err = write_beside(beside, text, len);
	if (!err && rename(beside, path))
		err = -errno;
	if (err)
		unlink(beside);
	return err;
}

/* Once, until it works again */
static void explain(struct stats_file *f, int err)
{
	if (err && !f->told) {
		/* It is not the error that the program ends with. */
		inform("cannot write the statistics to %s: %s", f->path,
		       err == -ENOTSUP ? "that is no file" : strerror(-err));
		remedy("all else goes on, and it is tried again every %lld s",
		       (long long)(f->period_ns / NS_PER_SEC));
	}
	f->told = err;
}

static void write_file(struct stats_file *f, bool running)
{
	size_t len;
	char *text = make_text(f, running, &len);

	explain(f, text ? replace(f->path, text, len) : -ENOMEM);
	free(text);
}

void stats_file_start(struct stats_file *file, int64_t period_ns)
{
	if (!file->path)
		return;
	file->period_ns = period_ns ? period_ns : STATS_FILE_S * NS_PER_SEC;
	file->due_ns = clock_ns() + file->period_ns;
	write_file(file, true);
}

void stats_file_turn(struct stats_file *file)
{
	if (!file->due_ns || clock_ns() < file->due_ns)
		return;
	file->due_ns = clock_ns() + file->period_ns;
	write_file(file, true);
}

void stats_file_end(struct stats_file *file)
{
	if (file->path)
		write_file(file, false);
}
