// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-recv: takes one TCP stream to a file, or checks it. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/message.h"
#include "recv/options.h"
#include "recv/receive.h"

/* -1 and a message, or a descriptor; *@name is what to call it. */
static int open_output(const struct recv_options *o, const char **name)
{
	int fd;

	if (!strcmp(o->output, "-")) {
		*name = "stdout";
		return STDOUT_FILENO;
	}
	*name = o->output;
	fd = open(o->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		message("cannot create %s: %s", o->output, strerror(errno));
	return fd;
}

static int local_port(int sock)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} addr = { 0 };
	socklen_t len = sizeof(addr);

	if (getsockname(sock, &addr.any, &len) < 0)
		return -errno;
	/* The port stands at the same place in both. */
	return ntohs(addr.v4.sin_port);
}

static int write_number(const char *path, int number)
{
	FILE *f = fopen(path, "we");
	int err = 0;

	if (!f)
		return -errno;
	fprintf(f, "%d\n", number);
	if (ferror(f))
		err = -EIO;
	if (fclose(f))
		err = -errno;
	return err;
}

/* Whoever sees the file finds the whole number in it. */
static int write_port_file(const char *path, int port)
{
	char temp[4096];
	int err;

	if (snprintf(temp, sizeof(temp), "%s.%d", path, getpid()) >=
	    (int)sizeof(temp))
		err = -ENAMETOOLONG;
	else
		err = write_number(temp, port);
	if (!err && rename(temp, path) < 0) {
		err = -errno;
		unlink(temp);
	}
	if (err)
		message("cannot write %s: %s", path, strerror(-err));
	return err;
}

static int announce(const struct recv_options *o, int sock)
{
	int port = local_port(sock);

	if (port < 0) {
		message("cannot tell the port: %s", strerror(-port));
		return port;
	}
	if (o->port_file && write_port_file(o->port_file, port))
		return -1;
	if (!o->quiet)
		message("listening at %s port %d", o->listen.host, port);
	return 0;
}

/* Accepts a connection within the timeout. */
static int accept_peer(const struct recv_options *o, int listener,
		       char peer[ENDPOINT_NAME_SIZE])
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int err, sock;

	err = wait_readable(listener, o->timeout_ms);
	if (err) {
		message("nobody connected: %s", strerror(-err));
		return -1;
	}
	sock = accept4(listener, (struct sockaddr *)&addr, &len,
		       SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (sock < 0)
		message("cannot accept a connection: %s", strerror(errno));
	else
		endpoint_name((struct sockaddr *)&addr, len, peer);
	return sock;
}

static int listen_and_accept(const struct recv_options *o,
			     char peer[ENDPOINT_NAME_SIZE])
{
	int listener, sock = -1;

	listener = endpoint_listen(&o->listen);
	if (listener < 0)
		return -1;
	if (!announce(o, listener))
		sock = accept_peer(o, listener, peer);
	close(listener);
	return sock;
}

static void report(const struct recv_options *o, const struct stream *s,
		   const char *peer, bool ok)
{
	int64_t ns = clock_ns() - s->progress.start_ns;
	double seconds = (double)ns / NS_PER_SEC;
	double rate = mb_per_s(s->bytes, seconds);
	FILE *out = s->out == STDOUT_FILENO ? stderr : stdout;
	struct json j;

	if (o->json) {
		json_begin(&j, out);
		json_bool(&j, "ok", ok);
		json_string(&j, "peer", peer);
		json_number(&j, "bytes", s->bytes);
		json_decimal(&j, "seconds", seconds);
		json_decimal(&j, "mb_per_s", rate);
		json_bool(&j, "verified", ok && o->verify);
		json_end(&j);
	} else if (!o->quiet) {
		fprintf(out, "%llu bytes from %s in %.3f s, %.1f MB/s%s\n",
			(unsigned long long)s->bytes, peer, seconds, rate,
			ok && o->verify ? ", verified" : "");
	}
}

static int receive(const struct recv_options *o, int sock, int out,
		   const char *out_name, const char *peer)
{
	struct stream s = {
		.sock = sock,
		.out = out,
		.out_name = out_name,
		.bytes_wanted = o->bytes,
		.timeout_ms = o->timeout_ms,
		.verify = o->verify,
	};
	int err;

	progress_start(&s.progress, o->bytes == ANY_LENGTH ? 0 : o->bytes,
		       o->progress, o->quiet);
	err = stream_receive(&s);
	/* Some file systems tell only now that there is no space. */
	if (out >= 0 && close(out) < 0 && !err) {
		message("cannot write %s: %s", out_name, strerror(errno));
		err = -1;
	}
	if (err && out >= 0)
		message("%s keeps the first %llu bytes", out_name,
			(unsigned long long)s.bytes);
	report(o, &s, peer, !err);
	if (fflush(stdout)) {
		message("cannot write the summary: %s", strerror(errno));
		err = -1;
	}
	return err ? EXIT_FAILED : EXIT_OK;
}

int main(int argc, char **argv)
{
	char peer[ENDPOINT_NAME_SIZE];
	const char *out_name = NULL;
	struct recv_options o;
	int sock, ret;
	int out = -1;

	ret = recv_options_parse(argc, argv, &o);
	if (ret >= 0)
		return ret;
	/* A closed pipe behind stdout is an error like any other. */
	signal(SIGPIPE, SIG_IGN);
	if (o.output) {
		out = open_output(&o, &out_name);
		if (out < 0)
			return EXIT_FAILED;
	}
	sock = listen_and_accept(&o, peer);
	if (sock < 0)
		return EXIT_FAILED;
	ret = receive(&o, sock, out, out_name, peer);
	close(sock);
	return ret;
}
