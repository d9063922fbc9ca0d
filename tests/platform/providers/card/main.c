// SPDX-License-Identifier: GPL-2.0-only
/*
 * card [--msi] MODEL SOCKET [FILE] - be a PCIe card for one virtual machine
 *
 * MODEL is xdma or dwedma.  Its FPGAs send a counter; or FILE, when told to.  It
 * has MSI-X, or MSI instead.  Ends when the machine does.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "card.h"

static const struct model * const models[] = { &xdma_model, &dwedma_model };

#define EAGER_BURSTS	65536

const struct model *model;
bool use_msi;

void die(const char *why, ...)
{
	va_list args;

	va_start(args, why);
	fputs("card: ", stderr);
	vfprintf(stderr, why, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* Could it move something, were it not for the pace? */
bool channel_runs(unsigned int channel)
{
	return model->wants(channel) && fpga_ready(&fpgas[channel], BURST);
}

/*
 * Who is eager goes on until nothing is left to do; if that takes forever, as
 * a list of descriptors may be a ring, with pauses for messages.
 */
void channel_kick(unsigned int channel)
{
	unsigned int i;

	for (i = 0; i < EAGER_BURSTS && fpgas[channel].knob[KNOB_EAGER] &&
	     channel_runs(channel); i++)
		model->step(channel);
}

/*
 * Moves a burst of each channel that is due.
 *
 * Return: ns until the next one is, or -1 if all wait for a register
 */
static int64_t run_channels(void)
{
	int64_t wait = -1;
	unsigned int i;

	for (i = 0; i < CHANNELS; i++) {
		int64_t left;

		if (!channel_runs(i))
			continue;
		left = fpgas[i].due - now_ns();
		if (!fpgas[i].due || left <= 0) {
			model->step(i);
			left = 0;
		}
		if (wait < 0 || left < wait)
			wait = left;
	}
	return wait;
}

static void serve(void)
{
	int64_t wait = -1;

	for (;;) {
		struct pollfd poll = { .fd = server_fd(), .events = POLLIN };
		struct timespec ts = {
			.tv_sec = wait / 1000000000,
			.tv_nsec = wait % 1000000000,
		};
		int n = ppoll(&poll, 1, wait < 0 ? NULL : &ts, NULL);

		if (n < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		if (n > 0 && !server_message())
			return;
		wait = run_channels();
	}
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 1 && !strcmp(argv[1], "--msi")) {
		use_msi = true;
		argc--;
		argv++;
	}
	if (argc != 3 && argc != 4) {
		fputs("usage: card [--msi] MODEL SOCKET [FILE]\n", stderr);
		return 2;
	}
	for (i = 0; i < ARRAY_SIZE(models); i++)
		if (!strcmp(argv[1], models[i]->name))
			model = models[i];
	if (!model)
		die("no model %s: it is xdma or dwedma", argv[1]);
	if (argc == 4 && !fpga_source(argv[3]))
		die("cannot read %s, or it is empty", argv[3]);
	signal(SIGPIPE, SIG_IGN);
	config_init();
	model->reset();
	server_open(argv[2]);
	serve();
	return 0;
}
