// SPDX-License-Identifier: GPL-2.0
/*
 * Analog Devices' AXI-DMAC, from a stream to memory: a segment at a time, of
 * which one runs and one waits, or with a list of segments in memory (SG).
 *
 * TLAST ends a segment.  Those behind it are passed over, up to the one that has
 * the flag LAST: they belong to the same packet.  How long the segment was is
 * told beside it, if that was asked for.
 *
 * Not modelled: the other directions, cyclic and two-dimensional transfers,
 * pause, SYNC_TRANSFER_START, and data that wait inside when the core is
 * disabled.  The manual does not say whether a packet that ends with a segment
 * which is not LAST counts as a partial transfer; here it does.  The core ignores
 * errors of the bus, so there are none here.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "bed.h"

#define VERSION		0x000
#define INTERFACE	0x010
#define COHERENCY	0x014
#define IRQ_MASK	0x080
#define IRQ_PENDING	0x084
#define IRQ_SOURCE	0x088
#define CTRL		0x400
#define TRANSFER_ID	0x404
#define START		0x408
#define FLAGS		0x40c
#define DEST		0x410
#define X_LENGTH	0x418
#define DONE		0x428
#define ACTIVE_ID	0x42c
#define PARTIAL_LENGTH	0x44c
#define PARTIAL_ID	0x450
#define SG_ADDRESS	0x47c

/* 4.5.c; from a stream (1) to memory (0), both 8 bytes wide */
#define VERSION_IS	0x00040563
#define INTERFACE_IS	0x1303

#define CTRL_ENABLE	BIT(0)
#define CTRL_SG		BIT(2)

#define IRQ_SOT		BIT(0)
#define IRQ_EOT		BIT(1)

#define FLAG_CYCLIC	BIT(0)
#define FLAG_LAST	BIT(1)
#define FLAG_PARTIAL	BIT(2)

#define DONE_PARTIAL	BIT(31)

/* As it was built: segments of 16 KiB, in units of the width */
#define LENGTH_MASK	(BIT(14) - 1)
#define LENGTH_ALIGN	7
#define IDS		4

/* A segment in memory */
#define HW_FLAGS	0
#define HW_DEST		8
#define HW_NEXT		24
#define HW_X_LENGTH	36
#define HW_LAST		BIT(0)
#define HW_IRQ		BIT(1)

#define PARTIALS	8

/**
 * struct segment - what is asked of the core
 * @list: where the next one is in memory, with SG
 * @irq: say when it has ended
 */
struct segment {
	u32 id, flags;
	u32 at, room;
	u32 list;
	bool irq;
};

/**
 * struct axidmac - registers, and what is going on
 * @waiting: @queued is to run next
 * @active: @now runs
 * @skip: a packet has ended early, and no segment with LAST has come since
 * @got: bytes of the segment that runs
 */
struct axidmac {
	u32 ctrl, mask, source, flags, dest, x_length, sg;
	u32 id, done;
	struct segment queued, now;
	bool waiting, active, skip, stop;
	u32 got;
	struct { u32 length, id; } partial[PARTIALS];
	u32 head, tail;
};

static bool has_sg(struct bed_model *m)
{
	return m->variant & AXIDMAC_SG;
}

static void update_irq(struct bed_model *m)
{
	struct axidmac *d = m->state;

	m->irq = d->source & ~d->mask;
}

/* Disabled: everything is forgotten, unless it is stuck. */
static void settle(struct bed_model *m)
{
	struct axidmac *d = m->state;

	if (!d->stop || m->knobs.stuck)
		return;
	d->stop = false;
	d->waiting = false;
	d->active = false;
	d->skip = false;
	d->id = 0;
	d->done = 0;
	d->head = d->tail;
}

static u32 read_partial(struct axidmac *d, u32 reg)
{
	u32 at = d->tail % PARTIALS;

	if (d->head == d->tail)
		return 0;
	if (reg == PARTIAL_LENGTH)
		return d->partial[at].length;
	d->tail++;
	return d->partial[at].id;
}

static u32 axidmac_read(struct bed_model *m, u32 reg)
{
	struct axidmac *d = m->state;

	settle(m);
	switch (reg) {
	case VERSION:
		return VERSION_IS;
	case INTERFACE:
		return INTERFACE_IS;
	case COHERENCY:
		return 1;
	case IRQ_MASK:
		return d->mask;
	case IRQ_PENDING:
		return d->source & ~d->mask;
	case IRQ_SOURCE:
		return d->source;
	case CTRL:
		return d->ctrl;
	case TRANSFER_ID:
		return d->id;
	case START:
		return d->waiting;
	case FLAGS:
		return d->flags;
	case DEST:
		return d->dest;
	case X_LENGTH:
		return d->x_length;
	case DONE:
		return d->done | (d->head != d->tail ? DONE_PARTIAL : 0);
	case ACTIVE_ID:
		return d->now.id;
	case PARTIAL_LENGTH:
	case PARTIAL_ID:
		return read_partial(d, reg);
	case SG_ADDRESS:
		return d->sg;
	}
	return 0;
}

static void write_ctrl(struct axidmac *d, u32 value)
{
	if (d->ctrl & CTRL_ENABLE && !(value & CTRL_ENABLE))
		d->stop = true;
	d->ctrl = value;
}

static void start(struct axidmac *d)
{
	if (d->waiting || !(d->ctrl & CTRL_ENABLE))
		return;
	d->queued = (struct segment){
		.id = d->id,
		.flags = d->flags,
		.at = d->dest,
		.room = d->x_length + 1,
		.list = d->ctrl & CTRL_SG ? d->sg : 0,
		.irq = true,
	};
	d->waiting = true;
	d->done &= ~BIT(d->id);
	d->id = (d->id + 1) % IDS;
}

static void axidmac_write(struct bed_model *m, u32 reg, u32 value)
{
	struct axidmac *d = m->state;

	settle(m);
	switch (reg) {
	case IRQ_MASK:
		d->mask = value;
		break;
	case IRQ_PENDING:
		d->source &= ~value;
		break;
	case CTRL:
		write_ctrl(d, value);
		break;
	case START:
		if (value & 1)
			start(d);
		break;
	case FLAGS:
		d->flags = value & (FLAG_CYCLIC | FLAG_LAST | FLAG_PARTIAL);
		break;
	case DEST:
		d->dest = value & ~LENGTH_ALIGN;
		break;
	case X_LENGTH:
		d->x_length = (value & LENGTH_MASK) | LENGTH_ALIGN;
		break;
	case SG_ADDRESS:
		d->sg = has_sg(m) ? value : 0;
		break;
	}
	settle(m);
	update_irq(m);
}

/* The segment that a list has next */
static void fetch(struct axidmac *d)
{
	u32 from = d->now.list, flags = bed_get32(from + HW_FLAGS);

	d->now.at = bed_get32(from + HW_DEST);
	d->now.room = (bed_get32(from + HW_X_LENGTH) & LENGTH_MASK) + 1;
	d->now.irq = flags & HW_IRQ;
	d->now.list = flags & HW_LAST ? 0 : bed_get32(from + HW_NEXT);
	d->now.flags &= ~FLAG_LAST;
	if (flags & HW_LAST)
		d->now.flags |= FLAG_LAST;
}

static void begin(struct bed_model *m)
{
	struct axidmac *d = m->state;

	d->got = 0;
	if (d->now.list)
		fetch(d);
	bed_begin(m);
}

static void report_partial(struct axidmac *d)
{
	u32 at = d->head % PARTIALS;

	if (!(d->now.flags & FLAG_PARTIAL) || d->head - d->tail == PARTIALS)
		return;
	d->partial[at].length = d->got;
	d->partial[at].id = d->now.id;
	d->head++;
}

static void segment_ends(struct bed_model *m)
{
	struct axidmac *d = m->state;

	bed_end(m);
	if (d->now.flags & FLAG_LAST)
		d->skip = false;
	if (d->now.irq)
		d->source |= IRQ_EOT;
	if (d->now.list) {
		begin(m);
	} else {
		d->active = false;
		d->done |= BIT(d->now.id);
	}
	update_irq(m);
}

/* The one that waits runs now, and another one may wait. */
static void next_segment(struct bed_model *m)
{
	struct axidmac *d = m->state;

	d->now = d->queued;
	d->waiting = false;
	d->active = true;
	d->source |= IRQ_SOT;
	begin(m);
	update_irq(m);
}

static bool axidmac_step(struct bed_model *m)
{
	struct axidmac *d = m->state;
	struct bed_burst burst;

	settle(m);
	if (!d->active && !d->waiting)
		return false;
	if (!d->active)
		next_segment(m);
	if (d->skip) {
		segment_ends(m);
		return true;
	}
	burst = bed_send(m, d->now.at, d->now.room);
	if (!burst.bytes)
		return burst.failed;
	d->now.at += burst.bytes;
	d->now.room -= burst.bytes;
	d->got += burst.bytes;
	if (burst.last && (d->now.room || !(d->now.flags & FLAG_LAST))) {
		report_partial(d);
		d->skip = true;
	}
	if (burst.last || !d->now.room)
		segment_ends(m);
	return true;
}

const struct bed_ops axidmac_ops = {
	.read = axidmac_read,
	.write = axidmac_write,
	.step = axidmac_step,
};
