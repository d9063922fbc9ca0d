// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor/klog.h"

/* More than the kernel makes of one record */
#define RECORD_SIZE	16384

/*
 * A record is "level,number,time,flags;text", and then lines that begin with a space.
 * A read() of /dev/kmsg returns one record, a read() of an ordinary file returns all.
 */
static void take_records(char *records,
			 void (*take)(void *arg, const char *line), void *arg)
{
	char *line, *rest = records, *text;

	while ((line = strsep(&rest, "\n"))) {
		text = *line == ' ' ? NULL : strchr(line, ';');
		if (text)
			take(arg, text + 1);
	}
}

int klog_each(const char *path, void (*take)(void *arg, const char *line),
	      void *arg)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[RECORD_SIZE];
	ssize_t n;

	if (fd < 0)
		return -errno;
	for (;;) {
		n = read(fd, record, sizeof(record) - 1);
		/* EPIPE: what came next was overwritten meanwhile. */
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		record[n] = '\0';
		take_records(record, take, arg);
	}
	n = n < 0 && errno != EAGAIN ? -errno : 0;
	close(fd);
	return n;
}

/**
 * struct klog_search - a line that is looked for
 * @head: its beginning
 * @text: receives what stands behind that, of the last one
 * @size: room there
 * @found: there was one
 */
struct klog_search {
	char head[128];
	char *text;
	size_t size;
	int found;
};

/* dev_err_probe() puts the number of the error first. */
static const char *without_error(const char *text)
{
	const char *colon = strstr(text, ": ");

	return !strncmp(text, "error ", 6) && colon ? colon + 2 : text;
}

/* Newer kernels say so themselves, after the driver has said why. */
static bool is_conclusion(const char *text)
{
	static const char head[] = "probe with driver ";

	return !strncmp(text, head, sizeof(head) - 1);
}

static void search(void *arg, const char *line)
{
	struct klog_search *s = arg;
	size_t len = strlen(s->head);

	if (strncmp(line, s->head, len) ||
	    (s->found && is_conclusion(line + len)))
		return;
	snprintf(s->text, s->size, "%s", without_error(line + len));
	s->found = 1;
}

int klog_last(const char *path, const char *device, char *text, size_t size)
{
	struct klog_search s = { .text = text, .size = size };
	int err;

	snprintf(s.head, sizeof(s.head), "fpgabuf %s: ", device);
	err = klog_each(path, search, &s);
	if (err)
		return err;
	return s.found ? 0 : -ENODATA;
}
