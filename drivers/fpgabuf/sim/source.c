// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf-sim - the bytes the simulated FPGA produces
 *
 * The pattern is a stream of 64-bit little-endian counters, so that a reader
 * can tell from any byte which one is missing.  The feed is what was written to
 * the device node.  Both wait when nobody takes them; unless the pattern is told
 * to be lossy, as a converter is that samples by its own clock.  Nothing leaves
 * memory as it is, for measures of all the rest.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "sim.h"

static void pattern_take(u64 position, u8 *to, size_t size)
{
	while (size) {
		__le64 word = cpu_to_le64(position / sizeof(word));
		size_t offset = position % sizeof(word);
		size_t part = min(sizeof(word) - offset, size);

		if (part == sizeof(word))
			memcpy(to, &word, sizeof(word));
		else
			memcpy(to, (u8 *)&word + offset, part);
		position += part;
		to += part;
		size -= part;
	}
}

/* Bytes the rate allows by now; the clock starts with the first question. */
static u64 rate_allows(struct sim *sim)
{
	u64 rate = sim->settings.rate, due;
	ktime_t now = ktime_get();

	if (!rate)
		return U64_MAX;
	if (!sim->rate_start) {
		sim->rate_start = now;
		sim->rate_done = 0;
	}
	due = mul_u64_u64_div_u64(ktime_sub(now, sim->rate_start), rate,
				  NSEC_PER_SEC);
	return due > sim->rate_done ? due - sim->rate_done : 0;
}

/**
 * sim_source_ready() - is it worth looking for bytes?
 * @sim: the simulator
 *
 * Context: any; a hint for the thread's wait.
 */
bool sim_source_ready(struct sim *sim)
{
	if (READ_ONCE(sim->settings.stall))
		return false;
	return READ_ONCE(sim->settings.source) != SIM_FEED ||
	       !kfifo_is_empty(&sim->fifo);
}

/**
 * sim_source_at_end() - has the feed been closed, and all of it taken?
 * @sim: the simulator
 *
 * Context: any; a hint for the thread's wait, exact under &sim.busy.
 */
bool sim_source_at_end(struct sim *sim)
{
	return READ_ONCE(sim->settings.source) == SIM_FEED &&
	       READ_ONCE(sim->feed_ended) && kfifo_is_empty(&sim->fifo);
}

/**
 * sim_source_avail() - how many bytes can be taken at once
 * @sim: the simulator
 *
 * Return: bytes, at most a burst and never beyond the end of the packet.
 */
u32 sim_source_avail(struct sim *sim)
{
	const struct sim_settings *set = &sim->settings;
	u64 avail = min3(set->burst, rate_allows(sim), (u64)U32_MAX);

	if (set->stall)
		return 0;
	if (set->source == SIM_FEED)
		avail = min_t(u64, avail, kfifo_len(&sim->fifo));
	if (set->packet)
		avail = min(avail, set->packet - sim->packet_done);
	return avail;
}

/**
 * sim_source_take() - produce bytes
 * @sim: the simulator
 * @to: where to; not looked at if the source is nothing
 * @size: how many, at most sim_source_avail()
 */
void sim_source_take(struct sim *sim, void *to, size_t size)
{
	if (sim->settings.source == SIM_PATTERN)
		pattern_take(sim->position, to, size);
	else if (sim->settings.source == SIM_FEED)
		WARN_ON(kfifo_out(&sim->fifo, to, size) != size);
	sim->position += size;
	sim->packet_done += size;
	sim->rate_done += size;
	sim->losing = false;
}

/**
 * sim_source_packet_end() - has the FPGA ended its packet?
 * @sim: the simulator
 *
 * Return: true once per end of packet.
 */
bool sim_source_packet_end(struct sim *sim)
{
	bool end = sim->settings.packet &&
		   sim->packet_done == sim->settings.packet;

	if (sim_source_at_end(sim)) {
		WRITE_ONCE(sim->feed_ended, false);
		wake_up_interruptible(&sim->feed_wait);
		end = true;
	}
	if (end)
		sim->packet_done = 0;
	return end;
}

/**
 * sim_source_restart_rate() - count the rate from now on
 * @sim: the simulator
 */
void sim_source_restart_rate(struct sim *sim)
{
	sim->rate_start = 0;
}

/* Whole samples, so that a reader finds the counters aligned. */
static void lose(struct sim *sim, u64 size)
{
	size = round_down(size, sizeof(__le64));
	sim->position += size;
	sim->rate_done += size;
	sim->lost += size;
	if (size && !sim->losing)
		sim->overflows++;
	sim->losing |= size != 0;
}

/**
 * sim_source_idle() - nobody takes bytes
 * @sim: the simulator
 *
 * They are lost, or else the rate must not save them up.
 */
void sim_source_idle(struct sim *sim)
{
	const struct sim_settings *set = &sim->settings;

	if (set->lossy && set->rate && set->source == SIM_PATTERN &&
	    sim->rate_start && !set->stall)
		lose(sim, rate_allows(sim));
	else
		sim_source_restart_rate(sim);
}

/* Shorter than this, to sleep costs more than it saves. */
#define PAUSE_MIN_NSEC	20000

/**
 * sim_source_pause() - how long to do nothing, if the rate is to be kept
 * @sim: the simulator
 *
 * The time until the rate allows a whole burst, but not longer than a timer
 * tick: then something else may have changed.
 *
 * Return: nanoseconds, 0 if there is no rate or the burst is overdue.
 */
u64 sim_source_pause(struct sim *sim)
{
	const struct sim_settings *set = &sim->settings;
	u64 due, elapsed;

	if (!set->rate || !sim->rate_start)
		return 0;
	due = mul_u64_u64_div_u64(sim->rate_done + set->burst, NSEC_PER_SEC,
				  set->rate);
	elapsed = ktime_sub(ktime_get(), sim->rate_start);
	if (due <= elapsed)
		return 0;
	return clamp_t(u64, due - elapsed, PAUSE_MIN_NSEC, TICK_NSEC);
}

/**
 * sim_source_reset() - begin a new stream
 * @sim: the simulator
 */
void sim_source_reset(struct sim *sim)
{
	sim->position = 0;
	sim->lost = 0;
	sim->overflows = 0;
	spin_lock_irq(&sim->lock);
	sim->starved = 0;
	sim->asked = 0;
	sim->overrun = 0;
	sim->changed = 0;
	spin_unlock_irq(&sim->lock);
	sim->losing = false;
	sim->packet_done = 0;
	sim->rate_start = 0;
	kfifo_reset_out(&sim->fifo);
	WRITE_ONCE(sim->feed_ended, false);
	wake_up_interruptible(&sim->feed_wait);
}
