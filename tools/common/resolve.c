// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/resolve.h"

/* Failures of getaddrinfo() stand beyond all errnos. */
#define FIRST_FAILURE	10000

/**
 * struct job - of the thread that asks
 * @endpoint: whom it asks for
 * @fd: where the answer goes
 */
struct job {
	struct endpoint endpoint;
	int fd;
};

/**
 * struct answer - as it is written to the pipe, all at once
 * @err: as resolve() returns it
 * @addresses: the addresses of the name
 */
struct answer {
	int err;
	struct addresses addresses;
};

_Static_assert(sizeof(struct answer) <= PIPE_BUF, "it is written at once");

static void add(struct addresses *a, const void *addr, socklen_t len)
{
	if (a->count == MAX_ADDRESSES)
		return;
	memcpy(&a->list[a->count].addr, addr, len);
	a->list[a->count++].len = len;
}

static int resolve_path(const struct endpoint *endpoint,
			struct addresses *addresses)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	memcpy(addr.sun_path, endpoint->path, sizeof(addr.sun_path));
	add(addresses, &addr, sizeof(addr));
	return 0;
}

static int failure(int err)
{
	if (err == EAI_SYSTEM)
		return -errno;
	return -FIRST_FAILURE - abs(err);
}

/* Their sign differs between C libraries. */
static int failure_code(int err)
{
	int code = -err - FIRST_FAILURE;

	return EAI_NONAME < 0 ? -code : code;
}

static int resolve_host(const struct endpoint *endpoint, int flags,
			struct addresses *addresses)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICSERV | flags,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *list, *ai;
	int err;

	err = getaddrinfo(endpoint->host, endpoint->port, &hints, &list);
	if (err)
		return failure(err);
	for (ai = list; ai; ai = ai->ai_next)
		add(addresses, ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(list);
	return 0;
}

int resolve(const struct endpoint *endpoint, bool passive,
	    struct addresses *addresses)
{
	*addresses = (struct addresses){ 0 };
	if (*endpoint->path)
		return resolve_path(endpoint, addresses);
	return resolve_host(endpoint, passive ? AI_PASSIVE : 0, addresses);
}

/* Of what needs no server: 0, or it has to be asked for. */
static int resolve_at_once(const struct endpoint *endpoint,
			   struct addresses *addresses)
{
	*addresses = (struct addresses){ 0 };
	if (*endpoint->path)
		return resolve_path(endpoint, addresses);
	return resolve_host(endpoint, AI_NUMERICHOST, addresses);
}

/* The caller may have given up. */
static void put_answer(int fd, const struct answer *answer)
{
	ssize_t n = write(fd, answer, sizeof(*answer));

	(void)n;
	close(fd);
}

static void *ask(void *data)
{
	struct job *job = data;
	struct answer answer;

	answer.err = resolve(&job->endpoint, false, &answer.addresses);
	put_answer(job->fd, &answer);
	free(job);
	return NULL;
}

static int start_thread(const struct endpoint *endpoint, int fd)
{
	struct job *job = malloc(sizeof(*job));
	pthread_t thread;
	int err;

	if (!job)
		return -ENOMEM;
	*job = (struct job){ .endpoint = *endpoint, .fd = fd };
	err = pthread_create(&thread, NULL, ask, job);
	if (err) {
		free(job);
		return -err;
	}
	pthread_detach(thread);
	return 0;
}

int resolve_start(const struct endpoint *endpoint)
{
	struct answer answer = { 0 };
	int fds[2], err;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	if (!resolve_at_once(endpoint, &answer.addresses)) {
		put_answer(fds[1], &answer);
		return fds[0];
	}
	err = start_thread(endpoint, fds[1]);
	if (!err)
		return fds[0];
	close(fds[0]);
	close(fds[1]);
	return err;
}

int resolve_finish(int fd, struct addresses *addresses)
{
	struct answer answer = { .err = -ETIMEDOUT };
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, 0) > 0 &&
	    read(fd, &answer, sizeof(answer)) != sizeof(answer))
		answer.err = -EIO;
	close(fd);
	*addresses = answer.addresses;
	return answer.err;
}

bool is_resolve_error(int err)
{
	return err < -FIRST_FAILURE;
}

const char *resolve_strerror(int err)
{
	return is_resolve_error(err) ? gai_strerror(failure_code(err)) :
				       strerror(-err);
}
