// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/message.h"
#include "common/output.h"
#include "common/results.h"

/* No reader that works needs to lag by more */
#define MOST_WAITING	((size_t)1 << 20)

/* So long a reader may stall when the program has been told to end. */
#define HURRY_MS	2000

/* @text: the result that is being printed; @data: the results that wait */
static struct {
	struct output out;
	bool open;
	int fd;
	FILE *file;
	char *text;
	size_t text_len;
	char *data;
	size_t len;
	uint64_t dropped;
	int error;
} results = { .fd = STDOUT_FILENO };

void results_to(int fd)
{
	results.fd = fd;
}

FILE *results_begin(void)
{
	if (!results.open) {
		output_take(&results.out, results.fd);
		results.open = true;
	}
	results.file = open_memstream(&results.text, &results.text_len);
	if (results.file)
		return results.file;
	results.error = -ENOMEM;
	return stderr;
}

static int append(const char *text, size_t len)
{
	char *data = realloc(results.data, results.len + len);

	if (!data)
		return -ENOMEM;
	memcpy(data + results.len, text, len);
	results.data = data;
	results.len += len;
	return 0;
}

void results_end(bool may_drop)
{
	if (!results.file)
		return;
	fclose(results.file);
	results.file = NULL;
	if (may_drop && results.len + results.text_len > MOST_WAITING)
		results.dropped++;
	else if (append(results.text, results.text_len))
		results.error = -ENOMEM;
	free(results.text);
	results.text = NULL;
	results_push();
}

uint64_t results_dropped(void)
{
	return results.dropped;
}

int results_fd(void)
{
	return results.len ? results.out.fd : -1;
}

void results_push(void)
{
	ssize_t n = 0;

	while (results.len) {
		n = output_write(&results.out, results.data, results.len);
		if (n < 0)
			break;
		results.len -= n;
		memmove(results.data, results.data + n, results.len);
	}
	if (n >= 0 || n == -EAGAIN)
		return;
	/* What cannot be written now cannot be later. */
	results.error = n;
	results.len = 0;
}

/* True if there is room; false if there is no time to wait for it any longer. */
static bool wait_for_room(int sigfd, bool *hurry)
{
	struct pollfd fds[] = {
		{ .fd = results.out.fd, .events = POLLOUT },
		{ .fd = *hurry ? -1 : sigfd, .events = POLLIN },
	};
	int n;

	do {
		n = poll(fds, 2, *hurry ? HURRY_MS : -1);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	*hurry |= !!fds[1].revents;
	return true;
}

static void drain(int sigfd, bool hurry)
{
	results_push();
	while (results.len && wait_for_room(sigfd, &hurry))
		results_push();
	if (!results.len)
		return;
	results.error = -ETIMEDOUT;
	results.len = 0;
}

static const char *name_of(int fd)
{
	return fd == STDERR_FILENO ? "standard error" : "standard output";
}

static int explain(void)
{
	if (results.error == -ETIMEDOUT)
		message("cannot write the output: nobody reads it");
	else
		message("cannot write the output: %s",
			strerror(-results.error));
	if (results.error == -ENOSPC || results.error == -EDQUOT)
		remedy("make room on the disk that %s goes to", name_of(results.fd));
	else if (results.error == -EBADF)
		remedy("%s is closed: open it, or use --quiet",
		       name_of(results.fd));
	return -1;
}

int results_finish(int sigfd, bool hurry)
{
	int ret = 0;

	drain(sigfd, hurry);
	if (results.error)
		ret = explain();
	if (results.dropped) {
		message("%" PRIu64 " reports were dropped: nobody read them",
			results.dropped);
		ret = -1;
	}
	free(results.data);
	results.data = NULL;
	results.error = 0;
	results.dropped = 0;
	return ret;
}
