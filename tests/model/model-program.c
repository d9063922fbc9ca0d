// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model test: an FPGA that is a program behind fpgabuf-user, and does what the
 * simulated one does: the pattern, in packets, standing still, failing after a
 * burst.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fpgabuf/user.h>

#include "model.h"

enum {
	DEPTH = FPGABUF_USER_MAX_DEPTH,
	BURST = 64 * KIB,
	/* How often to look whether it stands still no longer */
	LOOK_MS = 1,
};

/**
 * struct fpga - the program
 * @shared: what actors set, and see
 * @pieces: that it was given, oldest first; the last one may be too many
 * @changes: how often a setting had been written, when it last looked
 * @packet_done: bytes of the present packet
 */
struct fpga {
	struct shared_fpga *shared;
	struct fpgabuf_user *channel;
	struct fpgabuf_user_event pieces[DEPTH];
	unsigned int nr;
	unsigned int changes;
	unsigned long packet_done;
};

void program_set(int device, enum setting setting, unsigned long value)
{
	struct shared_fpga *shared = &world->fpga[device];

	atomic_store(&shared->setting[setting], value);
	atomic_fetch_add(&shared->changes, 1);
}

static void must_do(const char *what, int err)
{
	if (!err)
		return;
	world_diverge(0, "the program: %s: %s", what, strerror(-err));
	_exit(1);
}

static void remove_at(struct fpga *fpga, unsigned int i)
{
	fpga->nr--;
	memmove(&fpga->pieces[i], &fpga->pieces[i + 1],
		(fpga->nr - i) * sizeof(fpga->pieces[0]));
}

static void take(struct fpga *fpga, const struct fpgabuf_user_event *event)
{
	unsigned int i;

	if (event->type == FPGABUF_USER_START) {
		fpga->pieces[fpga->nr++] = *event;
		return;
	}
	for (i = 0; i < fpga->nr && fpga->pieces[i].id != event->id; i++)
		continue;
	if (i < fpga->nr)
		remove_at(fpga, i);
	must_do("DONE of a stop",
		fpgabuf_user_done(fpga->channel, event->id, 0, 0));
}

static uint32_t bytes_of(struct fpga *fpga, uint32_t length, bool fails)
{
	unsigned long packet = fpga->shared->setting[PACKET];
	unsigned int changes = fpga->shared->changes;

	if (changes != fpga->changes)
		fpga->packet_done = 0;
	fpga->changes = changes;
	if (packet && length > packet - fpga->packet_done)
		length = packet - fpga->packet_done;
	return fails && length > BURST ? BURST : length;
}

static int fill(struct fpga *fpga, const struct fpgabuf_user_event *piece,
		uint32_t bytes)
{
	static uint8_t data[LARGEST];

	pattern_fill(data, bytes, fpga->shared->position);
	fpga->shared->position += bytes;
	fpga->packet_done += bytes;
	if (fpga->packet_done == fpga->shared->setting[PACKET])
		fpga->packet_done = 0;
	return fpgabuf_user_data(fpga->channel, piece->id, 0, data, bytes);
}

/* It may be stopped meanwhile: then it is told so. */
static void fill_oldest(struct fpga *fpga)
{
	const struct fpgabuf_user_event piece = fpga->pieces[0];
	bool fails = fpga->shared->setting[FAIL_TRANSFER];
	uint32_t bytes = bytes_of(fpga, piece.length, fails);
	int err;

	if (fails)
		atomic_fetch_sub(&fpga->shared->setting[FAIL_TRANSFER], 1);
	err = fill(fpga, &piece, bytes);
	if (!err)
		err = fpgabuf_user_done(fpga->channel, piece.id, bytes,
					fails ? -EIO : 0);
	if (err == -ESRCH)
		return;
	must_do("a capture", err);
	remove_at(fpga, 0);
}

static void look(struct fpga *fpga)
{
	struct pollfd pfd = { .fd = fpgabuf_user_fd(fpga->channel),
			      .events = POLLIN };
	struct fpgabuf_user_event event;
	int err;

	poll(&pfd, 1, !fpga->nr ? -1 :
	     fpga->shared->setting[STALL] ? LOOK_MS : 0);
	while (!(err = fpgabuf_user_next(fpga->channel, &event)))
		take(fpga, &event);
	if (err != -EAGAIN)
		must_do("an event", err);
}

static void program_main(int device)
{
	struct fpga fpga = { .shared = &world->fpga[device] };
	char path[32];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "/dev/fpgabuf-user%d", device);
	must_do("open",
		fpgabuf_user_open(path, O_NONBLOCK, &fpga.channel));
	must_do("HELLO", fpgabuf_user_hello(fpga.channel, DEPTH,
					    FPGABUF_USER_NODE_ONLY));
	for (;;) {
		look(&fpga);
		if (fpga.nr && !fpga.shared->setting[STALL])
			fill_oldest(&fpga);
	}
}

void program_begin(int device)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		program_main(device);
	REQUIRE(pid < 0, false);
	world->fpga[device].pid = pid;
}

void program_end(int device)
{
	kill(world->fpga[device].pid, SIGKILL);
	waitpid(world->fpga[device].pid, NULL, 0);
}
