// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-uio: a DMA master with registers, as a channel. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <fpgabuf/user.h>

#include "uio/description.h"
#include "uio/drive.h"
#include "uio/options.h"
#include "uio/report.h"
#include "common/clock.h"
#include "common/message.h"
#include "common/results.h"
#include "common/signals.h"
#include "common/start.h"

/* How often to look at the registers, and whether a driver is bound again, in us */
#define POLL_US			1000
#define POLL_INTERRUPT_US	100000
#define UNBOUND_US		200000

/**
 * struct uio - the program
 * @options: what it was told
 * @signals: descriptor of the signals that end it
 * @unbound: no driver is bound to the channel, so it has nothing to say
 * @ending: it was told to end
 * @interrupts, @looks: how many
 */
struct uio {
	const struct uio_options *options;
	struct master master;
	struct window window;
	struct fpgabuf_user *channel;
	struct drive drive;
	int signals;
	bool unbound, ending;
	uint64_t interrupts, looks;
};

static int say_done(void *channel, uint64_t id, uint32_t bytes, int error)
{
	int err = fpgabuf_user_done(channel, id, bytes, error);

	/* It was stopped meanwhile: nothing is lost. */
	return err == -ESRCH ? 0 : err;
}

static int say_quiet(void *channel)
{
	return fpgabuf_user_quiet(channel);
}

static int open_channel(struct uio *uio)
{
	const char *path = uio->options->channel ?: FPGABUF_DEFAULT_USER;
	int err = fpgabuf_user_open(path, O_NONBLOCK, &uio->channel);

	if (!err)
		return 0;
	message("cannot open %s: %s", path, strerror(-err));
	if (err == -ENOENT)
		remedy("load the module fpgabuf-user");
	else if (err == -EACCES || err == -EPERM)
		remedy("become root: who opens this node says when memory may be used again");
	else if (err == -EBUSY)
		remedy("another program drives this channel; choose another --channel");
	return err;
}

static int identify(struct uio *uio)
{
	if (drive_identify(&uio->drive))
		return 0;
	message("these are not the registers of %s", uio->options->master);
	remedy("is another --uio, --map, --registers or --offset right?");
	return -ENODEV;
}

static int open_all(struct uio *uio)
{
	const struct master *m = &uio->master;
	int err;

	err = window_open(&uio->options->place, m->window, m->width,
			  m->big_endian, &uio->window);
	if (err)
		return err;
	uio->drive = (struct drive){
		.master = m,
		.registers = window_registers(&uio->window),
		.assume_quiet = uio->options->assume_quiet,
	};
	err = identify(uio) ?: open_channel(uio);
	if (err)
		return err;
	uio->drive.answers = (struct answers){ say_done, say_quiet,
					       uio->channel };
	uio->signals = signals_open();
	return uio->signals < 0 ? -EIO : 0;
}

static int fail(const char *what, int err)
{
	if (err)
		message("%s: %s", what, strerror(-err));
	return err;
}

/* All that the channel has to say now */
static int take_events(struct uio *uio)
{
	struct fpgabuf_user_event event;
	int err;

	while (!(err = fpgabuf_user_next(uio->channel, &event))) {
		err = drive_event(&uio->drive, &event);
		if (err)
			return fail("the channel", err);
	}
	uio->unbound = err == -ENODEV;
	if (err == -EAGAIN || err == -EINTR || err == -ENODEV)
		return 0;
	return fail("the channel", err);
}

static int look(struct uio *uio)
{
	int err = drive_look(&uio->drive);

	uio->looks++;
	/* What had to be said of a timeout was said there. */
	return err == -ETIMEDOUT ? err : fail("the channel", err);
}

static uint64_t poll_us(const struct uio *uio)
{
	if (uio->options->poll_us)
		return uio->options->poll_us;
	return uio->window.interrupts && !uio->drive.stopping ?
	       POLL_INTERRUPT_US : POLL_US;
}

/* Until something happens, or it is time to look again */
static void await(struct uio *uio)
{
	struct pollfd fds[] = {
		{ uio->signals, POLLIN, 0 },
		{ uio->unbound ? -1 : fpgabuf_user_fd(uio->channel), POLLIN, 0 },
		{ uio->window.interrupts ? uio->window.uio : -1, POLLIN, 0 },
	};
	uint64_t us = !drive_quiet(&uio->drive) ? poll_us(uio) : UNBOUND_US;
	struct timespec time = { us / 1000000, us % 1000000 * 1000 };
	bool forever = drive_quiet(&uio->drive) && !uio->unbound;

	if (ppoll(fds, 3, forever ? NULL : &time, NULL) < 0)
		return;
	if (fds[2].revents && window_take(&uio->window))
		uio->interrupts++;
}

/* True if nothing is left to wait for. */
static bool told_to_end(struct uio *uio)
{
	struct signalfd_siginfo info;

	if (read(uio->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (uio->ending)
		return true;
	uio->ending = true;
	if (uio->drive.count)
		drive_stop(&uio->drive);
	return false;
}

/* One round: waits, and does what is to be done. */
static int work(struct uio *uio)
{
	int err;

	await(uio);
	err = take_events(uio) ?: look(uio);
	/* A level that nobody takes back would come again and again. */
	if (uio->drive.begun)
		window_arm(&uio->window);
	return err;
}

/* What an earlier program has left is over before there are new pieces. */
static int begin(struct uio *uio)
{
	int err = take_events(uio);

	while (!err && !drive_quiet(&uio->drive)) {
		if (told_to_end(uio) || !drive_hopeful(&uio->drive))
			return -EBUSY;
		err = work(uio);
	}
	/* Nothing was given, so there is nothing to stop. */
	if (err || drive_begin(&uio->drive))
		return err ?: -EIO;
	window_arm(&uio->window);
	if (uio->window.uio >= 0 && !uio->window.interrupts)
		inform("%s has no interrupt: the registers are polled",
		       uio->options->place.uio);
	return fail("HELLO", fpgabuf_user_hello(uio->channel,
						uio->master.depth, 0));
}

/* A master that does not do as it is told is stopped, and then the program ends. */
static void give_up(struct uio *uio)
{
	uio->ending = true;
	drive_stop(&uio->drive);
}

static int run(struct uio *uio)
{
	int err = begin(uio), failure = 0;

	for (;;) {
		if (err && err != -ETIMEDOUT)
			return err;
		if (err) {
			failure = err;
			give_up(uio);
		}
		if (told_to_end(uio))
			return -EBUSY;
		if (uio->ending && drive_quiet(&uio->drive))
			return failure;
		if (uio->ending && !drive_hopeful(&uio->drive))
			return -EBUSY;
		err = work(uio);
	}
}

static void report(struct uio *uio)
{
	const struct uio_summary summary = { &uio->drive, uio->interrupts,
					     uio->looks };

	report_summary(results_begin(), &summary, uio->options->json);
	results_end(false);
	if (drive_quiet(&uio->drive))
		return;
	message("the master may still write: the memory of what it was given stays kept");
	remedy("start this program again to stop it, or reset the FPGA and use --assume-quiet");
}

static int drive(struct uio *uio)
{
	int err = open_all(uio);

	if (!err) {
		err = run(uio);
		report(uio);
		err = results_finish(uio->signals, true) ?: err;
	}
	fpgabuf_user_close(uio->channel);
	window_close(&uio->window);
	return err ? EXIT_FAILED : EXIT_OK;
}

static int check(const struct uio_options *options, const struct master *master)
{
	report_master(results_begin(), options->master, master, options->json);
	results_end(false);
	return results_finish(-1, false) ? EXIT_FAILED : EXIT_OK;
}

int main(int argc, char **argv)
{
	struct uio uio = { .window = { .uio = -1, .config = -1 } };
	struct uio_options options;
	int ret;

	tool_start();
	ret = uio_options_parse(argc, argv, &options);
	if (ret < 0) {
		uio.options = &options;
		if (description_read(options.master, &uio.master))
			ret = EXIT_FAILED;
		else
			ret = options.check ? check(&options, &uio.master) :
					      drive(&uio);
	}
	return tool_end(argc, argv, ret);
}
