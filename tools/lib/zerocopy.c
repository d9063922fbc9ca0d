// SPDX-License-Identifier: LGPL-2.1-or-later
/* The engine that sends with MSG_ZEROCOPY, and reads the error queue. */
#include <stdlib.h>
#include <sys/socket.h>

#include "completion.h"
#include "errqueue.h"
#include "sender.h"

/* A full socket takes at most a few hundred sends, so this hardly ever ends. */
#define TRACKER_CAPACITY	4096U

/* What older kernels (5.10) answer for EOPNOTSUPP; no errno of user space. */
#define KERNEL_ENOTSUPP	524

int fpgabuf_enable_zerocopy(int fd)
{
	int one = 1;

	if (!setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
		return 0;
	if (errno == KERNEL_ENOTSUPP || errno == ENOPROTOOPT)
		return -EOPNOTSUPP;
	return -errno;
}

static int zerocopy_open(struct fpgabuf_sender *s)
{
	struct fpgabuf_tracker *tracker;
	int err;

	err = fpgabuf_enable_zerocopy(s->fd);
	if (err)
		return err;
	tracker = malloc(sizeof(*tracker));
	if (!tracker)
		return -ENOMEM;
	err = fpgabuf_tracker_init(tracker, TRACKER_CAPACITY, s->first_id);
	if (err)
		free(tracker);
	else
		s->state = tracker;
	return err;
}

static void zerocopy_close(struct fpgabuf_sender *s)
{
	fpgabuf_tracker_exit(s->state);
	free(s->state);
}

static ssize_t zerocopy_send(struct fpgabuf_sender *s,
			     struct fpgabuf_buffer *first,
			     const struct fpgabuf_pieces *pieces)
{
	struct fpgabuf_tracker *tracker = s->state;
	ssize_t n;

	if (fpgabuf_tracker_full(tracker))
		return -ENOBUFS;
	n = fpgabuf_send_now(s, pieces, MSG_ZEROCOPY);
	if (n > 0) {
		fpgabuf_tracker_issue(tracker, &first->pending);
		s->outstanding = tracker->outstanding;
		s->stats.zerocopy_sends++;
	}
	return n;
}

/* Reads all reports there are.  Each ends at least one id: that is the bound */
static int zerocopy_collect(struct fpgabuf_sender *s)
{
	struct fpgabuf_tracker *tracker = s->state;
	struct fpgabuf_report r;
	uint32_t n;
	int ret, err;

	while ((ret = fpgabuf_errqueue_read(s->fd, &r)) > 0) {
		err = fpgabuf_tracker_complete(tracker, r.lo, r.hi);
		if (err)
			return err;
		n = r.hi - r.lo + 1;
		s->outstanding = tracker->outstanding;
		fpgabuf_sender_completed(s, n, r.copied ? n : 0);
	}
	return ret;
}

const struct fpgabuf_engine_ops fpgabuf_zerocopy_ops = {
	.open = zerocopy_open,
	.close = zerocopy_close,
	.send = zerocopy_send,
	.collect = zerocopy_collect,
};
