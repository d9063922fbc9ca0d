// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf-sim - the dmaengine provider
 *
 * One channel, and one thread that plays the FPGA's DMA master: it works on the
 * first issued descriptor, burst by burst, and writes through the DMA address
 * as a device would.  A mapping that bounces (swiotlb) therefore really needs
 * its sync.  An IOMMU is not simulated; the platform device has none.
 *
 * The helpers that providers in the tree use (virt-dma, cookies) are in private
 * headers that an out-of-tree module cannot have.
 */
#include <linux/delay.h>
#include <linux/dma-direct.h>
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/kthread.h>
#include <linux/of.h>
#include <linux/of_dma.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "../compat.h"
#include "sim.h"

struct sim_segment {
	dma_addr_t addr;
	u32 size;
};

/**
 * struct sim_desc - a transfer
 * @tx: dmaengine's part
 * @node: in one of the lists of struct sim
 * @dead: terminated; under &sim.lock
 * @size: bytes in all
 * @done: bytes written; under &sim.lock
 * @segment: index of the segment in work; the thread's
 * @offset: bytes of it that are written; the thread's
 * @nr_segments: how many
 * @segments: where to write
 */
struct sim_desc {
	struct dma_async_tx_descriptor tx;
	struct list_head node;
	bool dead;
	u32 size;
	u32 done;
	unsigned int segment;
	u32 offset;
	unsigned int nr_segments;
	struct sim_segment segments[];
};

static struct sim *chan_to_sim(struct dma_chan *chan)
{
	return container_of(chan, struct sim, chan);
}

static struct sim_desc *tx_to_desc(struct dma_async_tx_descriptor *tx)
{
	return container_of(tx, struct sim_desc, tx);
}

/* The part of a transfer that lies within one page, through its address. */
static void write_page(struct sim *sim, dma_addr_t addr, size_t size)
{
	phys_addr_t phys = dma_to_phys(sim->dev, addr);
	void *page = kmap_local_page(pfn_to_page(PHYS_PFN(phys)));

	sim_source_take(sim, page + offset_in_page(phys), size);
	kunmap_local(page);
}

static void write_bytes(struct sim *sim, struct sim_desc *desc, u32 size)
{
	while (size) {
		struct sim_segment *seg = &desc->segments[desc->segment];
		dma_addr_t addr = seg->addr + desc->offset;
		u32 part = min3(size, seg->size - desc->offset,
				(u32)(PAGE_SIZE - offset_in_page(addr)));

		write_page(sim, addr, part);
		desc->offset += part;
		if (desc->offset == seg->size) {
			desc->segment++;
			desc->offset = 0;
		}
		size -= part;
	}
}

static struct sim_desc *first_issued(struct sim *sim)
{
	struct sim_desc *desc;

	spin_lock_irq(&sim->lock);
	desc = list_first_entry_or_null(&sim->issued, struct sim_desc, node);
	spin_unlock_irq(&sim->lock);
	return desc;
}

/* Take a finished descriptor out, unless it has just been terminated. */
static bool retire(struct sim *sim, struct sim_desc *desc)
{
	bool alive;

	spin_lock_irq(&sim->lock);
	alive = !desc->dead;
	if (alive) {
		list_del(&desc->node);
		sim->chan.completed_cookie = desc->tx.cookie;
		if (list_empty(&sim->issued))
			sim->starved++;
	}
	spin_unlock_irq(&sim->lock);
	return alive;
}

/* One of the next so many calls shall fail: is it this one? */
static bool take_fault(struct sim *sim, u64 *left)
{
	unsigned long flags;
	bool fail;

	spin_lock_irqsave(&sim->lock, flags);
	fail = *left;
	if (fail)
		(*left)--;
	spin_unlock_irqrestore(&sim->lock, flags);
	return fail;
}

static void completion_delay(struct sim *sim)
{
	const struct sim_settings *set = &sim->settings;
	unsigned long us = set->delay_us;

	if (set->jitter_us)
		us += get_random_u32() % (u32)(set->jitter_us + 1);
	if (us)
		usleep_range(us, us + us / 8 + 1);
}

/* Callbacks may expect softirq context, which real controllers give them. */
static void finish(struct sim *sim, struct sim_desc *desc,
		   enum dmaengine_tx_result how)
{
	struct dmaengine_result result = {
		.result = how,
		.residue = desc->size - desc->done,
	};

	completion_delay(sim);
	if (!retire(sim, desc))
		return;
	local_bh_disable();
	if (desc->tx.callback_result)
		desc->tx.callback_result(desc->tx.callback_param, &result);
	else if (desc->tx.callback)
		desc->tx.callback(desc->tx.callback_param);
	local_bh_enable();
	kfree(desc);
}

/*
 * One burst.  A packet that ends gives back a descriptor that has bytes, full
 * or not; hardware has no empty packets.
 */
static void step(struct sim *sim)
{
	struct sim_desc *desc;
	bool end;
	u32 size = 0;

	mutex_lock(&sim->busy);
	desc = first_issued(sim);
	if (desc) {
		size = min(sim_source_avail(sim), desc->size - desc->done);
		write_bytes(sim, desc, size);
		spin_lock_irq(&sim->lock);
		desc->done += size;
		spin_unlock_irq(&sim->lock);
	} else {
		sim_source_idle(sim);
	}
	end = sim_source_packet_end(sim);
	if (size && take_fault(sim, &sim->settings.fail_transfer))
		finish(sim, desc, DMA_TRANS_WRITE_FAILED);
	else if (desc && (desc->done == desc->size || (end && desc->done)))
		finish(sim, desc, DMA_TRANS_NOERROR);
	mutex_unlock(&sim->busy);

	if (size)
		wake_up_interruptible(&sim->feed_wait);
}

/* Bytes and a place for them, or news that step() has to take note of. */
static bool has_work(struct sim *sim)
{
	if (list_empty_careful(&sim->issued))
		return sim_source_at_end(sim) || sim->rate_start;
	return sim_source_ready(sim) || sim_source_at_end(sim);
}

/* With a rate set, time brings work too: look again every tick. */
static int sim_thread(void *data)
{
	struct sim *sim = data;

	while (!kthread_should_stop()) {
		wait_event_idle(sim->wake,
				kthread_should_stop() || has_work(sim));
		step(sim);
		if (READ_ONCE(sim->settings.rate))
			schedule_timeout_idle(1);
		cond_resched();
	}
	return 0;
}

static dma_cookie_t sim_tx_submit(struct dma_async_tx_descriptor *tx)
{
	struct sim *sim = chan_to_sim(tx->chan);
	unsigned long flags;

	if (take_fault(sim, &sim->settings.fail_submit)) {
		kfree(tx_to_desc(tx));
		return -EIO;
	}
	spin_lock_irqsave(&sim->lock, flags);
	tx->cookie = tx->chan->cookie == INT_MAX ? DMA_MIN_COOKIE :
						   tx->chan->cookie + 1;
	tx->chan->cookie = tx->cookie;
	list_add_tail(&tx_to_desc(tx)->node, &sim->submitted);
	spin_unlock_irqrestore(&sim->lock, flags);
	return tx->cookie;
}

static struct dma_async_tx_descriptor *
sim_prep_slave_sg(struct dma_chan *chan, struct scatterlist *sgl,
		  unsigned int nents, enum dma_transfer_direction direction,
		  unsigned long flags, void *context)
{
	struct scatterlist *sg;
	struct sim_desc *desc;
	unsigned int i;

	if (direction != DMA_DEV_TO_MEM || !nents ||
	    take_fault(chan_to_sim(chan), &chan_to_sim(chan)->settings.fail_prep))
		return NULL;
	desc = kzalloc(struct_size(desc, segments, nents), GFP_NOWAIT);
	if (!desc)
		return NULL;

	for_each_sg(sgl, sg, nents, i) {
		desc->segments[i].addr = sg_dma_address(sg);
		desc->segments[i].size = sg_dma_len(sg);
		if (check_add_overflow(desc->size, desc->segments[i].size,
				       &desc->size)) {
			kfree(desc);
			return NULL;
		}
	}
	desc->nr_segments = nents;
	dma_async_tx_descriptor_init(&desc->tx, chan);
	desc->tx.tx_submit = sim_tx_submit;
	desc->tx.flags = flags;
	return &desc->tx;
}

static void sim_issue_pending(struct dma_chan *chan)
{
	struct sim *sim = chan_to_sim(chan);
	unsigned long flags;

	spin_lock_irqsave(&sim->lock, flags);
	list_splice_tail_init(&sim->submitted, &sim->issued);
	spin_unlock_irqrestore(&sim->lock, flags);
	wake_up(&sim->wake);
}

static u32 residue(struct sim *sim, dma_cookie_t cookie)
{
	struct sim_desc *desc;

	list_for_each_entry(desc, &sim->issued, node)
		if (desc->tx.cookie == cookie)
			return desc->size - desc->done;
	list_for_each_entry(desc, &sim->submitted, node)
		if (desc->tx.cookie == cookie)
			return desc->size;
	return 0;
}

static enum dma_status sim_tx_status(struct dma_chan *chan, dma_cookie_t cookie,
				     struct dma_tx_state *state)
{
	struct sim *sim = chan_to_sim(chan);
	dma_cookie_t last, used;
	unsigned long flags;

	spin_lock_irqsave(&sim->lock, flags);
	last = chan->completed_cookie;
	used = chan->cookie;
	dma_set_tx_state(state, last, used, residue(sim, cookie));
	spin_unlock_irqrestore(&sim->lock, flags);
	return dma_async_is_complete(cookie, last, used);
}

static int sim_terminate_all(struct dma_chan *chan)
{
	struct sim *sim = chan_to_sim(chan);
	struct sim_desc *desc;
	unsigned long flags;

	spin_lock_irqsave(&sim->lock, flags);
	list_splice_tail_init(&sim->submitted, &sim->issued);
	list_for_each_entry(desc, &sim->issued, node)
		desc->dead = true;
	list_splice_tail_init(&sim->issued, &sim->dead);
	spin_unlock_irqrestore(&sim->lock, flags);
	return 0;
}

/* When the thread has let go of its descriptor, the dead can be buried. */
static void sim_synchronize(struct dma_chan *chan)
{
	struct sim *sim = chan_to_sim(chan);
	struct sim_desc *desc, *next;
	LIST_HEAD(dead);

	mutex_lock(&sim->busy);
	spin_lock_irq(&sim->lock);
	list_splice_init(&sim->dead, &dead);
	spin_unlock_irq(&sim->lock);
	mutex_unlock(&sim->busy);

	list_for_each_entry_safe(desc, next, &dead, node)
		kfree(desc);
}

static void sim_free_chan_resources(struct dma_chan *chan)
{
	sim_terminate_all(chan);
	sim_synchronize(chan);
}

static void sim_dma_release(struct dma_device *dma)
{
	sim_put(container_of(dma, struct sim, dma));
}

static bool sim_filter(struct dma_chan *chan, void *param)
{
	return chan == param;
}

static struct dma_chan *sim_of_xlate(struct of_phandle_args *spec,
				     struct of_dma *of_dma)
{
	struct sim *sim = of_dma->of_dma_data;

	return dma_request_channel(sim->dma.cap_mask, sim_filter, &sim->chan);
}

/* Who may have the channel: as the device tree says, or else by name. */
static void filter_setup(struct sim *sim)
{
	if (sim->dev->of_node)
		return;
	sim->map.slave = "rx";
	sim->map.param = &sim->chan;
	sim->dma.filter.fn = sim_filter;
	sim->dma.filter.map = &sim->map;
	sim->dma.filter.mapcnt = 1;
}

static void dma_setup(struct sim *sim)
{
	const u32 widths = BIT(DMA_SLAVE_BUSWIDTH_1_BYTE) |
			   BIT(DMA_SLAVE_BUSWIDTH_8_BYTES);
	struct dma_device *dma = &sim->dma;

	dma_cap_set(DMA_SLAVE, dma->cap_mask);
	dma_cap_set(DMA_PRIVATE, dma->cap_mask);
	dma->dev = sim->dev;
	filter_setup(sim);
	dma->directions = BIT(DMA_DEV_TO_MEM);
	dma->src_addr_widths = widths;
	dma->dst_addr_widths = widths;
	dma->residue_granularity = DMA_RESIDUE_GRANULARITY_BURST;
	dma->device_prep_slave_sg = sim_prep_slave_sg;
	dma->device_issue_pending = sim_issue_pending;
	dma->device_tx_status = sim_tx_status;
	dma->device_terminate_all = sim_terminate_all;
	dma->device_synchronize = sim_synchronize;
	dma->device_free_chan_resources = sim_free_chan_resources;
	dma->device_release = sim_dma_release;

	INIT_LIST_HEAD(&dma->channels);
	sim->chan.device = dma;
	sim->chan.cookie = DMA_MIN_COOKIE;
	sim->chan.completed_cookie = DMA_MIN_COOKIE;
	list_add_tail(&sim->chan.device_node, &dma->channels);
}

/**
 * sim_channel_register() - start the DMA master and offer its channel
 * @sim: the simulator
 *
 * Context: process, may sleep.
 *
 * Return: 0 or a negative errno.
 */
int sim_channel_register(struct sim *sim)
{
	struct device_node *np = sim->dev->of_node;
	int ret;

	spin_lock_init(&sim->lock);
	INIT_LIST_HEAD(&sim->submitted);
	INIT_LIST_HEAD(&sim->issued);
	INIT_LIST_HEAD(&sim->dead);
	init_waitqueue_head(&sim->wake);

	sim->thread = kthread_run(sim_thread, sim, "%s", dev_name(sim->dev));
	if (IS_ERR(sim->thread))
		return PTR_ERR(sim->thread);

	dma_setup(sim);
	kref_get(&sim->ref);
	ret = dma_async_device_register(&sim->dma);
	if (ret) {
		kthread_stop(sim->thread);
		sim_put(sim);
		return ret;
	}
	ret = np ? of_dma_controller_register(np, sim_of_xlate, sim) : 0;
	if (ret) {
		dma_async_device_unregister(&sim->dma);
		kthread_stop(sim->thread);
	}
	return ret;
}

/**
 * sim_channel_unregister() - undo sim_channel_register()
 * @sim: the simulator; its client has released the channel
 */
void sim_channel_unregister(struct sim *sim)
{
	if (sim->dev->of_node)
		of_dma_controller_free(sim->dev->of_node);
	dma_async_device_unregister(&sim->dma);
	kthread_stop(sim->thread);
}
