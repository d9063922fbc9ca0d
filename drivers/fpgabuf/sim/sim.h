/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf-sim - a simulated FPGA
 *
 *	main.c     platform devices
 *	settings.c settings and counters in sysfs
 *	channel.c  the dmaengine provider: what a client calls
 *	master.c   the FPGA's DMA master: a thread that works on descriptors
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
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>
#include <linux/types.h>
#include <linux/wait.h>

enum sim_source {
	SIM_PATTERN,
	SIM_FEED,
	SIM_NOTHING,
};

/**
 * enum sim_residue - the residue of a transfer that has not called back
 * @SIM_RESIDUE_EXACT: the bytes that are missing
 * @SIM_RESIDUE_UNKNOWN: 0, whatever is missing
 * @SIM_RESIDUE_ACTIVE: what is missing of the last transfer that was issued,
 *	whichever was asked about
 * @SIM_RESIDUE_COMPLETE: the bytes that are missing; and with the last byte
 *	that it is complete, some time before it calls back
 */
enum sim_residue {
	SIM_RESIDUE_EXACT,
	SIM_RESIDUE_UNKNOWN,
	SIM_RESIDUE_ACTIVE,
	SIM_RESIDUE_COMPLETE,
};

/**
 * enum sim_stop - what happens when the channel is told to stop
 * @SIM_STOP_YES: it stops
 * @SIM_STOP_NO: it refuses, and goes on
 * @SIM_STOP_LATE: it says yes; the transfer that is running goes on to its end
 *	and calls back, and until then the next such call is refused
 */
enum sim_stop {
	SIM_STOP_YES,
	SIM_STOP_NO,
	SIM_STOP_LATE,
};

/**
 * struct sim_settings - what a user can set while the simulator runs
 * @source: the source of the bytes
 * @rate: bytes per second, 0 = as fast as they are taken
 * @burst: bytes written at a time, 1 or more
 * @packet: bytes after which the FPGA ends a capture, 0 = never
 * @lossy: with a rate and the pattern: bytes without a transfer are lost
 * @stall: the FPGA stands still
 * @delay_us: time from the last byte of a transfer to its completion
 * @jitter_us: most random time on top of @delay_us
 * @fail_prep: how many of the next transfers cannot be prepared
 * @fail_submit: how many cannot be submitted
 * @fail_transfer: how many end with an error after one burst
 * @fail_silent: how many stop after one burst and do not call back; who asks is
 *	told that they failed.  The channel does nothing more until it is stopped
 * @fail_hang: the same, but who asks is told that they are in progress
 * @residue: see &enum sim_residue
 * @silent: the result of a transfer says neither error nor residue
 * @eager: a transfer runs when it is submitted
 * @nudge: the next transfer starts when it is issued, or others are, after the
 *	one before it has ended
 * @single: a transfer that is submitted while there is another is lost
 * @stop: see &enum sim_stop
 * @split: the end of a packet ends a segment, not the transfer
 * @keep: the client's scatterlist is read once more when the transfer starts
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
	u64 fail_silent;
	u64 fail_hang;
	u64 residue;
	u64 silent;
	u64 eager;
	u64 nudge;
	u64 single;
	u64 stop;
	u64 split;
	u64 keep;
};

struct sim_segment {
	dma_addr_t addr;
	u32 size;
};

/* The fate of a transfer that is still in a list */
enum sim_fate {
	SIM_WELL,
	SIM_FAILED,
	SIM_HUNG,
};

/**
 * struct sim_desc - a transfer
 * @tx: dmaengine's part
 * @node: in one of the lists of struct sim
 * @dead: terminated; under &sim.lock
 * @fate: see there; under &sim.lock
 * @size: bytes in all; under &sim.lock
 * @done: bytes written; under &sim.lock
 * @begun: it has started; under &sim.busy
 * @segment: index of the segment in work; under &sim.busy
 * @offset: bytes of it that are written; under &sim.busy
 * @skipped: bytes of segments that packets left empty; under &sim.busy
 * @sgl: the client's list, if it is read once more, or NULL
 * @nr_segments: how many
 * @segments: where to write
 */
struct sim_desc {
	struct dma_async_tx_descriptor tx;
	struct list_head node;
	bool dead;
	enum sim_fate fate;
	u32 size;
	u32 done;
	bool begun;
	unsigned int segment;
	u32 offset;
	u32 skipped;
	struct scatterlist *sgl;
	unsigned int nr_segments;
	struct sim_segment segments[];
};

/* The last transfers that ended with no other behind them */
#define SIM_STARVED_KEPT	4

/**
 * struct sim - one simulated FPGA
 * @ref: held by the bound driver, the dmaengine core and every open feed
 * @id: number in the name of the feed
 * @dev: platform device, the one that does the DMA
 * @client: platform device that fpgabuf binds to; NULL if the device tree has it
 * @dma: dmaengine provider
 * @chan: its only channel
 * @map: connects @client's "rx" with @chan; without a device tree
 * @lock: guards the lists, the progress of descriptors, the counters of the
 *	channel, and @feed_open and @feed_ended
 * @submitted: descriptors submitted and not issued
 * @issued: descriptors to work on, the first is running
 * @strays: descriptors lost because there was another; under @lock
 * @dead: descriptors terminated and not yet freed
 * @parked: no transfer starts until the next one is issued; under @lock
 * @stopping: the transfer that was told to stop and goes on; under @lock
 * @busy: held while a descriptor, the stream or memory is in use
 * @thread: the DMA master
 * @wake: @thread waits here
 * @settings: see there
 * @position: bytes of the stream produced so far; under @busy
 * @lost: how many of these were lost; under @busy
 * @overflows: how often it began to lose bytes; under @busy
 * @starved: how often a transfer ended with no other behind it; under @lock
 * @starved_last: the cookies of the last of them; under @lock
 * @asked: how often a client asked about a transfer that was complete and had
 *	another behind it when it ended; under @lock
 * @overrun: how many transfers were lost because there was another; under @lock
 * @changed: how many scatterlists were others when the transfer started; under
 *	@lock
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
 * @feed_open: a process has the node open
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
	struct list_head strays;
	struct list_head dead;
	bool parked;
	struct sim_desc *stopping;
	struct mutex busy; /* somebody at work: stream, memory, settings */
	struct task_struct *thread;
	wait_queue_head_t wake;

	struct sim_settings settings;
	u64 position;
	u64 lost;
	u64 overflows;
	u64 starved;
	dma_cookie_t starved_last[SIM_STARVED_KEPT];
	u64 asked;
	u64 overrun;
	u64 changed;
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

/* settings.c */
extern const struct attribute_group *sim_groups[];

/* channel.c */
void sim_channel_init(struct sim *sim);
int sim_channel_register(struct sim *sim, bool can_stop);
void sim_channel_unregister(struct sim *sim);
void sim_channel_free(struct sim *sim);

/* master.c */
bool sim_take_fault(struct sim *sim, u64 *left);
void sim_run_now(struct sim *sim, dma_cookie_t cookie);
int sim_master_start(struct sim *sim);

/* source.c; all under &sim.busy, but for the first two */
bool sim_source_ready(struct sim *sim);
bool sim_source_at_end(struct sim *sim);
u32 sim_source_avail(struct sim *sim);
void sim_source_take(struct sim *sim, void *to, size_t size);
bool sim_source_packet_end(struct sim *sim);
void sim_source_idle(struct sim *sim);
u64 sim_source_pause(struct sim *sim);
void sim_source_restart_rate(struct sim *sim);
void sim_source_reset(struct sim *sim);

/* feed.c */
int sim_feed_register(struct sim *sim);
void sim_feed_unregister(struct sim *sim);
void sim_feed_free(struct sim *sim);

#endif /* FPGABUF_SIM_H */
