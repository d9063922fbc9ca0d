// SPDX-License-Identifier: GPL-2.0-only
/*
 * rtl-master [--trace FILE] INPUT BYTES - the writer as the hardware of a channel
 *
 * What the channel of fpgabuf-user wants captured, the writer is told by its
 * registers.  The stream is the file; what the writer puts on its AXI port goes into
 * the captures when it is answered.  Ends with the file, and says how much there
 * was, in JSON.  --trace: the waveform up to the end of the first capture.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <fpgabuf/user.h>

#include "feed.h"
#include "program.h"

/* The captures that the writer can have queued */
#define DEPTH 2

/* Cycles between two looks for events, while there is something to do */
#define LOOK_CYCLES 256

/**
 * struct master - the hardware of a channel
 * @pieces: given, oldest first
 * @count: how many
 * @places: of these in what memory allows
 * @next_place: of the next one
 * @ended: how many have ended
 * @stopping: what the writer still writes is for nobody
 * @over: the end of the file has been captured
 */
struct master {
	struct bench *bench;
	struct fpgabuf_user *channel;
	struct feed feed;
	struct fpgabuf_user_event pieces[DEPTH];
	unsigned int count, places[DEPTH], next_place;
	uint64_t ended;
	bool stopping, over;
};

static void must(const char *what, int err)
{
	if (err)
		bench_fail("%s: %s", what, strerror(-err));
}

static const struct fpgabuf_user_event *piece_at(const struct master *master,
						 uint64_t addr)
{
	unsigned int i;

	for (i = 0; i < master->count; i++)
		if (addr - master->pieces[i].addr < master->pieces[i].length)
			return &master->pieces[i];
	bench_fail("a write to %#llx, which is not queued",
		   (unsigned long long)addr);
}

/* A piece that was stopped takes no bytes any more. */
static void store(void *arg, uint64_t addr, const uint8_t *bytes,
		  unsigned int count)
{
	struct master *master = arg;
	const struct fpgabuf_user_event *piece = piece_at(master, addr);
	int err = fpgabuf_user_data(master->channel, piece->id,
				    addr - piece->addr, bytes, count);

	if (err != -ESRCH || !master->stopping)
		must("a write to the channel", err);
}

static void start(struct master *master, const struct fpgabuf_user_event *piece)
{
	unsigned int place = master->next_place++ % DEPTH;

	master->places[master->count] = place;
	master->pieces[master->count++] = *piece;
	memory_allow(&master->bench->memory, place, piece->addr, piece->length);
	program_request(master->bench, piece->addr, piece->length);
	if (register_read(master->bench, REG_STATUS) & STATUS_REFUSED)
		bench_fail("the writer refuses %u bytes at %#llx",
			   piece->length, (unsigned long long)piece->addr);
}

static void remove_oldest(struct master *master)
{
	memory_allow(&master->bench->memory, master->places[0], 0, 0);
	master->count--;
	memmove(master->pieces, master->pieces + 1,
		master->count * sizeof(*master->pieces));
	memmove(master->places, master->places + 1,
		master->count * sizeof(*master->places));
}

/* The oldest has ended, and DONE shows it. */
static void finish(struct master *master)
{
	uint32_t status = register_read(master->bench, REG_STATUS);
	uint32_t bytes = register_read(master->bench, REG_BYTES);

	register_write(master->bench, REG_STATUS, STATUS_DONE);
	must("DONE", fpgabuf_user_done(master->channel, master->pieces[0].id,
				       bytes,
				       status & STATUS_ERROR ? -EIO : 0));
	remove_oldest(master);
	master->over = status & STATUS_LAST;
	if (!master->ended++)
		writer_end_trace(master->bench->writer);
}

/* All is told to stop at once, so the first one stops the writer for all. */
static void stop(struct master *master, const struct fpgabuf_user_event *piece)
{
	master->stopping = true;
	if (master->count) {
		register_write(master->bench, REG_CONTROL, CONTROL_STOP);
		while (!(register_read(master->bench, REG_STATUS) &
			 STATUS_QUIET))
			bench_step(master->bench);
	}
	while (master->count) {
		register_write(master->bench, REG_STATUS, STATUS_DONE);
		remove_oldest(master);
	}
	master->stopping = false;
	must("DONE", fpgabuf_user_done(master->channel, piece->id, 0, 0));
}

/* Waits for something to do if there is nothing. */
static void look(struct master *master)
{
	struct pollfd pfd = { .fd = fpgabuf_user_fd(master->channel),
			      .events = POLLIN };
	struct fpgabuf_user_event event;
	int err;

	if (!master->count && poll(&pfd, 1, -1) < 0)
		bench_fail("poll: %s", strerror(errno));
	while (!(err = fpgabuf_user_next(master->channel, &event)))
		if (event.type == FPGABUF_USER_START)
			start(master, &event);
		else
			stop(master, &event);
	if (err != -EAGAIN)
		must("the channel", err);
}

static void work(struct master *master)
{
	unsigned int i;

	look(master);
	for (i = 0; i < LOOK_CYCLES && !master->bench->pins.irq; i++)
		bench_step(master->bench);
	if (master->bench->pins.irq)
		finish(master);
}

static void open_master(struct master *master, const char *trace)
{
	master->bench = bench_open(1, trace);
	must("open the channel",
	     fpgabuf_user_open(NULL, O_NONBLOCK, &master->channel));
	must("HELLO", fpgabuf_user_hello(master->channel, DEPTH,
					 FPGABUF_USER_NODE_ONLY));
	master->feed.beat_bytes = master->bench->beat_bytes;
	master->bench->stream.source = feed_beat;
	master->bench->stream.source_arg = &master->feed;
	master->bench->stream.valid = 100;
	master->bench->memory.store = store;
	master->bench->memory.store_arg = master;
	register_write(master->bench, REG_CONFIG, CONFIG_IRQ);
}

static void run(struct master *master)
{
	while (!master->over)
		work(master);
	printf("{\"captures\":%llu,\"bursts\":%llu,\"beats\":%llu,\"cycles\":%llu}\n",
	       (unsigned long long)master->ended,
	       (unsigned long long)master->bench->memory.answered,
	       (unsigned long long)master->bench->memory.beat_count,
	       (unsigned long long)master->bench->cycle);
	fpgabuf_user_close(master->channel);
	bench_close(master->bench);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "trace", required_argument, NULL, 't' },
		{},
	};
	struct master master = { 0 };
	const char *trace = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 't')
			return 2;
		trace = optarg;
	}
	if (argc - optind != 2)
		return 2;
	master.feed.file = fopen(argv[optind], "rbe");
	if (!master.feed.file) {
		perror(argv[optind]);
		return 1;
	}
	master.feed.left = strtoull(argv[optind + 1], NULL, 10);
	open_master(&master, trace);
	run(&master);
	fclose(master.feed.file);
	return 0;
}
