// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - the DMA channel
 *
 * Hands transfers to the provider, takes them back, and says how much of each
 * has come.  See channel.h.
 *
 * A provider may call back from within the calls that submit and issue, and may
 * do the DMA there too.  So no lock is held in these calls, and whatever the
 * transfer needs is done before.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/dmaengine.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/rcupdate.h>
#include <linux/sizes.h>

#include <linux/fpgabuf.h>

#include "channel.h"
#include "compat.h"

/* For how long a controller that answers "not now" is asked to stop */
#define STOP_MS		1000

/* For how long a callback that is due is waited for, before a stop */
#define CALLBACK_MS	20

/*
 * The CPU does not touch the register, so it is not mapped; nor requested, as
 * others may have the FPGA's other registers around it.
 */
static int read_config(struct platform_device *pdev, struct resource *reg,
		       u32 max_burst, struct dma_slave_config *config)
{
	struct device *dev = &pdev->dev;
	u32 width = 4, burst = 1;

	/* A provider that does not say has 0. */
	max_burst = max_burst ?: U32_MAX;

	device_property_read_u32(dev, "reg-io-width", &width);
	if (!is_power_of_2(width) || width > DMA_SLAVE_BUSWIDTH_16_BYTES ||
	    width > resource_size(reg))
		return dev_err_probe(dev, -EINVAL,
				     "reg-io-width of %u does not fit %pR\n",
				     width, reg);

	device_property_read_u32(dev, "fpgabuf,burst", &burst);
	if (!burst || burst > max_burst)
		return dev_err_probe(dev, -EINVAL,
				     "fpgabuf,burst of %u: the DMA channel does 1 to %u\n",
				     burst, max_burst);

	*config = (struct dma_slave_config){
		.direction = DMA_DEV_TO_MEM,
		.src_addr = reg->start,
		.src_addr_width = width,
		.src_maxburst = burst,
	};
	return 0;
}

/* Without a register, there may be an address on the controller's other side. */
static void address_config(struct device *dev, struct dma_slave_config *config)
{
	u64 address = 0;

	device_property_read_u64(dev, "fpgabuf,address", &address);
	*config = (struct dma_slave_config){
		.direction = DMA_DEV_TO_MEM,
		.src_addr = address,
		.src_addr_width = DMA_SLAVE_BUSWIDTH_4_BYTES,
		.src_maxburst = 1,
	};
}

/*
 * A channel that is fed by a stream has nothing to be told.  One that reads a
 * data register of the FPGA, as a PL330 does, has to know where it is and how it
 * is read.
 */
static int configure(struct fpgabuf_channel *channel,
		     struct platform_device *pdev, u32 max_burst)
{
	struct resource *reg = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	struct device *dev = &pdev->dev;
	int ret;

	if (reg) {
		ret = read_config(pdev, reg, max_burst, &channel->config);
		if (ret)
			return ret;
		channel->limits.alignment = channel->config.src_addr_width;
	} else if (channel->provider->insists ||
		   device_property_present(dev, "fpgabuf,address")) {
		address_config(dev, &channel->config);
	} else {
		return 0;
	}

	ret = dmaengine_slave_config(channel->chan, &channel->config);
	if (ret)
		return dev_err_probe(dev, ret,
				     "the DMA channel cannot read from %pa\n",
				     &channel->config.src_addr);
	channel->configured = true;
	return 0;
}

/*
 * Some providers do not say what they can do, and dma_get_slave_caps() refuses
 * to answer for them.
 */
static int get_caps(struct fpgabuf_channel *channel, struct dma_slave_caps *caps)
{
	const struct dma_device *dma = channel->chan->device;

	if (!dma->directions) {
		*caps = (struct dma_slave_caps){
			.directions = BIT(DMA_DEV_TO_MEM),
			.dst_addr_widths = dma->dst_addr_widths,
		};
		return 0;
	}
	return dma_get_slave_caps(channel->chan, caps);
}

/* The narrowest access to memory; widths of 32 bytes and more have no bit. */
static u32 narrowest_access(const struct dma_device *dma, u32 widths)
{
	widths &= ~BIT(DMA_SLAVE_BUSWIDTH_UNDEFINED);
	return max_t(u32, widths ? rounddown_pow_of_two(__ffs(widths)) : 1,
		     1U << dma->copy_align);
}

/* What the provider's driver alone knows of its limits */
static int probe(struct fpgabuf_channel *channel, struct device *dev)
{
	const struct fpgabuf_provider_ops *ops = channel->provider->ops;

	return ops && ops->probe ? ops->probe(channel, dev) : 0;
}

static int setup(struct fpgabuf_channel *channel, struct platform_device *pdev)
{
	struct dma_device *dma = channel->chan->device;
	struct device *dev = &pdev->dev;
	struct dma_slave_caps caps;
	int ret;

	ret = get_caps(channel, &caps);
	if (!ret && (!(caps.directions & BIT(DMA_DEV_TO_MEM)) ||
		     !dma_has_cap(DMA_SLAVE, dma->cap_mask)))
		ret = -EOPNOTSUPP;
	if (ret)
		return dev_err_probe(dev, ret,
				     "DMA channel %s cannot capture to memory\n",
				     dma_chan_name(channel->chan));

	ret = configure(channel, pdev, caps.max_burst);
	if (ret)
		return ret;
	channel->limits.alignment =
		max(channel->limits.alignment,
		    narrowest_access(dma, caps.dst_addr_widths));
	return probe(channel, dev);
}

/**
 * fpgabuf_channel_init() - set up a channel that the caller has got
 * @channel: filled in
 * @dev: for log lines
 * @chan: dmaengine's channel
 * @provider: what is known of it
 * @ops: called back
 */
void fpgabuf_channel_init(struct fpgabuf_channel *channel, struct device *dev,
			  struct dma_chan *chan,
			  const struct fpgabuf_provider *provider,
			  const struct fpgabuf_channel_ops *ops)
{
	*channel = (struct fpgabuf_channel){
		.chan = chan,
		.provider = provider,
		.ops = ops,
		.dev = dev,
		.stops = chan->device->device_terminate_all,
		.tells = provider->tells,
		.limits.alignment = 1,
	};
	spin_lock_init(&channel->turns.lock);
	INIT_LIST_HEAD(&channel->turns.waiting);
	INIT_LIST_HEAD(&channel->turns.running);
	init_waitqueue_head(&channel->turns.wait);
}

/**
 * fpgabuf_channel_open() - get the channel of an FPGA
 * @channel: filled in
 * @pdev: the FPGA: its channel "rx", and its register, width and burst if it has
 *	one
 * @ops: called back
 *
 * Context: process.
 *
 * Return: 0, to be undone by fpgabuf_channel_close(), or -errno, and the log
 * says why.
 */
int fpgabuf_channel_open(struct fpgabuf_channel *channel,
			 struct platform_device *pdev,
			 const struct fpgabuf_channel_ops *ops)
{
	const struct fpgabuf_provider *provider;
	struct device *dev = &pdev->dev;
	struct dma_chan *chan;
	int ret;

	chan = dma_request_chan(dev, "rx");
	if (IS_ERR(chan))
		return dev_err_probe(dev, PTR_ERR(chan),
				     "no DMA channel \"rx\"\n");
	provider = fpgabuf_provider_find(dev_driver_string(chan->device->dev));
	fpgabuf_channel_init(channel, dev, chan, provider, ops);
	ret = setup(channel, pdev);
	if (ret) {
		dma_release_channel(chan);
		return ret;
	}
	/* Whoever takes the provider away takes us away first. */
	channel->link = device_link_add(dev, chan->device->dev,
					DL_FLAG_AUTOREMOVE_CONSUMER);
	if (!channel->link)
		dev_warn(dev, "cannot depend on the DMA controller\n");
	return 0;
}

/**
 * fpgabuf_channel_dma_device() - the device that memory is mapped for
 * @channel: the channel
 *
 * A card's DMA controller may be a platform device below the card.  What the
 * IOMMU knows is the card.
 *
 * Return: the device; no reference is taken.
 */
struct device *
fpgabuf_channel_dma_device(const struct fpgabuf_channel *channel)
{
	struct device *dev = dmaengine_get_dma_device(channel->chan);
	struct device *card;

	if (dev->bus != &platform_bus_type)
		return dev;
	for (card = dev->parent; card; card = card->parent)
		if (dev_is_pci(card))
			return card;
	return dev;
}

/**
 * fpgabuf_channel_segment() - the longest segment that the provider takes
 * @channel: the channel
 * @dma_dev: its device
 *
 * Return: bytes.
 */
size_t fpgabuf_channel_segment(const struct fpgabuf_channel *channel,
			       struct device *dma_dev)
{
	return channel->provider->splits ? SZ_1G :
					   dma_get_max_seg_size(dma_dev);
}

/**
 * fpgabuf_channel_serial() - is one transfer given to it at a time?
 * @channel: the channel
 *
 * If it cannot be stopped, there is then one region at most that it holds.
 */
bool fpgabuf_channel_serial(const struct fpgabuf_channel *channel)
{
	return channel->provider->serial || channel->provider->gives_up_ms ||
	       !channel->stops;
}

static bool chains(const struct fpgabuf_provider *provider)
{
	return provider->next == FPGABUF_NEXT_CONTROLLER;
}

/**
 * fpgabuf_channel_capabilities() - what can be promised of it
 * @channel: the channel
 *
 * Return: FPGABUF_CAP_* bits.
 */
u64 fpgabuf_channel_capabilities(const struct fpgabuf_channel *channel)
{
	const struct fpgabuf_provider *provider = channel->provider;
	u64 caps = 0;

	if (chains(provider) && !fpgabuf_channel_serial(channel))
		caps |= FPGABUF_CAP_EXACT_GAPS;
	if (provider->counts)
		caps |= FPGABUF_CAP_EXACT_BYTES;
	if (channel->tells)
		caps |= FPGABUF_CAP_PACKETS;
	if (channel->stops && !provider->gives_up_ms)
		caps |= FPGABUF_CAP_STOP;
	return caps;
}

/**
 * fpgabuf_channel_max_length() - the longest transfer
 * @channel: the channel
 *
 * Return: bytes, 0 if that is not known.
 */
u64 fpgabuf_channel_max_length(const struct fpgabuf_channel *channel)
{
	return (u64)channel->limits.max_pieces * channel->limits.piece;
}

/**
 * fpgabuf_channel_max_packet() - the longest packet that can be told apart
 * @channel: the channel
 *
 * Return: bytes, 0 if any packet can.
 */
u64 fpgabuf_channel_max_packet(const struct fpgabuf_channel *channel)
{
	return channel->tells && !channel->provider->prefix ?
	       channel->limits.piece : 0;
}

static u32 pieces_of(const struct fpgabuf_channel *channel, u32 size)
{
	u32 piece = channel->limits.piece;

	return piece ? DIV_ROUND_UP(size, piece) : 1;
}

/* In how many pieces the controller takes a transfer, as far as is known */
static u64 count_pieces(const struct fpgabuf_transfer *transfer)
{
	struct scatterlist *sg;
	unsigned int i;
	u64 pieces = 0;

	for_each_sg(transfer->sgt.sgl, sg, transfer->nents, i)
		pieces += pieces_of(transfer->channel, sg_dma_len(sg));
	return pieces;
}

/**
 * fpgabuf_transfer_set() - let a transfer fill some memory
 * @transfer: the transfer, idle; with a table that is large enough
 * @from: the segment where the memory begins, mapped for the channel
 * @skip: bytes of that segment in front of it
 * @length: bytes of the memory, 1 or more
 *
 * Some providers go on to the end of a list, whatever number of entries they
 * are told, so it ends where the transfer does.
 *
 * Context: any.
 */
void fpgabuf_transfer_set(struct fpgabuf_transfer *transfer,
			  struct scatterlist *from, u32 skip, u32 length)
{
	struct scatterlist *sg = transfer->sgt.sgl;
	u32 left = length;

	for (transfer->nents = 1;; transfer->nents++) {
		sg_unmark_end(sg);
		sg_set_page(sg, sg_page(from), min(left, from->length - skip),
			    skip);
		sg_dma_address(sg) = sg_dma_address(from) + skip;
		sg_dma_len(sg) = sg->length;
		left -= sg->length;
		if (!left)
			break;
		sg = sg_next(sg);
		from = sg_next(from);
		skip = 0;
	}
	sg_mark_end(sg);
	transfer->length = length;
}

/*
 * How much of a transfer that has ended is there for sure.  When each piece ends
 * with a packet, only the number of bytes that are missing is known, and not
 * where: the first piece lacks at most all of them.
 */
static u32 certain_bytes(const struct fpgabuf_transfer *transfer, u32 residue)
{
	const struct fpgabuf_channel *channel = transfer->channel;
	u32 front = sg_dma_len(transfer->sgt.sgl);

	residue = min(residue, transfer->length);
	if (!residue)
		return transfer->length;
	if (channel->provider->prefix)
		return transfer->length - residue;
	if (count_pieces(transfer) > 1 && channel->limits.piece)
		front = min(front, channel->limits.piece);
	return front > residue ? front - residue : 0;
}

static enum dma_status status_of(const struct fpgabuf_channel *channel,
				 dma_cookie_t cookie)
{
	return dmaengine_tx_status(channel->chan, cookie, NULL);
}

static bool in_progress(const struct fpgabuf_channel *channel,
			dma_cookie_t cookie)
{
	return status_of(channel, cookie) == DMA_IN_PROGRESS;
}

/* Out of the channel's hands */
static void let_go(struct fpgabuf_transfer *transfer)
{
	lockdep_assert_held(&transfer->channel->turns.lock);
	list_del(&transfer->node);
	WRITE_ONCE(transfer->state, FPGABUF_TRANSFER_IDLE);
}

static void hand_on(struct fpgabuf_channel *channel);

/*
 * The provider has called back.  An abandoned transfer is reported last: what
 * holds the channel may go with it.
 */
static void came(struct fpgabuf_transfer *transfer, u32 bytes, int error)
{
	struct fpgabuf_channel *channel = transfer->channel;
	bool abandoned, ended, ours;
	unsigned long flags;

	spin_lock_irqsave(&channel->turns.lock, flags);
	/* Some call back once more for what has been terminated. */
	if (transfer->called ||
	    transfer->state < FPGABUF_TRANSFER_RUNNING) {
		spin_unlock_irqrestore(&channel->turns.lock, flags);
		return;
	}
	abandoned = transfer->state == FPGABUF_TRANSFER_ABANDONED;
	transfer->called = true;
	transfer->bytes = bytes;
	transfer->error = error;
	ended = transfer->handed;
	if (ended)
		let_go(transfer);
	ours = !channel->turns.handing;
	channel->turns.handing = true;
	channel->turns.nudge = true;
	spin_unlock_irqrestore(&channel->turns.lock, flags);

	if (ended && !abandoned)
		channel->ops->ended(transfer);
	if (ours)
		hand_on(channel);
	if (ended && abandoned)
		channel->ops->quiet(transfer);
}

/* dmaengine's callback; softirq or thread */
static void callback(void *param, const struct dmaengine_result *result)
{
	struct fpgabuf_transfer *transfer = param;
	const struct fpgabuf_provider *provider = transfer->channel->provider;
	bool good = result->result == DMA_TRANS_NOERROR;
	u32 bytes = 0;

	if (good || provider->counts)
		bytes = certain_bytes(transfer, result->residue);
	came(transfer, bytes, good ? 0 : -EIO);
}

/* For a provider that has no result to tell */
static void callback_plain(void *param)
{
	struct fpgabuf_transfer *transfer = param;

	came(transfer, transfer->length, 0);
}

/* Return: 0, -ENOBUFS if the provider has no room for it, or -EIO */
static int submit(struct fpgabuf_channel *channel,
		  struct fpgabuf_transfer *transfer)
{
	struct dma_async_tx_descriptor *desc;

	desc = dmaengine_prep_slave_sg(channel->chan, transfer->sgt.sgl,
				       transfer->nents, DMA_DEV_TO_MEM,
				       DMA_PREP_INTERRUPT | DMA_CTRL_ACK);
	if (!desc)
		return -ENOBUFS;
	if (channel->provider->plain)
		desc->callback = callback_plain;
	else
		desc->callback_result = callback;
	desc->callback_param = transfer;
	transfer->cookie = dmaengine_submit(desc);
	return dma_submit_error(transfer->cookie) ? -EIO : 0;
}

/* A transfer has ended when both is known, that and what the callback says. */
static void handed(struct fpgabuf_transfer *transfer, bool gap)
{
	struct fpgabuf_channel *channel = transfer->channel;
	unsigned long flags;
	bool ended;

	spin_lock_irqsave(&channel->turns.lock, flags);
	channel->turns.streaming = true;
	transfer->gap = gap;
	transfer->handed = true;
	ended = transfer->called;
	if (ended)
		let_go(transfer);
	spin_unlock_irqrestore(&channel->turns.lock, flags);
	if (ended)
		channel->ops->ended(transfer);
}

/*
 * If the controller was still busy with the previous transfer when it had
 * already got this one, and goes on by itself, then there was no gap.  Else there
 * may have been one.
 */
static bool had_gap(const struct fpgabuf_channel *channel,
		    dma_cookie_t previous)
{
	return channel->turns.streaming &&
	       !(chains(channel->provider) && previous &&
		 in_progress(channel, previous));
}

static int hand_over(struct fpgabuf_channel *channel,
		     struct fpgabuf_transfer *transfer, dma_cookie_t previous)
{
	int ret = submit(channel, transfer);

	if (ret)
		return ret;
	dma_async_issue_pending(channel->chan);
	handed(transfer, had_gap(channel, previous));
	return 0;
}

static struct fpgabuf_transfer *first_of(struct list_head *list)
{
	return list_first_entry_or_null(list, struct fpgabuf_transfer, node);
}

/* The transfer whose turn it is, now on its way to the controller, or NULL. */
static struct fpgabuf_transfer *next_turn(struct fpgabuf_channel *channel)
{
	struct fpgabuf_transfer *transfer;

	lockdep_assert_held(&channel->turns.lock);
	if (!list_empty(&channel->turns.running))
		return NULL;
	transfer = first_of(&channel->turns.waiting);
	if (!transfer)
		return NULL;
	list_move_tail(&transfer->node, &channel->turns.running);
	WRITE_ONCE(transfer->state, FPGABUF_TRANSFER_RUNNING);
	return transfer;
}

/* Nobody is there to be told by an error: the transfer ends with it. */
static void hand_over_or_end(struct fpgabuf_channel *channel,
			     struct fpgabuf_transfer *transfer)
{
	unsigned long flags;

	if (!hand_over(channel, transfer, 0))
		return;
	spin_lock_irqsave(&channel->turns.lock, flags);
	let_go(transfer);
	transfer->error = -EIO;
	channel->turns.nudge = true;
	spin_unlock_irqrestore(&channel->turns.lock, flags);
	channel->ops->ended(transfer);
}

/*
 * A transfer has ended: have the next one started.  Where the controller must
 * have one at a time, that is to hand it over; some others start what they have
 * only when they are told again.  Callbacks that come meanwhile leave it to us:
 * providers may make them from within our calls, one inside the other.
 */
static void hand_on(struct fpgabuf_channel *channel)
{
	struct fpgabuf_transfer *transfer;
	unsigned long flags;
	bool issue;

	spin_lock_irqsave(&channel->turns.lock, flags);
	while (channel->turns.nudge) {
		channel->turns.nudge = false;
		if (channel->turns.stopping)
			break;
		issue = channel->provider->next == FPGABUF_NEXT_TOLD &&
			!list_empty(&channel->turns.running);
		transfer = next_turn(channel);
		spin_unlock_irqrestore(&channel->turns.lock, flags);
		if (transfer)
			hand_over_or_end(channel, transfer);
		else if (issue)
			dma_async_issue_pending(channel->chan);
		spin_lock_irqsave(&channel->turns.lock, flags);
	}
	channel->turns.handing = false;
	wake_up(&channel->turns.wait);
	spin_unlock_irqrestore(&channel->turns.lock, flags);
}

/* Whoever is handing over transfers has done so. */
static void wait_for_handing(struct fpgabuf_channel *channel)
{
	wait_event_lock_irq(channel->turns.wait, !channel->turns.handing,
			    channel->turns.lock);
}

/* It takes its turn now, or waits for it.  Returns whether it is now. */
static bool enlist(struct fpgabuf_channel *channel,
		   struct fpgabuf_transfer *transfer, dma_cookie_t *previous)
{
	bool now;

	*transfer = (struct fpgabuf_transfer){
		.channel = channel,
		.sgt = transfer->sgt,
		.nents = transfer->nents,
		.length = transfer->length,
	};
	spin_lock_irq(&channel->turns.lock);
	wait_for_handing(channel);
	now = !fpgabuf_channel_serial(channel) ||
	      (list_empty(&channel->turns.running) &&
	       list_empty(&channel->turns.waiting));
	*previous = 0;
	if (!list_empty(&channel->turns.running))
		*previous = list_last_entry(&channel->turns.running,
					    struct fpgabuf_transfer,
					    node)->cookie;
	list_add_tail(&transfer->node,
		      now ? &channel->turns.running : &channel->turns.waiting);
	WRITE_ONCE(transfer->state, now ? FPGABUF_TRANSFER_RUNNING :
					  FPGABUF_TRANSFER_WAITING);
	channel->turns.handing = now;
	spin_unlock_irq(&channel->turns.lock);
	return now;
}

/*
 * The controller is told later.  Some begin at once all the same, so each of the batch
 * is looked at in its turn.
 */
static int submit_of_batch(struct fpgabuf_channel *channel,
			   struct fpgabuf_transfer *transfer,
			   struct fpgabuf_batch *batch, dma_cookie_t previous)
{
	int ret = submit(channel, transfer);

	if (ret)
		return ret;
	if (batch->first) {
		transfer->gap = !in_progress(channel, previous);
	} else {
		batch->first = transfer;
		batch->previous = previous;
	}
	return 0;
}

static int start(struct fpgabuf_channel *channel,
		 struct fpgabuf_transfer *transfer, struct fpgabuf_batch *batch)
{
	dma_cookie_t previous;
	int ret;

	if (!enlist(channel, transfer, &previous))
		return 0;
	if (batch && chains(channel->provider))
		ret = submit_of_batch(channel, transfer, batch, previous);
	else
		ret = hand_over(channel, transfer, previous);
	if (ret) {
		spin_lock_irq(&channel->turns.lock);
		let_go(transfer);
		/* With all its room free, it will not have more later. */
		if (list_empty(&channel->turns.running))
			ret = -EIO;
		spin_unlock_irq(&channel->turns.lock);
	}
	hand_on(channel);
	return ret;
}

/**
 * fpgabuf_channel_start() - start a transfer, behind those started earlier
 * @channel: the channel
 * @transfer: idle, and set; its memory is the device's from here on
 * @batch: of the transfers that follow each other at once, all 0 for the first, or
 *	NULL for one alone.  fpgabuf_channel_go() must follow without delay.  A
 *	controller that does not go on by itself is told of each at once
 *
 * On success &fpgabuf_channel_ops.ended may have been called already.
 *
 * Context: process, sleeps.
 *
 * Return: 0; -EMSGSIZE the controller cannot take so much as one transfer;
 * -ENOBUFS it has no room for one more; -EIO the provider refuses, or the channel
 * did not stop.
 */
int fpgabuf_channel_start(struct fpgabuf_channel *channel,
			  struct fpgabuf_transfer *transfer,
			  struct fpgabuf_batch *batch)
{
	u32 max_pieces = channel->limits.max_pieces;

	if (channel->turns.stuck)
		return -EIO;
	transfer->channel = channel;
	if (max_pieces && count_pieces(transfer) > max_pieces)
		return -EMSGSIZE;
	return start(channel, transfer, batch);
}

/* Return: the transfer behind it, or NULL.  Nobody else takes them from the list. */
static struct fpgabuf_transfer *next_of(struct fpgabuf_channel *channel,
					struct fpgabuf_transfer *transfer)
{
	struct fpgabuf_transfer *next = NULL;

	spin_lock_irq(&channel->turns.lock);
	if (!list_is_last(&transfer->node, &channel->turns.running))
		next = list_next_entry(transfer, node);
	spin_unlock_irq(&channel->turns.lock);
	return next;
}

/**
 * fpgabuf_channel_go() - tell the controller of a batch
 * @channel: the channel
 * @batch: as fpgabuf_channel_start() left it
 *
 * Context: process, sleeps.
 */
void fpgabuf_channel_go(struct fpgabuf_channel *channel,
			struct fpgabuf_batch *batch)
{
	struct fpgabuf_transfer *transfer = batch->first, *next;

	if (!transfer)
		return;
	dma_async_issue_pending(channel->chan);
	transfer->gap = had_gap(channel, batch->previous);
	for (; transfer; transfer = next) {
		/* When it has been handed over it may end, and leave the list. */
		next = next_of(channel, transfer);
		handed(transfer, transfer->gap);
	}
}

/* Has a transfer ended whose callback has not come yet? */
static bool callback_due(struct fpgabuf_channel *channel)
{
	struct fpgabuf_transfer *transfer;
	bool due = false;

	spin_lock_irq(&channel->turns.lock);
	list_for_each_entry(transfer, &channel->turns.running, node)
		if (transfer->state == FPGABUF_TRANSFER_RUNNING &&
		    status_of(channel, transfer->cookie) == DMA_COMPLETE)
			due = true;
	spin_unlock_irq(&channel->turns.lock);
	return due;
}

/* The channel forgets its residues when it is stopped: ask before. */
static void count_bytes(struct fpgabuf_channel *channel)
{
	struct fpgabuf_transfer *transfer;

	spin_lock_irq(&channel->turns.lock);
	list_for_each_entry(transfer, &channel->turns.running, node) {
		struct dma_tx_state state = { .residue = transfer->length };

		transfer->bytes = 0;
		if (channel->provider->counts &&
		    dmaengine_tx_status(channel->chan, transfer->cookie,
					&state) != DMA_COMPLETE)
			transfer->bytes = transfer->length -
					  min(state.residue, transfer->length);
	}
	spin_unlock_irq(&channel->turns.lock);
}

/*
 * For some, terminating is a request: "yes" means that it was taken, and "not
 * now" that the controller is about to stop.  Whoever says "yes" twice has
 * stopped.
 */
static int terminate_twice(struct fpgabuf_channel *channel)
{
	unsigned long end = jiffies + msecs_to_jiffies(STOP_MS);
	int ret;

	for (;;) {
		ret = dmaengine_terminate_sync(channel->chan);
		if (!ret)
			ret = dmaengine_terminate_sync(channel->chan);
		if (!ret || time_after(jiffies, end))
			return ret;
		usleep_range(1000, 2000);
	}
}

/* Did the provider wait for the controller until it lost patience? */
static bool gave_up(const struct fpgabuf_channel *channel, ktime_t begin)
{
	unsigned int patience = channel->provider->gives_up_ms;

	return patience && ktime_ms_delta(ktime_get(), begin) >= patience;
}

/* Does the controller itself say so?  Most are not asked. */
static bool looks_stopped(const struct fpgabuf_channel *channel)
{
	const struct fpgabuf_provider_ops *ops = channel->provider->ops;

	return !ops || !ops->stopped || ops->stopped(channel);
}

/*
 * Providers without a way to wait for a callback, such as the PL330's, make it in
 * a tasklet that may be running, which RCU waits for.
 *
 * Return: whether the DMA has come to an end.  Then no callback comes any more.
 */
static bool terminate(struct fpgabuf_channel *channel)
{
	ktime_t begin = ktime_get();
	int ret;

	ret = terminate_twice(channel);
	if (!channel->chan->device->device_synchronize)
		synchronize_rcu();
	if (!ret && channel->configured)
		/* Some forget it. */
		dmaengine_slave_config(channel->chan, &channel->config);
	return !ret && !gave_up(channel, begin) && looks_stopped(channel);
}

/* What did not get its turn has no byte. */
static void drop_waiting(struct fpgabuf_channel *channel)
{
	struct fpgabuf_transfer *transfer, *next;

	lockdep_assert_held(&channel->turns.lock);
	list_for_each_entry_safe(transfer, next, &channel->turns.waiting, node)
		let_go(transfer);
}

/* Those abandoned earlier that have come to rest are moved to @quiet. */
static void drop_running(struct fpgabuf_channel *channel, bool stopped,
			 struct list_head *quiet)
{
	struct fpgabuf_transfer *transfer, *next;

	lockdep_assert_held(&channel->turns.lock);
	list_for_each_entry_safe(transfer, next, &channel->turns.running, node) {
		if (transfer->state == FPGABUF_TRANSFER_ABANDONED) {
			if (stopped)
				list_move_tail(&transfer->node, quiet);
		} else if (stopped) {
			let_go(transfer);
		} else {
			transfer->bytes = 0;
			WRITE_ONCE(transfer->state,
				   FPGABUF_TRANSFER_ABANDONED);
			channel->ops->abandoned(transfer);
		}
	}
}

static void report_quiet(struct fpgabuf_channel *channel,
			 struct list_head *quiet)
{
	struct fpgabuf_transfer *transfer, *next;

	list_for_each_entry_safe(transfer, next, quiet, node) {
		spin_lock_irq(&channel->turns.lock);
		let_go(transfer);
		spin_unlock_irq(&channel->turns.lock);
		channel->ops->quiet(transfer);
	}
}

static bool is_idle(struct fpgabuf_channel *channel)
{
	bool idle;

	spin_lock_irq(&channel->turns.lock);
	idle = list_empty(&channel->turns.running);
	spin_unlock_irq(&channel->turns.lock);
	return idle;
}

/* Nothing is handed over any more, and nobody is about to do it. */
static void hold(struct fpgabuf_channel *channel)
{
	spin_lock_irq(&channel->turns.lock);
	channel->turns.stopping = true;
	wait_for_handing(channel);
	spin_unlock_irq(&channel->turns.lock);
}

static void drop(struct fpgabuf_channel *channel, bool stopped)
{
	LIST_HEAD(quiet);

	spin_lock_irq(&channel->turns.lock);
	drop_waiting(channel);
	drop_running(channel, stopped, &quiet);
	spin_unlock_irq(&channel->turns.lock);
	report_quiet(channel, &quiet);
}

/* Return: whether the controller has nothing any more. */
static bool stop_running(struct fpgabuf_channel *channel)
{
	if (is_idle(channel))
		return true;
	wait_event_timeout(channel->turns.wait, !callback_due(channel),
			   msecs_to_jiffies(CALLBACK_MS));
	count_bytes(channel);
	return terminate(channel);
}

/**
 * fpgabuf_channel_pause() - take everything back, to start it again
 * @channel: the channel
 *
 * On return no transfer is waiting or running: it has ended, and was reported;
 * or it is idle, and @bytes says how much of it is there for sure; or it was
 * abandoned.  A channel that can be stopped and does not is stuck: it takes no
 * transfer any more.
 *
 * Context: process, sleeps; may be what a fence waits for.
 */
void fpgabuf_channel_pause(struct fpgabuf_channel *channel)
{
	bool stopped, stops;

	if (channel->turns.stuck)
		return;
	hold(channel);
	/* One that does not stop while it waits for data has, when it failed. */
	stops = channel->stops && (!channel->provider->gives_up_ms ||
				   fpgabuf_channel_failed(channel));
	stopped = stops ? stop_running(channel) : is_idle(channel);
	if (stops && !stopped) {
		channel->turns.stuck = true;
		dev_err(channel->dev,
			"the DMA channel does not stop: it may go on writing, so it is not used any more, and its memory is kept until the next boot\n");
	}
	drop(channel, stopped);
	spin_lock_irq(&channel->turns.lock);
	channel->turns.stopping = false;
	spin_unlock_irq(&channel->turns.lock);
}

/**
 * fpgabuf_channel_stop() - take everything back; the stream ends
 * @channel: the channel
 *
 * As fpgabuf_channel_pause().  The next transfer begins a stream.
 */
void fpgabuf_channel_stop(struct fpgabuf_channel *channel)
{
	fpgabuf_channel_pause(channel);
	spin_lock_irq(&channel->turns.lock);
	channel->turns.streaming = false;
	spin_unlock_irq(&channel->turns.lock);
}

/**
 * fpgabuf_channel_resume() - tell the channel again what it may have forgotten
 * @channel: the channel
 *
 * Return: 0 or a negative errno.
 */
int fpgabuf_channel_resume(struct fpgabuf_channel *channel)
{
	if (!channel->configured)
		return 0;
	return dmaengine_slave_config(channel->chan, &channel->config);
}

static bool looks_failed(const struct fpgabuf_channel *channel,
			 const struct fpgabuf_transfer *transfer)
{
	const struct fpgabuf_provider_ops *ops = channel->provider->ops;

	return ops && ops->failed ?
	       ops->failed(channel) :
	       status_of(channel, transfer->cookie) == DMA_ERROR;
}

/**
 * fpgabuf_channel_failed() - has the running transfer met an error?
 * @channel: the channel
 *
 * For providers that do not call back then.
 *
 * Context: process.
 */
bool fpgabuf_channel_failed(struct fpgabuf_channel *channel)
{
	struct fpgabuf_transfer *transfer;
	bool failed = false;

	spin_lock_irq(&channel->turns.lock);
	transfer = first_of(&channel->turns.running);
	if (transfer && transfer->state == FPGABUF_TRANSFER_RUNNING &&
	    transfer->handed)
		failed = looks_failed(channel, transfer);
	spin_unlock_irq(&channel->turns.lock);
	return failed;
}

/* A provider that is going itself must come to rest, whatever we think of it. */
static bool provider_goes(const struct fpgabuf_channel *channel)
{
	return channel->link &&
	       READ_ONCE(channel->link->status) == DL_STATE_SUPPLIER_UNBIND;
}

/**
 * fpgabuf_channel_close() - let go of the channel
 * @channel: stopped
 *
 * If the controller still has a transfer it is stopped by force.  If even that
 * fails, nobody gets the channel any more: the next user's transfer would be
 * mistaken for the one that is still there.
 *
 * Context: process, sleeps.
 */
void fpgabuf_channel_close(struct fpgabuf_channel *channel)
{
	hold(channel);
	/* Also if it is idle: not all stop what they are about to free. */
	if (channel->stops && !channel->turns.stuck)
		drop(channel, terminate(channel));
	if (channel->provider->ops && channel->provider->ops->remove)
		channel->provider->ops->remove(channel);
	if (is_idle(channel) || provider_goes(channel))
		dma_release_channel(channel->chan);
	else
		dev_err(channel->dev,
			"the DMA channel has not stopped: nobody can use it before the next boot\n");
	channel->chan = NULL;
}
