// SPDX-License-Identifier: LGPL-2.1-or-later
/* Zero-copy reports on the error queue of a socket: see errqueue.h. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

/* linux/errqueue.h uses struct timespec and does not declare it. */
#include <time.h>

#include <linux/errqueue.h>

#include "errqueue.h"

static bool is_error(const struct cmsghdr *c)
{
	return (c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
	       (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR);
}

static int parse_error(struct cmsghdr *c, struct fpgabuf_report *report)
{
	struct sock_extended_err e;

	if (c->cmsg_len < CMSG_LEN(sizeof(e)))
		return -EPROTO;
	memcpy(&e, CMSG_DATA(c), sizeof(e));
	if (e.ee_errno != 0 || e.ee_origin != SO_EE_ORIGIN_ZEROCOPY)
		return -EPROTO;
	report->lo = e.ee_info;
	report->hi = e.ee_data;
	report->copied = e.ee_code & SO_EE_CODE_ZEROCOPY_COPIED;
	return 0;
}

int fpgabuf_errqueue_parse(struct msghdr *msg, struct fpgabuf_report *report)
{
	struct cmsghdr *c;
	int found = 0;

	/* A report that was cut off is lost, and its buffers with it. */
	if (msg->msg_flags & MSG_CTRUNC)
		return -EPROTO;
	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (!is_error(c))
			continue;
		if (found++ || parse_error(c, report))
			return -EPROTO;
	}
	return found ? 0 : -EPROTO;
}

int fpgabuf_errqueue_read(int sockfd, struct fpgabuf_report *report)
{
	/* Room for the report, and for other control data that the caller enabled */
	union {
		struct cmsghdr align;
		char bytes[512];
	} control;
	struct msghdr msg = {
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int err;

	if (recvmsg(sockfd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return errno == EAGAIN ? 0 : -errno;
	err = fpgabuf_errqueue_parse(&msg, report);
	return err ? err : 1;
}
