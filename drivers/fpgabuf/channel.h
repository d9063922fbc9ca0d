/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - the DMA channel, and what the driver knows about it
 *
 * Only this file uses dmaengine.  dmaengine says little about how a provider behaves,
 * and its answers are not always right: a residue of 0 stands for "complete" as well
 * as for "not counted", a transfer may start when it is submitted, and a channel that
 * was told to stop may go on writing.  So a channel claims only what is known of its
 * provider (provider.c has the table), and assumes the worst of a provider that is
 * not in the table.
 *
 * A transfer is
 *
 *	state		in list		leaves it by
 *	IDLE		-		start
 *	WAITING		waiting		its turn, stop
 *	RUNNING		running		its end, stop
 *	ABANDONED	running		its end, if that ever comes
 *
 * "Its end" is the provider's callback.  Transfers wait only if the controller takes
 * one at a time.  After a stop a transfer is IDLE, and its memory belongs to the CPU
 * again; or it is ABANDONED: the controller may still write, so the memory must not
 * be reused, freed or unmapped.
 */
#ifndef FPGABUF_CHANNEL_H
#define FPGABUF_CHANNEL_H

#include <linux/dmaengine.h>
#include <linux/list.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

struct device;
struct device_link;
struct platform_device;
struct fpgabuf_channel;

/**
 * struct fpgabuf_provider_ops - calls to a provider that bypass dmaengine
 * @probe: find out the limits of a channel, and map the registers for
 *	@stopped and @failed; 0 or a negative errno, and the log says why
 * @remove: undo @probe
 * @stopped: after a stop: has the controller really stopped?
 * @failed: has the transfer that is running met an error?
 *
 * Each may be NULL.
 */
struct fpgabuf_provider_ops {
	int (*probe)(struct fpgabuf_channel *channel, struct device *dev);
	void (*remove)(struct fpgabuf_channel *channel);
	bool (*stopped)(const struct fpgabuf_channel *channel);
	bool (*failed)(const struct fpgabuf_channel *channel);
};

/**
 * enum fpgabuf_next - how a controller begins the next transfer that it was given
 * @FPGABUF_NEXT_TOLD: its driver may have to be told again
 * @FPGABUF_NEXT_DRIVER: its driver does it, and takes it for a mistake to be told when it
 *	has none
 * @FPGABUF_NEXT_CONTROLLER: by itself, however late its interrupt is served
 */
enum fpgabuf_next {
	FPGABUF_NEXT_TOLD,
	FPGABUF_NEXT_DRIVER,
	FPGABUF_NEXT_CONTROLLER,
};

/**
 * struct fpgabuf_provider - properties of the driver of a DMA controller
 * @driver: its name
 * @counts: the residue of every running transfer is right
 * @tells: the result of a transfer that has ended says how much came
 * @prefix: a transfer that ended early wrote the front of its memory, without
 *	holes
 * @next: how it begins the next transfer
 * @serial: it must not be given a transfer before the last one has ended
 * @plain: &dma_async_tx_descriptor.callback_result must not be set
 * @splits: it cuts long segments itself, so segments may be longer than
 *	dma_get_max_seg_size() of its device
 * @calls_back: it calls back for a failed transfer, or transfers cannot fail
 * @insists: it prepares nothing before dmaengine_slave_config()
 * @gives_up_ms: a transfer that waits for data cannot be stopped: after this many
 *	milliseconds the provider gives up, and reports that it stopped; 0 = it can
 * @ops: calls that bypass dmaengine, or NULL
 *
 * Only @driver is required; 0 is the cautious value of all others.
 */
struct fpgabuf_provider {
	const char *driver;
	bool counts;
	bool tells;
	bool prefix;
	enum fpgabuf_next next;
	bool serial;
	bool plain;
	bool splits;
	bool calls_back;
	bool insists;
	unsigned int gives_up_ms;
	const struct fpgabuf_provider_ops *ops;
};

enum fpgabuf_transfer_state {
	FPGABUF_TRANSFER_IDLE,
	FPGABUF_TRANSFER_WAITING,
	FPGABUF_TRANSFER_RUNNING,
	FPGABUF_TRANSFER_ABANDONED,
};

/**
 * struct fpgabuf_transfer - one transfer of a channel
 * @channel: the channel, once it was started
 * @node: in one of the channel's lists
 * @state: under &fpgabuf_turns.lock
 * @handed: the controller has it, and @gap is known; under the same lock
 * @called: the provider has called back; under the same lock
 * @sgt: the list for the provider.  Each transfer has its own, because some providers
 *	read it until the transfer has ended
 * @nents: how many entries of it are used
 * @length: bytes
 * @cookie: dmaengine's
 * @bytes: bytes that certainly came, from the start of the memory
 * @error: 0, or -EIO
 * @gap: the FPGA may have been without a transfer before this one
 */
struct fpgabuf_transfer {
	struct fpgabuf_channel *channel;
	struct list_head node;
	enum fpgabuf_transfer_state state;
	bool handed;
	bool called;
	struct sg_table sgt;
	unsigned int nents;
	u32 length;
	dma_cookie_t cookie;
	u32 bytes;
	int error;
	bool gap;
};

/**
 * struct fpgabuf_channel_ops - calls at the end of a transfer
 * @ended: the transfer has ended, @bytes, @error and @gap say how; IDLE again.
 *	Softirq or process
 * @abandoned: it could not be stopped.  &fpgabuf_turns.lock is held
 * @quiet: it was abandoned and has ended after all; IDLE again.  Softirq or
 *	process
 */
struct fpgabuf_channel_ops {
	void (*ended)(struct fpgabuf_transfer *transfer);
	void (*abandoned)(struct fpgabuf_transfer *transfer);
	void (*quiet)(struct fpgabuf_transfer *transfer);
};

/**
 * struct fpgabuf_limits - limits of a channel
 * @alignment: lengths must be a multiple of this, in bytes, a power of two
 * @piece: longest piece that the controller takes in one go, in bytes, 0 = not
 *	known
 * @max_pieces: most pieces of a transfer, 0 = not known
 */
struct fpgabuf_limits {
	u32 alignment;
	u32 piece;
	u32 max_pieces;
};

/**
 * struct fpgabuf_turns - the transfers of a channel, and their order
 * @lock: guards all members, and the states of transfers; taken in callbacks.
 *	Innermost: nothing is taken inside it
 * @waiting: transfers that wait for their turn, oldest first
 * @running: transfers that the controller has, oldest first
 * @stopping: no transfer is handed over any more
 * @handing: a thread is just handing over transfers
 * @nudge: this thread must look again afterwards
 * @streaming: a transfer was started since the last full stop
 * @stuck: the channel did not stop, and takes no transfer any more
 * @wait: for @handing to end, and for callbacks
 */
struct fpgabuf_turns {
	spinlock_t lock; /* the lists, and states of transfers */
	struct list_head waiting;
	struct list_head running;
	bool stopping;
	bool handing;
	bool nudge;
	bool streaming;
	bool stuck;
	wait_queue_head_t wait;
};

/**
 * struct fpgabuf_channel - a DMA channel
 * @chan: the channel of dmaengine; NULL when it is closed
 * @provider: properties of its provider
 * @ops: calls of its user
 * @dev: for log lines, while it is open
 * @link: keeps the provider from going before us
 * @config: arguments of dmaengine_slave_config()
 * @configured: @config is used
 * @stops: the provider can stop it
 * @tells: the result of a transfer that has ended says how much came
 * @limits: its limits
 * @regs: registers of the provider that the driver reads, or NULL
 * @turns: its transfers
 *
 * Lives in the structure of its user, from fpgabuf_channel_init() or _open() on.
 * All but @turns stays as it is until fpgabuf_channel_close().  The calls that
 * start and stop are serialised by the user of the channel.
 */
struct fpgabuf_channel {
	struct dma_chan *chan;
	const struct fpgabuf_provider *provider;
	const struct fpgabuf_channel_ops *ops;
	struct device *dev;
	struct device_link *link;
	struct dma_slave_config config;
	bool configured;
	bool stops;
	bool tells;
	struct fpgabuf_limits limits;
	void __iomem *regs;
	struct fpgabuf_turns turns;
};

/**
 * struct fpgabuf_batch - transfers that the controller is told of in one call
 * @first: the first that it does not know of yet, or NULL
 * @previous: dmaengine's cookie of the transfer in front of that, or 0
 */
struct fpgabuf_batch {
	struct fpgabuf_transfer *first;
	dma_cookie_t previous;
};

/* provider.c */
const struct fpgabuf_provider *fpgabuf_provider_find(const char *driver);

/* channel.c */
int fpgabuf_channel_open(struct fpgabuf_channel *channel,
			 struct platform_device *pdev,
			 const struct fpgabuf_channel_ops *ops);
void fpgabuf_channel_init(struct fpgabuf_channel *channel, struct device *dev,
			  struct dma_chan *chan,
			  const struct fpgabuf_provider *provider,
			  const struct fpgabuf_channel_ops *ops);
void fpgabuf_channel_close(struct fpgabuf_channel *channel);
struct device *
fpgabuf_channel_dma_device(const struct fpgabuf_channel *channel);
size_t fpgabuf_channel_segment(const struct fpgabuf_channel *channel,
			       struct device *dma_dev);
u64 fpgabuf_channel_capabilities(const struct fpgabuf_channel *channel);
u64 fpgabuf_channel_max_length(const struct fpgabuf_channel *channel);
u64 fpgabuf_channel_max_packet(const struct fpgabuf_channel *channel);
bool fpgabuf_channel_serial(const struct fpgabuf_channel *channel);
int fpgabuf_channel_start(struct fpgabuf_channel *channel,
			  struct fpgabuf_transfer *transfer,
			  struct fpgabuf_batch *batch);
void fpgabuf_channel_go(struct fpgabuf_channel *channel,
			struct fpgabuf_batch *batch);
void fpgabuf_channel_stop(struct fpgabuf_channel *channel);
void fpgabuf_channel_pause(struct fpgabuf_channel *channel);
int fpgabuf_channel_resume(struct fpgabuf_channel *channel);
bool fpgabuf_channel_failed(struct fpgabuf_channel *channel);
void fpgabuf_transfer_set(struct fpgabuf_transfer *transfer,
			  struct scatterlist *from, u32 skip, u32 length);

/**
 * fpgabuf_transfer_busy() - does the channel still have the transfer?
 * @transfer: the transfer
 *
 * Context: any.  A transfer that the caller has not started stays idle.
 */
static inline bool
fpgabuf_transfer_busy(const struct fpgabuf_transfer *transfer)
{
	return READ_ONCE(transfer->state) != FPGABUF_TRANSFER_IDLE;
}

#endif /* FPGABUF_CHANNEL_H */
