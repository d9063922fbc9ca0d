// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-send: captures from an FPGA and sends it to a TCP peer. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/message.h"
#include "send/report.h"

static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void explain_sender(enum fpgabuf_engine engine, int err)
{
	message("cannot send with engine %s: %s", engine_name(engine),
		strerror(-err));
	if (err == -EOPNOTSUPP)
		remedy("the kernel cannot send on this socket without a copy; use --engine copy");
}

/* Everything has been opened: transfers and reports. */
static int transfer(const struct send_options *o, struct transfer *t,
		    const char *peer)
{
	struct report report = {
		.options = o,
		.transfer = t,
		.peer = peer,
	};

	progress_start(&t->progress, o->bytes == UNLIMITED ? 0 : o->bytes,
		       o->progress, o->quiet);
	report.ok = !transfer_run(t);
	report_print(&report);
	if (fflush(stdout)) {
		message("cannot write the summary: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return report.ok ? EXIT_OK : EXIT_FAILED;
}

static int send_on(const struct send_options *o, struct source *source,
		   int sock, const char *peer)
{
	struct transfer t = {
		.source = source,
		.sock = sock,
		.timeout_ms = o->timeout_ms,
		.verbose = o->verbose,
	};
	int err, sigfd, ret;

	err = fpgabuf_sender_create(sock, o->engine, source->slot_count,
				    &t.sender);
	if (err) {
		explain_sender(o->engine, err);
		return EXIT_FAILED;
	}
	sigfd = block_signals();
	if (sigfd < 0) {
		message("cannot receive signals: %s", strerror(errno));
		fpgabuf_sender_destroy(t.sender);
		return EXIT_FAILED;
	}
	t.sigfd = sigfd;
	ret = transfer(o, &t, peer);
	close(sigfd);
	fpgabuf_sender_destroy(t.sender);
	return ret;
}

static int connect_and_send(const struct send_options *o,
			    struct source *source)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);
	char peer[ENDPOINT_NAME_SIZE];
	int sock, ret;

	sock = endpoint_connect(&o->peer, o->timeout_ms);
	if (sock < 0)
		return EXIT_FAILED;
	getpeername(sock, (struct sockaddr *)&addr, &len);
	endpoint_name((struct sockaddr *)&addr, len, peer);
	if (o->verbose)
		message("connected to %s", peer);
	ret = send_on(o, source, sock, peer);
	close(sock);
	return ret;
}

int main(int argc, char **argv)
{
	struct send_options options;
	struct source source;
	int ret;

	ret = send_options_parse(argc, argv, &options);
	if (ret >= 0)
		return ret;
	if (source_open(&source, &options))
		return EXIT_FAILED;
	ret = connect_and_send(&options, &source);
	source_close(&source);
	return ret;
}
