// SPDX-License-Identifier: GPL-2.0
/*
 * Altera's mSGDMA, stream to memory, with extended descriptors; with a FIFO of
 * responses, or none.  CSR at 0, descriptor at 0x20, response at 0x40.
 *
 * A descriptor ends when it is full, and at the end of a packet if it says so
 * (the kernel's do not).  An error of the stream ends it as well; then the
 * dispatcher stands still, if told so, until the control register is written
 * without STOP.  STOP stops it after the burst that is under way.
 *
 * Not modelled: reading masters, bursts, strides, parked descriptors, sequence
 * numbers, "early done", stopping on early termination (only END_ON_EOP with a
 * length leads to it), the time that a stop or a reset takes, and errors of the
 * bus, which Avalon does not tell.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "bed.h"

#define STATUS		0x00
#define CONTROL		0x04
#define FILL		0x08
#define RESPONSES	0x0c
#define DESC		0x20
#define RESP_BYTES	0x40
#define RESP_STATUS	0x44

#define BUSY		BIT(0)
#define DESC_EMPTY	BIT(1)
#define DESC_FULL	BIT(2)
#define RESP_EMPTY	BIT(3)
#define RESP_FULL	BIT(4)
#define STOPPED		BIT(5)
#define RESETTING	BIT(6)
#define STOPPED_ERROR	BIT(7)
#define IRQ		BIT(9)

#define CTL_STOP	BIT(0)
#define CTL_RESET	BIT(1)
#define CTL_STOP_ERROR	BIT(2)
#define CTL_IRQ		BIT(4)

/* Words of a descriptor */
#define WORDS		8
#define D_TO		1
#define D_LENGTH	2
#define D_TO_HIGH	6
#define D_CONTROL	7
#define DC_ON_EOP	BIT(12)
#define DC_IRQ_DONE	BIT(14)
#define DC_IRQ_ERROR	GENMASK(23, 16)
#define DC_GO		BIT(31)

/* What is in a response beside the number of bytes */
#define R_ERROR		BIT(0)
#define R_EARLY		BIT(8)

#define DEPTH		32
#define RESP_DEPTH	64

/**
 * struct msgdma - registers and FIFOs
 * @desc: the descriptor that is being written
 * @fifo: those from @tail to @head wait, or run
 * @got: bytes of the one that runs
 * @active: one runs
 */
struct msgdma {
	u32 control, status;
	u32 desc[WORDS];
	u32 fifo[DEPTH][WORDS];
	u32 head, tail;
	u32 got;
	bool active;
	struct { u32 bytes, status; } resp[RESP_DEPTH];
	u32 resp_head, resp_tail;
};

static u32 responses(struct msgdma *d)
{
	return d->resp_head - d->resp_tail;
}

static void update_irq(struct bed_model *m)
{
	struct msgdma *d = m->state;

	m->irq = d->status & IRQ && d->control & CTL_IRQ;
}

/* What was asked for while it was stuck, it does afterwards. */
static void settle(struct bed_model *m)
{
	struct msgdma *d = m->state;

	if (d->control & CTL_RESET && !m->knobs.stuck)
		memset(d, 0, sizeof(*d));
}

static bool is_stopped(struct bed_model *m)
{
	struct msgdma *d = m->state;

	return d->control & CTL_STOP && !m->knobs.stuck;
}

static u32 read_status(struct bed_model *m)
{
	struct msgdma *d = m->state;
	u32 status = d->status;

	if (d->active || d->head != d->tail)
		status |= BUSY;
	if (d->head == d->tail)
		status |= DESC_EMPTY;
	if (d->head - d->tail == DEPTH)
		status |= DESC_FULL;
	if (!responses(d))
		status |= RESP_EMPTY;
	if (responses(d) == RESP_DEPTH)
		status |= RESP_FULL;
	if (is_stopped(m))
		status |= STOPPED;
	if (d->control & CTL_RESET)
		status |= RESETTING;
	return status;
}

/* The second word takes a response out of the FIFO. */
static u32 read_response(struct msgdma *d, u32 reg)
{
	u32 at = d->resp_tail % RESP_DEPTH;

	if (!responses(d))
		return 0;
	if (reg == RESP_BYTES)
		return d->resp[at].bytes;
	d->resp_tail++;
	return d->resp[at].status;
}

static u32 msgdma_read(struct bed_model *m, u32 reg)
{
	struct msgdma *d = m->state;

	settle(m);
	switch (reg) {
	case STATUS:
		return read_status(m);
	case CONTROL:
		return d->control;
	case FILL:
		return (d->head - d->tail) << 16;
	case RESPONSES:
		return responses(d);
	case RESP_BYTES:
	case RESP_STATUS:
		return read_response(d, reg);
	}
	return 0;
}

static void write_desc(struct msgdma *d, u32 word, u32 value)
{
	d->desc[word] = value;
	if (word != D_CONTROL || !(value & DC_GO) || d->head - d->tail == DEPTH)
		return;
	memcpy(d->fifo[d->head++ % DEPTH], d->desc, sizeof(d->desc));
}

static void write_control(struct msgdma *d, u32 value)
{
	d->control = value;
	if (!(value & CTL_STOP))
		d->status &= ~STOPPED_ERROR;
}

static void msgdma_write(struct bed_model *m, u32 reg, u32 value)
{
	struct msgdma *d = m->state;

	settle(m);
	if (reg == STATUS)
		d->status &= ~(value & IRQ);
	else if (reg == CONTROL)
		write_control(d, value);
	else if (reg >= DESC && reg < DESC + WORDS * 4)
		write_desc(d, (reg - DESC) / 4, value);
	settle(m);
	update_irq(m);
}

static void respond(struct bed_model *m, u32 status)
{
	struct msgdma *d = m->state;
	u32 at = d->resp_head % RESP_DEPTH;

	if (!(m->variant & MSGDMA_RESPONSE) || responses(d) == RESP_DEPTH)
		return;
	d->resp[at].bytes = d->got;
	d->resp[at].status = status;
	d->resp_head++;
}

/* The descriptor that runs has ended: full, early, or with an error. */
static void desc_ends(struct bed_model *m, u32 status)
{
	struct msgdma *d = m->state;
	u32 control = d->fifo[d->tail % DEPTH][D_CONTROL];

	bed_end(m);
	respond(m, status);
	d->active = false;
	d->tail++;
	if (control & DC_IRQ_DONE ||
	    (status & R_ERROR && control & DC_IRQ_ERROR))
		d->status |= IRQ;
	if (status & R_ERROR && d->control & CTL_STOP_ERROR)
		d->status |= STOPPED_ERROR;
	update_irq(m);
}

static bool msgdma_step(struct bed_model *m)
{
	struct msgdma *d = m->state;
	u32 *desc = d->fifo[d->tail % DEPTH];
	struct bed_burst burst;
	u64 to;

	settle(m);
	if (d->head == d->tail || d->status & STOPPED_ERROR || is_stopped(m))
		return false;
	if (!d->active) {
		d->active = true;
		d->got = 0;
		bed_begin(m);
	}
	to = (u64)desc[D_TO_HIGH] << 32 | desc[D_TO];
	burst = bed_send(m, to + d->got, desc[D_LENGTH] - d->got);
	d->got += burst.bytes;
	if (burst.failed)
		desc_ends(m, R_ERROR);
	else if (d->got == desc[D_LENGTH])
		desc_ends(m, 0);
	else if (burst.last && desc[D_CONTROL] & DC_ON_EOP)
		desc_ends(m, R_EARLY);
	return burst.bytes || burst.failed;
}

const struct bed_ops msgdma_ops = {
	.read = msgdma_read,
	.write = msgdma_write,
	.step = msgdma_step,
};
