// SPDX-License-Identifier: GPL-2.0
/*
 * Xilinx's AXI DMA (PG021) and AXI MCDMA (PG288), the half that goes to memory
 * (S2MM): with descriptors in memory, which it fetches one at a time, or with
 * registers alone ("simple").
 *
 * As the manuals have it: TLAST ends a descriptor (BD); an interrupt comes
 * after so many packets (IRQThreshold), or a while after the last of them
 * (IRQDelay), so without TLAST there is none; CURDESC is read only while the
 * channel runs, which goes on with the BD behind the last one; a BD that is
 * complete already, or empty, is an error; an error stops the channel.
 *
 * Not modelled: the other direction, cyclic BDs, the application words, more
 * than one channel of an MCDMA, addresses above 4 GiB, the queue of BDs that
 * hardware fetches ahead, and data that wait inside when the channel is stopped:
 * the FPGA keeps them.  The manuals call it undefined if a packet is longer than
 * the transfer of a simple channel; here it is an internal error.
 */
#include <linux/bits.h>
#include <linux/kernel.h>

#include "bed.h"

/* AXI DMA: registers of S2MM */
#define DMACR		0x30
#define DMASR		0x34
#define CURDESC		0x38
#define TAILDESC	0x40
#define ADDRESS		0x48
#define LENGTH		0x58

/* AXI MCDMA: those of S2MM, and of its channel 0 */
#define MC_CR		0x500
#define MC_SR		0x504
#define MC_ENABLE	0x508
#define MC_ERROR	0x510
#define MC_SERVICE	0x520
#define MC_CH_CR	0x540
#define MC_CH_SR	0x544
#define MC_CH_CURDESC	0x548
#define MC_CH_TAILDESC	0x550

/* DMACR, and what of it an MCDMA has in MC_CR */
#define CR_RUN		BIT(0)
#define CR_ALWAYS	BIT(1)
#define CR_RESET	BIT(2)
#define CR_THRESHOLD(c)	((c) >> 16 & 0xff)
#define CR_DELAY(c)	((c) >> 24)

/* DMASR; interrupts have the same bits in DMACR, to enable them. */
#define SR_HALTED	BIT(0)
#define SR_IDLE		BIT(1)
#define SR_SG		BIT(3)
#define SR_INTERNAL	BIT(4)
#define SR_SLAVE	BIT(5)
#define SR_SG_INTERNAL	BIT(8)
#define SR_ERRORS	(SR_INTERNAL | SR_SLAVE | SR_SG_INTERNAL)
#define SR_IOC		BIT(12)
#define SR_DELAY	BIT(13)
#define SR_ERROR	BIT(14)
#define SR_IRQS		(SR_IOC | SR_DELAY | SR_ERROR)

/* Interrupts are 7 bits further down in registers of an MCDMA's channel. */
#define MC_SHIFT	7

/* Buffer descriptors; an MCDMA's have control and status one word earlier. */
#define BD_NEXT		0x00
#define BD_ADDRESS	0x08
#define BD_CONTROL	0x18
#define BD_STATUS	0x1c
#define BD_COMPLETE	BIT(31)
#define BD_SLAVE	BIT(29)
#define BD_SOF		BIT(27)
#define BD_EOF		BIT(26)

/* The delay counts 125 cycles of a clock of 100 MHz. */
#define DELAY_NS	(125 * 10)

/**
 * struct axidma - registers, and what is going on
 * @bd: the descriptor that is being filled, or was last
 * @next: the one behind it
 * @at: where the next burst goes
 * @room: bytes left there
 * @got: bytes of this transfer
 * @active: it is being filled
 * @waiting: descriptors up to @tail are there
 * @fresh: the channel has begun to run, @cur counts
 * @packet: a packet has begun and not ended
 * @sof: it began in this descriptor
 * @to_go: packets until the next interrupt
 */
struct axidma {
	u32 cr, sr;
	u32 cur, tail;
	u32 address, length;
	u32 channel_cr, enable;
	u32 bd, next;
	u32 at, room, got;
	bool active, waiting, fresh, packet, sof;
	u32 to_go;
};

static bool is_mcdma(struct bed_model *m)
{
	return m->variant & AXIDMA_MCDMA;
}

static u32 longest(struct bed_model *m)
{
	return BIT(m->variant >> 8) - 1;
}

static u32 bd_word(struct bed_model *m, u32 word)
{
	struct axidma *d = m->state;

	return d->bd + word - (is_mcdma(m) ? 4 : 0);
}

/* Threshold, delay and enabled interrupts, as DMACR has them */
static u32 irq_control(struct bed_model *m)
{
	struct axidma *d = m->state;

	if (!is_mcdma(m))
		return d->cr;
	return (d->channel_cr & 0xffff0000) |
	       ((d->channel_cr << MC_SHIFT) & SR_IRQS);
}

static void update_irq(struct bed_model *m)
{
	struct axidma *d = m->state;

	m->irq = d->sr & irq_control(m) & SR_IRQS;
}

static void reload(struct bed_model *m)
{
	struct axidma *d = m->state;

	d->to_go = CR_THRESHOLD(irq_control(m)) ?: 1;
}

static void halt(struct bed_model *m)
{
	struct axidma *d = m->state;

	d->cr &= ~CR_RUN;
	d->sr |= SR_HALTED;
	d->active = false;
	d->waiting = false;
	bed_delay(m, 0);
}

static void reset(struct bed_model *m)
{
	*(struct axidma *)m->state = (struct axidma){
		.cr = CR_ALWAYS | 1 << 16,
		.sr = SR_HALTED | (m->variant & AXIDMA_SG ? SR_SG : 0),
		.channel_cr = 1 << 16,
	};
	reload(m);
	bed_delay(m, 0);
}

/* What was asked for while it was stuck, it does afterwards. */
static void settle(struct bed_model *m)
{
	struct axidma *d = m->state;

	/* Nothing has been written to it. */
	if (!d->cr)
		reset(m);
	if (m->knobs.stuck)
		return;
	if (d->cr & CR_RESET)
		reset(m);
	else if (!(d->cr & CR_RUN) && !(d->sr & SR_HALTED))
		halt(m);
}

static void fail(struct bed_model *m, u32 error)
{
	struct axidma *d = m->state;

	d->sr |= error | SR_ERROR;
	halt(m);
	update_irq(m);
}

static void write_control(struct bed_model *m, u32 value)
{
	struct axidma *d = m->state;
	u32 threshold = CR_THRESHOLD(d->cr);

	d->cr = value | CR_ALWAYS;
	if (value & CR_RUN && d->sr & SR_HALTED) {
		d->sr &= ~(SR_HALTED | SR_IDLE);
		d->fresh = true;
		reload(m);
	}
	if (!is_mcdma(m) && threshold != CR_THRESHOLD(value))
		reload(m);
}

static void write_channel_control(struct bed_model *m, u32 value)
{
	struct axidma *d = m->state;
	u32 threshold = CR_THRESHOLD(d->channel_cr);

	d->channel_cr = value;
	if (threshold != CR_THRESHOLD(value))
		reload(m);
}

/* Starts it, unless it is running: then it goes on further. */
static void write_tail(struct bed_model *m, u32 value)
{
	struct axidma *d = m->state;

	d->tail = value;
	if (d->sr & SR_HALTED)
		return;
	d->waiting = true;
	d->sr &= ~SR_IDLE;
}

static void write_length(struct bed_model *m, u32 value)
{
	struct axidma *d = m->state;

	if (d->sr & SR_HALTED || d->active)
		return;
	d->length = value & longest(m);
	d->at = d->address;
	d->room = d->length;
	d->got = 0;
	d->active = true;
	d->sr &= ~SR_IDLE;
	bed_begin(m);
	if (!d->room)
		fail(m, SR_INTERNAL);
}

static void write_mcdma(struct bed_model *m, u32 reg, u32 value)
{
	struct axidma *d = m->state;

	switch (reg) {
	case MC_CR:
		write_control(m, value);
		break;
	case MC_ENABLE:
		d->enable = value;
		break;
	case MC_CH_CR:
		write_channel_control(m, value);
		break;
	case MC_CH_SR:
		d->sr &= ~(value << MC_SHIFT & SR_IRQS);
		break;
	case MC_CH_CURDESC:
		if (d->sr & SR_HALTED)
			d->cur = value;
		break;
	case MC_CH_TAILDESC:
		write_tail(m, value);
		break;
	}
}

static void write_axidma(struct bed_model *m, u32 reg, u32 value)
{
	struct axidma *d = m->state;

	switch (reg) {
	case DMACR:
		write_control(m, value);
		break;
	case DMASR:
		d->sr &= ~(value & SR_IRQS);
		break;
	case CURDESC:
		if (d->sr & SR_HALTED)
			d->cur = value;
		break;
	case TAILDESC:
		write_tail(m, value);
		break;
	case ADDRESS:
		d->address = value;
		break;
	case LENGTH:
		write_length(m, value);
		break;
	}
}

static void axidma_write(struct bed_model *m, u32 reg, u32 value)
{
	settle(m);
	if (is_mcdma(m))
		write_mcdma(m, reg, value);
	else
		write_axidma(m, reg, value);
	settle(m);
	update_irq(m);
}

static u32 read_mcdma(struct bed_model *m, u32 reg)
{
	struct axidma *d = m->state;

	switch (reg) {
	case MC_CR:
		return d->cr & (CR_RUN | CR_RESET);
	case MC_SR:
		return d->sr & (SR_HALTED | SR_IDLE);
	case MC_ENABLE:
		return d->enable;
	case MC_ERROR:
		return (d->sr & SR_ERRORS) >> 4;
	case MC_SERVICE:
		return m->irq;
	case MC_CH_CR:
		return d->channel_cr;
	case MC_CH_SR:
		return (d->sr & SR_IRQS) >> MC_SHIFT | !!(d->sr & SR_IDLE);
	case MC_CH_CURDESC:
		return d->bd;
	case MC_CH_TAILDESC:
		return d->tail;
	}
	return 0;
}

static u32 axidma_read(struct bed_model *m, u32 reg)
{
	struct axidma *d = m->state;

	settle(m);
	if (is_mcdma(m))
		return read_mcdma(m, reg);
	switch (reg) {
	case DMACR:
		return d->cr;
	case DMASR:
		return d->sr | d->to_go << 16;
	case CURDESC:
		return d->sr & SR_HALTED ? d->cur : d->bd;
	case TAILDESC:
		return d->tail;
	case ADDRESS:
		return d->address;
	case LENGTH:
		/* Of the last transfer: what came */
		return d->active ? d->length : d->got;
	}
	return 0;
}

static bool fetch(struct bed_model *m)
{
	struct axidma *d = m->state;

	d->bd = d->fresh ? d->cur : d->next;
	d->fresh = false;
	d->next = bed_get32(d->bd + BD_NEXT);
	d->at = bed_get32(d->bd + BD_ADDRESS);
	d->room = bed_get32(bd_word(m, BD_CONTROL)) & longest(m);
	d->got = 0;
	d->sof = !d->packet;
	d->active = true;
	bed_begin(m);
	if (bed_get32(bd_word(m, BD_STATUS)) & BD_COMPLETE)
		fail(m, SR_SG_INTERNAL);
	else if (!d->room)
		fail(m, SR_INTERNAL);
	return d->active;
}

static void packet_ends(struct bed_model *m)
{
	struct axidma *d = m->state;

	bed_delay(m, CR_DELAY(irq_control(m)) * DELAY_NS);
	if (--d->to_go)
		return;
	reload(m);
	d->sr |= SR_IOC;
}

static void bd_ends(struct bed_model *m, bool last)
{
	struct axidma *d = m->state;

	bed_put32(bd_word(m, BD_STATUS), BD_COMPLETE | d->got |
		  (d->sof ? BD_SOF : 0) | (last ? BD_EOF : 0));
	if (d->bd == d->tail) {
		d->waiting = false;
		d->sr |= SR_IDLE;
	}
}

static void transfer_ends(struct bed_model *m, bool last)
{
	struct axidma *d = m->state;

	d->active = false;
	bed_end(m);
	if (m->variant & AXIDMA_SG) {
		bd_ends(m, last);
		if (last)
			packet_ends(m);
	} else if (last) {
		d->sr |= SR_IDLE | SR_IOC;
	} else {
		fail(m, SR_INTERNAL);
	}
	update_irq(m);
}

static void transfer_fails(struct bed_model *m)
{
	struct axidma *d = m->state;

	if (m->variant & AXIDMA_SG)
		bed_put32(bd_word(m, BD_STATUS), BD_SLAVE | d->got);
	fail(m, SR_SLAVE);
}

static bool axidma_step(struct bed_model *m)
{
	struct axidma *d = m->state;
	struct bed_burst burst;

	settle(m);
	if (d->sr & SR_HALTED)
		return false;
	if (!d->active && (!d->waiting || !fetch(m)))
		return false;
	burst = bed_send(m, d->at, d->room);
	if (burst.failed) {
		transfer_fails(m);
		return false;
	}
	if (!burst.bytes)
		return false;
	if (!d->packet)
		bed_delay(m, 0);
	d->packet = !burst.last;
	d->at += burst.bytes;
	d->room -= burst.bytes;
	d->got += burst.bytes;
	if (burst.last || !d->room)
		transfer_ends(m, burst.last);
	return true;
}

static void axidma_delay(struct bed_model *m)
{
	struct axidma *d = m->state;

	if (d->sr & SR_HALTED)
		return;
	d->sr |= SR_DELAY;
	reload(m);
	update_irq(m);
}

const struct bed_ops axidma_ops = {
	.read = axidma_read,
	.write = axidma_write,
	.step = axidma_step,
	.delay = axidma_delay,
};
