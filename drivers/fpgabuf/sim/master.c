// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf-sim - the FPGA's DMA master
 *
 * A thread works on the first issued descriptor, burst by burst, and writes
 * through the DMA address as a device would.  A mapping that bounces (swiotlb)
 * therefore really needs its sync.  An IOMMU is not simulated; the platform
 * device has none.
 */
#include <linux/delay.h>
#include <linux/dma-direct.h>
#include <linux/highmem.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "../compat.h"
#include "sim.h"

/* The part of a transfer that lies within one page, through its address. */
static u32 write_page(struct sim *sim, dma_addr_t addr, u32 size)
{
	phys_addr_t phys = dma_to_phys(sim->dev, addr);
	void *page = kmap_local_page(pfn_to_page(PHYS_PFN(phys)));

	size = min(size, (u32)(PAGE_SIZE - offset_in_page(phys)));
	sim_source_take(sim, page + offset_in_page(phys), size);
	kunmap_local(page);
	return size;
}

/* Return: how much of it was written at once */
static u32 write_part(struct sim *sim, dma_addr_t addr, u32 size)
{
	if (sim->settings.source != SIM_NOTHING)
		return write_page(sim, addr, size);
	sim_source_take(sim, NULL, size);
	return size;
}

static void write_bytes(struct sim *sim, struct sim_desc *desc, u32 size)
{
	while (size) {
		struct sim_segment *seg = &desc->segments[desc->segment];
		u32 part = write_part(sim, seg->addr + desc->offset,
				      min(size, seg->size - desc->offset));

		desc->offset += part;
		if (desc->offset == seg->size) {
			desc->segment++;
			desc->offset = 0;
		}
		size -= part;
	}
}

/* The descriptor to work on, or NULL */
static struct sim_desc *runnable(struct sim *sim)
{
	struct sim_desc *desc;

	spin_lock_irq(&sim->lock);
	desc = list_first_entry_or_null(&sim->issued, struct sim_desc, node);
	if (desc && (sim->parked || desc->fate != SIM_WELL))
		desc = NULL;
	spin_unlock_irq(&sim->lock);
	return desc;
}

/*
 * Some controllers keep the client's list and read it when they get to it.
 * What is there then is what counts, be it right or wrong.
 */
static void read_again(struct sim *sim, struct sim_desc *desc)
{
	struct scatterlist *sg;
	bool changed = false;
	unsigned int i;
	u32 size = 0;

	for_each_sg(desc->sgl, sg, desc->nr_segments, i) {
		struct sim_segment *seg = &desc->segments[i];

		changed |= seg->addr != sg_dma_address(sg) ||
			   seg->size != sg_dma_len(sg);
		seg->addr = sg_dma_address(sg);
		seg->size = sg_dma_len(sg);
		size += seg->size;
	}
	spin_lock_irq(&sim->lock);
	desc->size = size;
	sim->changed += changed;
	spin_unlock_irq(&sim->lock);
}

static void begin(struct sim *sim, struct sim_desc *desc)
{
	if (desc->begun)
		return;
	desc->begun = true;
	if (desc->sgl)
		read_again(sim, desc);
}

static void note_starved(struct sim *sim, dma_cookie_t cookie)
{
	sim->starved_last[sim->starved % SIM_STARVED_KEPT] = cookie;
	sim->starved++;
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
		sim->parked = sim->settings.nudge;
		if (sim->stopping == desc)
			sim->stopping = NULL;
		if (list_empty(&sim->issued) || sim->parked)
			note_starved(sim, desc->tx.cookie);
	}
	spin_unlock_irq(&sim->lock);
	return alive;
}

/**
 * sim_take_fault() - one of the next so many calls shall fail: is it this one?
 * @sim: the simulator
 * @left: the setting that counts them
 *
 * Return: true for as many calls as were set.
 */
bool sim_take_fault(struct sim *sim, u64 *left)
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

/* Some controllers say so when the last byte is there, and call back later. */
static void say_complete(struct sim *sim, const struct sim_desc *desc)
{
	spin_lock_irq(&sim->lock);
	if (!desc->dead && sim->settings.residue == SIM_RESIDUE_COMPLETE)
		sim->chan.completed_cookie = desc->tx.cookie;
	spin_unlock_irq(&sim->lock);
}

/* Callbacks may expect softirq context, which real controllers give them. */
static void call_back(struct sim_desc *desc,
		      const struct dmaengine_result *result)
{
	local_bh_disable();
	if (desc->tx.callback_result)
		desc->tx.callback_result(desc->tx.callback_param, result);
	else if (desc->tx.callback)
		desc->tx.callback(desc->tx.callback_param);
	local_bh_enable();
}

static void finish(struct sim *sim, struct sim_desc *desc,
		   enum dmaengine_tx_result how, bool at_once)
{
	struct dmaengine_result result = {
		.result = how,
		.residue = desc->size - desc->done,
	};

	if (sim->settings.silent)
		result = (struct dmaengine_result){ DMA_TRANS_NOERROR, 0 };
	say_complete(sim, desc);
	if (!at_once)
		completion_delay(sim);
	if (!retire(sim, desc))
		return;
	call_back(desc, &result);
	kfree(desc);
}

/* It stays the first, so the channel does nothing more. */
static void drop_dead(struct sim *sim, struct sim_desc *desc,
		      enum sim_fate fate)
{
	spin_lock_irq(&sim->lock);
	desc->fate = fate;
	spin_unlock_irq(&sim->lock);
}

/*
 * A packet that ends leaves the rest of its segment empty.  One that filled it
 * has left nothing.
 */
static void end_segment(struct sim_desc *desc)
{
	if (!desc->offset)
		return;
	desc->skipped += desc->segments[desc->segment].size - desc->offset;
	desc->segment++;
	desc->offset = 0;
}

/*
 * Is it over?  A packet that ends gives back a descriptor that has bytes, full
 * or not; hardware has no empty packets.
 */
static bool ended(struct sim *sim, struct sim_desc *desc, bool packet_end)
{
	if (packet_end && sim->settings.split)
		end_segment(desc);
	else if (packet_end && desc->done)
		return true;
	return desc->done + desc->skipped == desc->size;
}

static u32 write_some(struct sim *sim, struct sim_desc *desc)
{
	u32 size;

	begin(sim, desc);
	size = min(sim_source_avail(sim),
		   desc->size - desc->done - desc->skipped);
	write_bytes(sim, desc, size);
	spin_lock_irq(&sim->lock);
	desc->done += size;
	spin_unlock_irq(&sim->lock);
	return size;
}

/* What becomes of it after a burst of so many bytes */
static void judge(struct sim *sim, struct sim_desc *desc, u32 size,
		  bool packet_end, bool at_once)
{
	struct sim_settings *set = &sim->settings;

	if (size && sim_take_fault(sim, &set->fail_transfer))
		finish(sim, desc, DMA_TRANS_WRITE_FAILED, at_once);
	else if (size && sim_take_fault(sim, &set->fail_silent))
		drop_dead(sim, desc, SIM_FAILED);
	else if (size && sim_take_fault(sim, &set->fail_hang))
		drop_dead(sim, desc, SIM_HUNG);
	else if (ended(sim, desc, packet_end))
		finish(sim, desc, DMA_TRANS_NOERROR, at_once);
}

/* One burst.  Return: its bytes, 0 if there are none or no place for them. */
static u32 burst(struct sim *sim, bool at_once)
{
	struct sim_desc *desc = runnable(sim);
	bool packet_end;
	u32 size = 0;

	lockdep_assert_held(&sim->busy);
	if (desc)
		size = write_some(sim, desc);
	else
		sim_source_idle(sim);
	packet_end = sim_source_packet_end(sim);
	if (desc)
		judge(sim, desc, size, packet_end, at_once);
	if (size)
		wake_up_interruptible(&sim->feed_wait);
	return size;
}

static bool in_progress(struct sim *sim, dma_cookie_t cookie)
{
	struct dma_chan *chan = &sim->chan;
	bool complete;

	spin_lock_irq(&sim->lock);
	complete = dma_async_is_complete(cookie, chan->completed_cookie,
					 chan->cookie) == DMA_COMPLETE;
	spin_unlock_irq(&sim->lock);
	return !complete;
}

/**
 * sim_run_now() - run a transfer to its end, as far as there are bytes
 * @sim: the simulator
 * @cookie: the transfer, issued
 *
 * Its interrupt would come at once where one can come.  In a callback, or where
 * interrupts are off, it could not: then the thread does it, soon.
 *
 * Context: any.
 */
void sim_run_now(struct sim *sim, dma_cookie_t cookie)
{
	if (irqs_disabled() || in_interrupt() || !mutex_trylock(&sim->busy))
		return;
	while (in_progress(sim, cookie) && burst(sim, true))
		;
	mutex_unlock(&sim->busy);
}

/* Return: nanoseconds until the next step is worth while */
static u64 step(struct sim *sim)
{
	u64 pause;

	mutex_lock(&sim->busy);
	burst(sim, false);
	pause = sim_source_pause(sim);
	mutex_unlock(&sim->busy);
	return pause;
}

/* Bytes and a place for them, or news that step() has to take note of. */
static bool has_work(struct sim *sim)
{
	if (!runnable(sim))
		return sim_source_at_end(sim) || sim->rate_start;
	return sim_source_ready(sim) || sim_source_at_end(sim);
}

/* As idle: who waits for the FPGA is not to blame for the load. */
static void nap(u64 nsec)
{
	ktime_t expires = ns_to_ktime(nsec);

	set_current_state(TASK_IDLE);
	schedule_hrtimeout_range(&expires, nsec / 8, HRTIMER_MODE_REL);
}

/* With a rate set, time brings work too. */
static int sim_thread(void *data)
{
	struct sim *sim = data;

	while (!kthread_should_stop()) {
		u64 pause;

		wait_event_idle(sim->wake,
				kthread_should_stop() || has_work(sim));
		pause = step(sim);
		if (pause)
			nap(pause);
		cond_resched();
	}
	return 0;
}

/**
 * sim_master_start() - start the DMA master
 * @sim: the simulator; kthread_stop() of its thread ends it
 *
 * Return: 0 or a negative errno.
 */
int sim_master_start(struct sim *sim)
{
	sim->thread = kthread_run(sim_thread, sim, "%s", dev_name(sim->dev));
	return PTR_ERR_OR_ZERO(sim->thread);
}
