// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf-sim - the dmaengine provider
 *
 * One channel.  Client and master.c meet at the lists of descriptors: submitted
 * by the client, issued, and taken out when they have ended.  The settings make
 * it behave as one or another controller does that boards have.
 *
 * The helpers that providers in the tree use (virt-dma, cookies) are in private
 * headers that an out-of-tree module cannot have.
 */
#include <linux/dma-mapping.h>
#include <linux/kthread.h>
#include <linux/of.h>
#include <linux/of_dma.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "../compat.h"
#include "sim.h"

static struct sim *chan_to_sim(struct dma_chan *chan)
{
	return container_of(chan, struct sim, chan);
}

static struct sim_desc *tx_to_desc(struct dma_async_tx_descriptor *tx)
{
	return container_of(tx, struct sim_desc, tx);
}

static void new_cookie(struct dma_async_tx_descriptor *tx)
{
	struct dma_chan *chan = tx->chan;

	tx->cookie = chan->cookie == INT_MAX ? DMA_MIN_COOKIE :
					       chan->cookie + 1;
	chan->cookie = tx->cookie;
}

/* A controller that takes one at a time forgets what comes too early. */
static bool goes_astray(struct sim *sim)
{
	if (!sim->settings.single ||
	    (list_empty(&sim->submitted) && list_empty(&sim->issued)))
		return false;
	sim->overrun++;
	return true;
}

static void issue(struct sim *sim)
{
	list_splice_tail_init(&sim->submitted, &sim->issued);
}

static dma_cookie_t sim_tx_submit(struct dma_async_tx_descriptor *tx)
{
	struct sim *sim = chan_to_sim(tx->chan);
	struct sim_desc *desc = tx_to_desc(tx);
	dma_cookie_t cookie;
	unsigned long flags;
	bool eager;

	if (sim_take_fault(sim, &sim->settings.fail_submit)) {
		kfree(desc);
		return -EIO;
	}
	spin_lock_irqsave(&sim->lock, flags);
	new_cookie(tx);
	cookie = tx->cookie;
	list_add_tail(&desc->node,
		      goes_astray(sim) ? &sim->strays : &sim->submitted);
	eager = sim->settings.eager;
	if (eager)
		issue(sim);
	spin_unlock_irqrestore(&sim->lock, flags);
	/* From here on it may have ended, and be gone. */
	if (eager) {
		sim_run_now(sim, cookie);
		wake_up(&sim->wake);
	}
	return cookie;
}

/* Copies the list.  Return: whether a transfer can have that many bytes. */
static bool take_list(struct sim_desc *desc, struct scatterlist *sgl)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sg(sgl, sg, desc->nr_segments, i) {
		struct sim_segment *seg = &desc->segments[i];

		seg->addr = sg_dma_address(sg);
		seg->size = sg_dma_len(sg);
		if (check_add_overflow(desc->size, seg->size, &desc->size))
			return false;
	}
	return true;
}

static struct dma_async_tx_descriptor *
sim_prep_slave_sg(struct dma_chan *chan, struct scatterlist *sgl,
		  unsigned int nents, enum dma_transfer_direction direction,
		  unsigned long flags, void *context)
{
	struct sim *sim = chan_to_sim(chan);
	struct sim_desc *desc;

	if (direction != DMA_DEV_TO_MEM || !nents ||
	    sim_take_fault(sim, &sim->settings.fail_prep))
		return NULL;
	desc = kzalloc(struct_size(desc, segments, nents), GFP_NOWAIT);
	if (!desc)
		return NULL;

	desc->nr_segments = nents;
	if (!take_list(desc, sgl)) {
		kfree(desc);
		return NULL;
	}
	if (READ_ONCE(sim->settings.keep))
		desc->sgl = sgl;
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
	issue(sim);
	sim->parked = false;
	spin_unlock_irqrestore(&sim->lock, flags);
	wake_up(&sim->wake);
}

static struct sim_desc *find_in(const struct list_head *list,
				dma_cookie_t cookie)
{
	struct sim_desc *desc;

	list_for_each_entry(desc, list, node)
		if (desc->tx.cookie == cookie)
			return desc;
	return NULL;
}

static struct sim_desc *find(struct sim *sim, dma_cookie_t cookie)
{
	return find_in(&sim->issued, cookie) ?:
	       find_in(&sim->submitted, cookie) ?:
	       find_in(&sim->strays, cookie);
}

static u32 missing(const struct sim_desc *desc)
{
	return desc ? desc->size - desc->done : 0;
}

static struct sim_desc *last_active(struct sim *sim)
{
	return list_empty(&sim->issued) ? NULL :
	       list_last_entry(&sim->issued, struct sim_desc, node);
}

/* What is said of a transfer that is not complete, and may be unknown */
static u32 residue(struct sim *sim, const struct sim_desc *desc)
{
	switch (sim->settings.residue) {
	case SIM_RESIDUE_UNKNOWN:
		return 0;
	case SIM_RESIDUE_ACTIVE:
		return missing(last_active(sim));
	default:
		return missing(desc);
	}
}

static bool ended_starved(const struct sim *sim, dma_cookie_t cookie)
{
	unsigned int i;

	for (i = 0; i < SIM_STARVED_KEPT; i++)
		if (sim->starved_last[i] == cookie)
			return true;
	return false;
}

static enum dma_status sim_tx_status(struct dma_chan *chan, dma_cookie_t cookie,
				     struct dma_tx_state *state)
{
	struct sim *sim = chan_to_sim(chan);
	const struct sim_desc *desc;
	enum dma_status status;
	dma_cookie_t last, used;
	unsigned long flags;
	u32 left = 0;

	spin_lock_irqsave(&sim->lock, flags);
	last = chan->completed_cookie;
	used = chan->cookie;
	status = dma_async_is_complete(cookie, last, used);
	if (status == DMA_COMPLETE) {
		sim->asked += !ended_starved(sim, cookie);
	} else {
		desc = find(sim, cookie);
		left = residue(sim, desc);
		if (desc && desc->fate == SIM_FAILED)
			status = DMA_ERROR;
	}
	dma_set_tx_state(state, last, used, left);
	spin_unlock_irqrestore(&sim->lock, flags);
	return status;
}

/* What the FPGA is writing, or will when it has something; or NULL */
static struct sim_desc *running(struct sim *sim)
{
	struct sim_desc *desc;

	desc = list_first_entry_or_null(&sim->issued, struct sim_desc, node);
	return desc && !sim->parked && desc->fate == SIM_WELL ? desc : NULL;
}

/* Nothing more comes of any transfer, but of the one that is spared. */
static void kill_all(struct sim *sim, struct sim_desc *spared)
{
	struct sim_desc *desc, *next;

	list_splice_tail_init(&sim->submitted, &sim->issued);
	list_splice_tail_init(&sim->strays, &sim->issued);
	list_for_each_entry_safe(desc, next, &sim->issued, node) {
		if (desc == spared)
			continue;
		desc->dead = true;
		list_move_tail(&desc->node, &sim->dead);
	}
	sim->stopping = spared;
}

static int sim_terminate_all(struct dma_chan *chan)
{
	struct sim *sim = chan_to_sim(chan);
	unsigned long flags;
	int ret = 0;
	u64 stop;

	spin_lock_irqsave(&sim->lock, flags);
	stop = sim->settings.stop;
	if (stop == SIM_STOP_NO || (stop == SIM_STOP_LATE && sim->stopping))
		ret = -EPERM;
	else
		kill_all(sim, stop == SIM_STOP_LATE ? running(sim) : NULL);
	spin_unlock_irqrestore(&sim->lock, flags);
	return ret;
}

/* When whoever is at work has let go of it, the dead can be buried. */
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

/* What cannot be stopped goes on, also when nobody has the channel any more. */
static void sim_free_chan_resources(struct dma_chan *chan)
{
	struct sim *sim = chan_to_sim(chan);

	spin_lock_irq(&sim->lock);
	if (sim->dma.device_terminate_all &&
	    sim->settings.stop != SIM_STOP_NO)
		kill_all(sim, NULL);
	spin_unlock_irq(&sim->lock);
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

static void dma_setup(struct sim *sim, bool can_stop)
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
	if (can_stop) {
		dma->device_terminate_all = sim_terminate_all;
		dma->device_synchronize = sim_synchronize;
	}
	dma->device_free_chan_resources = sim_free_chan_resources;
	dma->device_release = sim_dma_release;

	INIT_LIST_HEAD(&dma->channels);
	sim->chan.device = dma;
	sim->chan.cookie = DMA_MIN_COOKIE;
	sim->chan.completed_cookie = DMA_MIN_COOKIE;
	list_add_tail(&sim->chan.device_node, &dma->channels);
}

/**
 * sim_channel_init() - set up a channel that has nothing to do
 * @sim: the simulator in the making
 */
void sim_channel_init(struct sim *sim)
{
	spin_lock_init(&sim->lock);
	mutex_init(&sim->busy);
	INIT_LIST_HEAD(&sim->submitted);
	INIT_LIST_HEAD(&sim->issued);
	INIT_LIST_HEAD(&sim->strays);
	INIT_LIST_HEAD(&sim->dead);
	init_waitqueue_head(&sim->wake);
}

/**
 * sim_channel_register() - start the DMA master and offer its channel
 * @sim: the simulator
 * @can_stop: whether there is a way to stop it
 *
 * Context: process, may sleep.
 *
 * Return: 0 or a negative errno.
 */
int sim_channel_register(struct sim *sim, bool can_stop)
{
	struct device_node *np = sim->dev->of_node;
	int ret;

	ret = sim_master_start(sim);
	if (ret)
		return ret;

	dma_setup(sim, can_stop);
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
 * @sim: the simulator; its client has released the channel, unless it could not
 *	stop it
 *
 * With the thread the last DMA ends.
 */
void sim_channel_unregister(struct sim *sim)
{
	if (sim->dev->of_node)
		of_dma_controller_free(sim->dev->of_node);
	dma_async_device_unregister(&sim->dma);
	kthread_stop(sim->thread);
}

/**
 * sim_channel_free() - give back the transfers that never ended
 * @sim: the simulator, no longer referenced
 */
void sim_channel_free(struct sim *sim)
{
	spin_lock_irq(&sim->lock);
	kill_all(sim, NULL);
	spin_unlock_irq(&sim->lock);
	sim_synchronize(&sim->chan);
}
