// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include "bed.h"
#include "holder.h"
#include "kmod/fpgabuf-test-importer.h"
#include "net.h"

/* More than a peer that does not read takes */
#define AHEAD	(512 * KIB)

static void pipe_take(struct holder *h)
{
	struct iovec iov = { h->target.mem + h->target.size - 4096, 4096 };
	int fds[2];

	REQUIRE(pipe2(fds, O_CLOEXEC), 0);
	REQUIRE(vmsplice(fds[1], &iov, 1, 0), 4096);
	h->one = fds[0];
	h->other = fds[1];
}

/* What is sent before keeps the region's bytes from being sent, however few they are. */
static void send_take(struct holder *h)
{
	void *ahead = calloc(1, AHEAD);
	unsigned int copied;

	REQUIRE(!ahead, false);
	net_connect(&h->one, &h->other);
	REQUIRE(write(h->one, ahead, AHEAD), AHEAD);
	free(ahead);
	EXPECT(send_zerocopy(h->one, h->target.mem, h->target.size),
	       h->target.size);
	EXPECT(net_completions(h->one, 1, &copied, 0), 0);
}

static void send_let_go(struct holder *h)
{
	struct reader *reader = reader_start(h->other, AHEAD + h->target.size);
	unsigned int copied;
	const uint8_t *data;
	size_t got;

	data = reader_wait(reader, &got);
	EXPECT(got, AHEAD + h->target.size);
	CU_ASSERT(is_pattern(data + AHEAD, h->target.size, h->target.at));
	reader_free(reader);
	EXPECT(net_completions(h->one, 1, &copied, 10000), 1);
}

/* Of a capture on the second device, which gets no bytes */
static bool fence_take(struct holder *h)
{
	int sync;

	h->one = device_open(1);
	h->other = region_alloc(h->one, 4096);
	sim_select("fpgabuf-sim.1");
	sim_source("feed");
	sim_select("fpgabuf-sim.0");
	REQUIRE(region_queue(h->one, h->other, 0, 0), 0);
	sync = export_sync_file(h->other);
	if (!is_sync_file(sync)) {
		close(sync);
		return false;
	}
	import_fence(h->target.fd, sync, DMA_BUF_SYNC_READ);
	close(sync);
	return true;
}

static void fence_let_go(struct holder *h)
{
	EXPECT(capture_cancel(h->one), 1);
	EXPECT(capture_get(h->one, &(struct fpgabuf_dequeue){ 0 }), 0);
}

int importer_open(int fd)
{
	int importer = open("/dev/fpgabuf-test-importer", O_RDWR | O_CLOEXEC);
	struct importer_import arg = { .fd = fd, .max_segment = 64 * KIB };

	REQUIRE(importer < 0 ? -errno : 0, 0);
	REQUIRE(call(importer, IMPORTER_IMPORT, &arg), 0);
	return importer;
}

static bool take(struct holder *h)
{
	switch (h->kind) {
	case HOLDER_PIPE:
		pipe_take(h);
		return true;
	case HOLDER_SEND:
		send_take(h);
		return true;
	case HOLDER_PIN:
		return !registration_try(&h->reg, h->target.mem, 4096);
	case HOLDER_FENCE:
		return fence_take(h);
	default:
		h->one = importer_open(h->target.fd);
		return true;
	}
}

static void close_both(struct holder *h)
{
	if (h->one >= 0)
		close(h->one);
	if (h->other >= 0)
		close(h->other);
}

/* A reference or a pin may go a moment later: no event tells. */
static void wait_idle(const struct target *t)
{
	int i;

	for (i = 0; i < 10000 && region_info(t->dev, t->fd).in_use; i++)
		usleep(1000);
	EXPECT(region_info(t->dev, t->fd).in_use, 0);
}

bool holder_take(struct holder *holder, enum holder_kind kind,
		 const struct target *target)
{
	*holder = (struct holder){
		.kind = kind, .target = *target, .one = -1, .other = -1,
	};
	if (take(holder))
		return true;
	if (kind == HOLDER_FENCE)
		fence_let_go(holder);
	close_both(holder);
	return false;
}

void holder_let_go(struct holder *holder)
{
	if (holder->kind == HOLDER_SEND)
		send_let_go(holder);
	else if (holder->kind == HOLDER_PIN)
		registration_end(&holder->reg);
	else if (holder->kind == HOLDER_FENCE)
		fence_let_go(holder);
	close_both(holder);
	wait_idle(&holder->target);
}
