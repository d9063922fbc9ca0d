/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf-sim - a simulated FPGA
 *
 *	main.c     platform devices, settings in sysfs
 *	channel.c  the dmaengine provider: descriptors and the thread that is
 *		   the FPGA's DMA master
 *	source.c   the bytes: counter pattern or feed, rate and packets
 *	feed.c     the device node whose input is the feed
 */
#ifndef FPGABUF_SIM_H
#define FPGABUF_SIM_H

#include <linux/dmaengine.h>
#include <linux/kfifo.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

enum sim_source {
	SIM_PATTERN,
	SIM_FEED,
};

/**
 * struct sim_settings - what a user can set while the simulator runs
 * @source: where the bytes come from
 * @rate: bytes per second, 0 = as fast as they are taken
 * @burst: bytes written at a time, 1 or more
 * @packet: bytes after which the FPGA ends a capture, 0 = never
 * @lossy: with a rate and the pattern: bytes that nobody takes are lost
 * @stall: the FPGA stands still
 * @delay_us: time from the last byte of a transfer to its completion
 * @jitter_us: most random time on top of @delay_us
 * @fail_prep: how many of the next transfers cannot be prepared
 * @fail_submit: how many cannot be submitted
 * @fail_transfer: how many end with an error after one burst
 *
 * Written under &sim.busy and &sim.lock, read under either.
 */
struct sim_settings {
	enum sim_source source;
	u64 rate;
	u64 burst;
	u64 packet;
	u64 lossy;
	u64 stall;
	u64 delay_us;
	u64 jitter_us;
	u64 fail_prep;
	u64 fail_submit;
	u64 fail_transfer;
};

/**
 * struct sim - one simulated FPGA
 * @ref: held by the bound driver, the dmaengine core and every open feed
 * @id: number in the name of the feed
 * @dev: platform device, the one that does the DMA
 * @client: platform device that fpgabuf binds to; NULL if the device tree has it
 * @dma: dmaengine provider
 * @chan: its only channel
 * @map: connects @client's "rx" with @chan; without a device tree
 * @lock: guards the lists, the progress of descriptors, @starved, and
 *	@feed_open and @feed_ended
 * @submitted: descriptors submitted and not issued
 * @issued: descriptors to work on, the first is running
 * @dead: descriptors terminated and not yet freed
 * @busy: held by @thread while it touches a descriptor, the stream or memory
 * @thread: the DMA master
 * @wake: @thread waits here
 * @settings: see there
 * @position: bytes of the stream produced so far; under @busy
 * @lost: those of them that nobody took; under @busy
 * @overflows: how often it began to lose bytes; under @busy
 * @starved: how often a transfer ended with no other behind it; under @lock
 * @losing: it is losing bytes; under @busy
 * @packet_done: bytes of the current packet produced; under @busy
 * @rate_start: when the present rate began to count, 0 = not yet; under @busy
 * @rate_done: bytes produced since; under @busy
 * @feed: device node
 * @feed_name: its name
 * @fifo: bytes fed and not yet produced; @thread reads, feed.c writes
 * @fifo_mem: its memory
 * @feed_lock: serialises writers
 * @feed_wait: writers wait here for room
 * @feed_open: somebody has the node open
 * @feed_ended: the node was closed: when @fifo is empty, the packet ends
 * @gone: unbound
 */
struct sim {
	struct kref ref;
	int id;
	struct device *dev;
	struct platform_device *client;

	struct dma_device dma;
	struct dma_chan chan;
	struct dma_slave_map map;
	spinlock_t lock; /* lists, progress, feed_open, feed_ended */
	struct list_head submitted;
	struct list_head issued;
	struct list_head dead;
	struct mutex busy; /* thread at work: stream, memory, settings */
	struct task_struct *thread;
	wait_queue_head_t wake;

	struct sim_settings settings;
	u64 position;
	u64 lost;
	u64 overflows;
	u64 starved;
	bool losing;
	u64 packet_done;
	ktime_t rate_start;
	u64 rate_done;

	struct miscdevice feed;
	char feed_name[24];
	struct kfifo fifo;
	void *fifo_mem;
	struct mutex feed_lock; /* one writer at a time */
	wait_queue_head_t feed_wait;
	bool feed_open;
	bool feed_ended;
	bool gone;
};

/* main.c */
void sim_put(struct sim *sim);

/* channel.c */
int sim_channel_register(struct sim *sim);
void sim_channel_unregister(struct sim *sim);

/* source.c; all under &sim.busy, but for the first two */
bool sim_source_ready(struct sim *sim);
bool sim_source_at_end(struct sim *sim);
u32 sim_source_avail(struct sim *sim);
void sim_source_take(struct sim *sim, void *to, size_t size);
bool sim_source_packet_end(struct sim *sim);
void sim_source_idle(struct sim *sim);
void sim_source_restart_rate(struct sim *sim);
void sim_source_reset(struct sim *sim);

/* feed.c */
int sim_feed_register(struct sim *sim);
void sim_feed_unregister(struct sim *sim);
void sim_feed_free(struct sim *sim);

#endif /* FPGABUF_SIM_H */
