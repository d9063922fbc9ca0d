/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Zero-copy reports on the error queue of a socket. */
#ifndef FPGABUF_LIB_ERRQUEUE_H
#define FPGABUF_LIB_ERRQUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/**
 * struct fpgabuf_report - one report of the kernel
 * @lo: first id that has completed
 * @hi: last id that has completed
 * @copied: the kernel copied after all
 */
struct fpgabuf_report {
	uint32_t lo;
	uint32_t hi;
	bool copied;
};

/* Understands a message; -EPROTO if it is not exactly one whole report. */
int fpgabuf_errqueue_parse(struct msghdr *msg, struct fpgabuf_report *report);

/* Reads the next report: 1, or 0 if there is none, or a negative errno. */
int fpgabuf_errqueue_read(int sockfd, struct fpgabuf_report *report);

#endif /* FPGABUF_LIB_ERRQUEUE_H */
