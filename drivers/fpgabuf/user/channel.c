// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf-user - the dmaengine provider
 *
 * To stop is to ask the program, which may not be there, or may not answer.  So
 * terminate_all() only takes the transfers away, and synchronize() waits for a
 * while: then nobody calls back or writes through the node any more, which is all
 * that it promises.  The memory is safe without it: what has not been answered
 * keeps its pages, see transfer.c.
 *
 * terminate_all() never says that it could not.  dmaengine_terminate_sync() would
 * not go on to synchronize() then.
 */
#include <linux/dma-direct.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/moduleparam.h>
#include <linux/of.h>
#include <linux/of_dma.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "../compat.h"
#include "user.h"

/* A client may hold locks meanwhile that others wait for. */
#define MAX_STOP_MS	30000

static unsigned int stop_ms = 1000;
module_param(stop_ms, uint, 0644);
MODULE_PARM_DESC(stop_ms, "how long a stop waits for the program, in ms (at most 30000)");

static struct user_channel *to_channel(struct dma_chan *chan)
{
	return container_of(chan, struct user_channel, chan);
}

static struct user_transfer *to_transfer(struct dma_async_tx_descriptor *tx)
{
	return container_of(tx, struct user_transfer, tx);
}

static void new_cookie(struct dma_async_tx_descriptor *tx)
{
	struct dma_chan *chan = tx->chan;

	tx->cookie = chan->cookie == INT_MAX ? DMA_MIN_COOKIE :
					       chan->cookie + 1;
	chan->cookie = tx->cookie;
}

static dma_cookie_t user_tx_submit(struct dma_async_tx_descriptor *tx)
{
	struct user_door *door = to_channel(tx->chan)->door;
	dma_cookie_t cookie;
	unsigned long flags;

	spin_lock_irqsave(&door->lock, flags);
	new_cookie(tx);
	cookie = tx->cookie;
	list_add_tail(&to_transfer(tx)->node, &door->submitted);
	spin_unlock_irqrestore(&door->lock, flags);
	return cookie;
}

/* Return: whether a transfer can have that many bytes. */
static bool add_segment(struct device *dev, struct user_transfer *transfer,
			struct scatterlist *sg)
{
	struct user_segment *seg = &transfer->segments[transfer->nr_segments++];

	*seg = (struct user_segment){
		.addr = sg_dma_address(sg),
		.phys = sg_phys(sg),
		.size = sg_dma_len(sg),
	};
	transfer->direct &= seg->size == sg->length &&
			    seg->addr == phys_to_dma(dev, seg->phys);
	return seg->size && !check_add_overflow(transfer->size, seg->size,
						&transfer->size);
}

/*
 * What we hold are pages.  A bounce buffer, or an address that an IOMMU
 * translates, is the next one's when the client unmaps it, and we cannot keep it
 * from that.
 */
static bool can_be_kept(struct device *dev,
			const struct user_transfer *transfer)
{
	if (transfer->direct || (user_simulator && !device_iommu_mapped(dev)))
		return true;
	dev_err_ratelimited(dev,
			    "memory is behind an IOMMU or in bounce buffers, where a master that did not stop could write to somebody else's\n");
	return false;
}

static bool take_list(struct device *dev, struct user_transfer *transfer,
		      struct scatterlist *sgl, unsigned int nents)
{
	struct scatterlist *sg;
	unsigned int i;

	transfer->direct = true;
	for_each_sg(sgl, sg, nents, i)
		if (!add_segment(dev, transfer, sg))
			return false;
	return can_be_kept(dev, transfer);
}

static struct dma_async_tx_descriptor *
user_prep_slave_sg(struct dma_chan *chan, struct scatterlist *sgl,
		   unsigned int nents, enum dma_transfer_direction direction,
		   unsigned long flags, void *context)
{
	struct user_transfer *transfer;

	if (direction != DMA_DEV_TO_MEM || !nents)
		return NULL;
	transfer = kzalloc(struct_size(transfer, segments, nents), GFP_NOWAIT);
	if (!transfer)
		return NULL;
	if (!take_list(chan->device->dev, transfer, sgl, nents)) {
		kfree(transfer);
		return NULL;
	}
	dma_async_tx_descriptor_init(&transfer->tx, chan);
	transfer->tx.tx_submit = user_tx_submit;
	transfer->tx.flags = flags;
	return &transfer->tx;
}

static void user_issue_pending(struct dma_chan *chan)
{
	struct user_door *door = to_channel(chan)->door;
	unsigned long flags;

	spin_lock_irqsave(&door->lock, flags);
	list_splice_tail_init(&door->submitted, &door->issued);
	spin_unlock_irqrestore(&door->lock, flags);
	wake_up(&door->wait);
}

static struct user_transfer *find_in(struct list_head *list,
				     dma_cookie_t cookie)
{
	struct user_transfer *transfer;

	list_for_each_entry(transfer, list, node)
		if (transfer->tx.cookie == cookie)
			return transfer;
	return NULL;
}

static u32 missing(const struct user_transfer *transfer)
{
	return transfer->size - transfer->done - transfer->progress;
}

/* Of what was terminated it is only known that it did not end. */
static enum dma_status user_tx_status(struct dma_chan *chan,
				      dma_cookie_t cookie,
				      struct dma_tx_state *state)
{
	struct user_door *door = to_channel(chan)->door;
	const struct user_transfer *transfer;
	enum dma_status status;
	unsigned long flags;
	u32 left = 0;

	spin_lock_irqsave(&door->lock, flags);
	status = dma_async_is_complete(cookie, chan->completed_cookie,
				       chan->cookie);
	if (status != DMA_COMPLETE) {
		transfer = find_in(&door->issued, cookie) ?:
			   find_in(&door->submitted, cookie);
		if (transfer)
			left = missing(transfer);
		else
			status = DMA_ERROR;
	}
	dma_set_tx_state(state, chan->completed_cookie, chan->cookie, left);
	spin_unlock_irqrestore(&door->lock, flags);
	return status;
}

/* The client wants it no more; whoever was given it may write on. */
static void take_away(struct user_door *door, struct user_transfer *transfer)
{
	if (transfer->state == USER_GIVEN) {
		transfer->state = USER_STOPPING;
		transfer->told = false;
		list_move_tail(&transfer->node, &door->stopped);
	} else {
		list_del(&transfer->node);
		kfree(transfer);
	}
}

static int user_terminate_all(struct dma_chan *chan)
{
	struct user_door *door = to_channel(chan)->door;
	struct user_transfer *transfer, *next;
	unsigned long flags;

	spin_lock_irqsave(&door->lock, flags);
	list_splice_tail_init(&door->submitted, &door->issued);
	list_for_each_entry_safe(transfer, next, &door->issued, node)
		take_away(door, transfer);
	spin_unlock_irqrestore(&door->lock, flags);
	wake_up(&door->wait);
	return 0;
}

/* Is a program there that may still answer? */
static bool stopping(struct user_door *door)
{
	struct user_transfer *transfer;
	bool found = false;

	spin_lock_irq(&door->lock);
	list_for_each_entry(transfer, &door->stopped, node)
		if (transfer->state == USER_STOPPING)
			found = door->opened;
	spin_unlock_irq(&door->lock);
	return found;
}

static unsigned int abandon(struct user_door *door)
{
	struct user_transfer *transfer;
	unsigned int nr = 0;

	spin_lock_irq(&door->lock);
	list_for_each_entry(transfer, &door->stopped, node) {
		nr += transfer->state == USER_STOPPING;
		transfer->state = USER_ABANDONED;
	}
	spin_unlock_irq(&door->lock);
	return nr;
}

/* Each is waited for once: a client stops more than once before it goes. */
static void user_synchronize(struct dma_chan *chan)
{
	struct user_door *door = to_channel(chan)->door;
	unsigned int ms = min_t(unsigned int, READ_ONCE(stop_ms), MAX_STOP_MS);
	unsigned int nr;

	wait_event_timeout(door->wait, !stopping(door), msecs_to_jiffies(ms));
	nr = abandon(door);
	if (nr)
		dev_warn(door->misc.this_device,
			 "no program has said that its master stopped: memory of %u transfers is kept, and nothing is started, until one says QUIET\n",
			 nr);
	/* Whoever is at work has let go of what the client takes back. */
	mutex_lock(&door->busy);
	mutex_unlock(&door->busy);
}

static void user_free_chan_resources(struct dma_chan *chan)
{
	user_terminate_all(chan);
	user_synchronize(chan);
}

static void user_dma_release(struct dma_device *dma)
{
	kfree(container_of(dma, struct user_channel, dma));
}

static bool user_filter(struct dma_chan *chan, void *param)
{
	return chan == param;
}

static struct dma_chan *user_of_xlate(struct of_phandle_args *spec,
				      struct of_dma *of_dma)
{
	struct user_channel *channel = of_dma->of_dma_data;

	return dma_request_channel(channel->dma.cap_mask, user_filter,
				   &channel->chan);
}

/* Who may have the channel: as the device tree says, or else by name. */
static void filter_setup(struct user_channel *channel, struct device *dev)
{
	if (dev->of_node)
		return;
	channel->map.devname = channel->client_name;
	channel->map.slave = "rx";
	channel->map.param = &channel->chan;
	channel->dma.filter.fn = user_filter;
	channel->dma.filter.map = &channel->map;
	channel->dma.filter.mapcnt = 1;
}

static void dma_setup(struct user_channel *channel, struct device *dev,
		      u32 alignment)
{
	struct dma_device *dma = &channel->dma;

	dma_cap_set(DMA_SLAVE, dma->cap_mask);
	dma_cap_set(DMA_PRIVATE, dma->cap_mask);
	dma->dev = dev;
	filter_setup(channel, dev);
	dma->directions = BIT(DMA_DEV_TO_MEM);
	dma->src_addr_widths = BIT(DMA_SLAVE_BUSWIDTH_1_BYTE);
	dma->dst_addr_widths = BIT(DMA_SLAVE_BUSWIDTH_1_BYTE);
	dma->copy_align = ilog2(alignment);
	dma->residue_granularity = DMA_RESIDUE_GRANULARITY_BURST;
	dma->device_prep_slave_sg = user_prep_slave_sg;
	dma->device_issue_pending = user_issue_pending;
	dma->device_tx_status = user_tx_status;
	dma->device_terminate_all = user_terminate_all;
	dma->device_synchronize = user_synchronize;
	dma->device_free_chan_resources = user_free_chan_resources;
	dma->device_release = user_dma_release;

	INIT_LIST_HEAD(&dma->channels);
	channel->chan.device = dma;
	channel->chan.cookie = DMA_MIN_COOKIE;
	channel->chan.completed_cookie = DMA_MIN_COOKIE;
	list_add_tail(&channel->chan.device_node, &dma->channels);
}

/**
 * user_channel_register() - offer the channel
 * @channel: with its door, and the name of its client; freed when dmaengine lets
 *	go of it, also if this fails
 * @dev: its device
 * @alignment: what lengths are a multiple of, in bytes, a power of two
 *
 * Context: process, may sleep.
 *
 * Return: 0 or a negative errno.
 */
int user_channel_register(struct user_channel *channel, struct device *dev,
			  u32 alignment)
{
	int ret;

	dma_setup(channel, dev, alignment);
	ret = dma_async_device_register(&channel->dma);
	if (ret) {
		kfree(channel);
		return ret;
	}
	if (!dev->of_node)
		return 0;
	ret = of_dma_controller_register(dev->of_node, user_of_xlate, channel);
	if (ret)
		dma_async_device_unregister(&channel->dma);
	return ret;
}

/**
 * user_channel_unregister() - undo user_channel_register()
 * @channel: the channel; its client has released it
 *
 * Context: process, may sleep.
 */
void user_channel_unregister(struct user_channel *channel)
{
	struct device_node *np = channel->dma.dev->of_node;

	if (np)
		of_dma_controller_free(np);
	dma_async_device_unregister(&channel->dma);
}
