// SPDX-License-Identifier: GPL-2.0-only
/*
 * Xilinx' DMA/Bridge Subsystem for PCI Express ("XDMA"), with AXI4-Stream
 * channels from the card to the machine, as PG195 describes it:
 *
 *  - descriptors in the machine's memory, in blocks of adjacent ones;
 *  - the end of a packet closes a descriptor, and the next packet begins in the
 *    next one.  How long it was is written to the machine's memory, where the
 *    descriptor's source address says, unless bit 27 of the control register
 *    forbids it.  Linux' driver puts the address of the card there, and knows
 *    nothing of that bit;
 *  - who clears Run stops the engine when the descriptor it is at is done.  If
 *    the FPGA is silent that is never: there is no other way to stop it than
 *    a reset of the card;
 *  - a status bit stays until the register is read at its other address or Run
 *    is set anew, and an interrupt is sent when the first of them appears.
 *
 * What is not known: what it does if it is started while it still waits for the
 * rest of a descriptor.  This one first takes that rest, then what it was
 * started for.  An AXI stream has no error to report; what the knob "fail" makes
 * is the error of a slave that is read from.
 *
 * Not modelled: transfers to the card (there is a channel, as Linux' driver
 * wants one, but it moves nothing), poll mode, credits, user interrupts, and
 * performance counters.
 */
#include <string.h>

#include "card.h"

#define BAR_USER	0	/* what AXI4-Lite leads to; nothing of interest */
#define BAR_DMA		1
#define BAR_CONTROL	2

#define TO_CARD		0x0000
#define TO_HOST		0x1000
#define IRQ		0x2000
#define SG_TO_HOST	0x5000
#define TARGET(a)	((a) >> 12)
#define CHANNEL(a)	((a) >> 8 & 0xf)
#define REGISTER(a)	((a) & 0xff)

#define IDENTIFIER(target, channel) \
	(0x1fc00006 | (target) << 16 | (channel) << 8)
#define IS_STREAM	BIT(15)

#define CONTROL		0x04
#define CONTROL_SET	0x08
#define CONTROL_CLEAR	0x0c
#define STATUS		0x40
#define STATUS_RC	0x44
#define COMPLETED	0x48
#define ALIGNMENTS	0x4c
#define INT_MASK	0x90
#define INT_MASK_SET	0x94
#define INT_MASK_CLEAR	0x98

#define RUN		BIT(0)	/* in CONTROL; in STATUS: busy */
#define BUSY		BIT(0)
#define DESC_STOPPED	BIT(1)
#define DESC_COMPLETED	BIT(2)
#define MAGIC_STOPPED	BIT(4)
#define IDLE_STOPPED	BIT(6)
#define READ_ERROR	BIT(9)
#define DESC_ERROR	BIT(19)
#define NO_WRITEBACK	BIT(27)

#define DESC_LO		0x80
#define DESC_HI		0x84
#define DESC_ADJACENT	0x88

#define CHANNEL_INT_ENABLE	0x10
#define CHANNEL_INT_SET		0x14
#define CHANNEL_INT_CLEAR	0x18
#define CHANNEL_INT_REQUEST	0x44
#define CHANNEL_VECTORS		0xa0
#define VECTOR_MASK		0x1f

#define MAGIC		0xad4b
#define LENGTH_MASK	((1U << 28) - 1)
#define CTL_STOP	BIT(0)
#define CTL_COMPLETED	BIT(1)
#define CTL_NEXT_ADJ(c)	((c) >> 8 & 0x3f)

#define WB_MAGIC	0x52b40000
#define WB_EOP		BIT(0)

struct descriptor {
	uint32_t control;
	uint32_t bytes;
	uint64_t source;
	uint64_t to;
	uint64_t next;
};

static struct engine {
	uint32_t control;
	uint32_t status;
	uint32_t completed;
	uint32_t int_mask;
	uint64_t first;		/* descriptor to start with */
	uint32_t first_adjacent;

	struct descriptor desc;
	bool loaded;		/* desc is one that is not done */
	bool restart;		/* started while it was not done */
	bool failing;
	uint32_t moved;		/* bytes of it */
	uint64_t next;
	uint32_t adjacent;	/* how many more follow right behind it */
	bool asserted;		/* the interrupt has been sent */
} engines[CHANNELS];

static uint32_t int_enable;
static uint32_t vector_registers[2];

static void reset(void)
{
	memset(engines, 0, sizeof(engines));
	memset(vector_registers, 0, sizeof(vector_registers));
	int_enable = 0;
}

/* The channel to the card is the first one. */
static unsigned int channel_bit(const struct engine *engine)
{
	return 1 + (engine - engines);
}

static void update_interrupt(struct engine *engine)
{
	unsigned int n = channel_bit(engine);
	bool wanted = (engine->status & engine->int_mask & ~BUSY) &&
		      (int_enable & BIT(n));

	if (wanted && !engine->asserted)
		interrupt(vector_registers[n / 4] >> (n % 4 * 8) & VECTOR_MASK);
	engine->asserted = wanted;
}

/* Only what the control register asks for is logged. */
static void raise_status(struct engine *engine, uint32_t bits)
{
	engine->status |= bits & engine->control;
	update_interrupt(engine);
}

static void halt(struct engine *engine, uint32_t why)
{
	engine->loaded = false;
	engine->status &= ~BUSY;
	raise_status(engine, why);
}

static void fetch(struct engine *engine)
{
	if (!memory_read(engine->next, &engine->desc, sizeof(engine->desc))) {
		halt(engine, DESC_ERROR);
		return;
	}
	if (engine->desc.control >> 16 != MAGIC) {
		halt(engine, MAGIC_STOPPED);
		return;
	}
	engine->desc.bytes &= LENGTH_MASK;
	engine->moved = 0;
	engine->loaded = true;
}

static void begin(struct engine *engine)
{
	struct fpga *fpga = &fpgas[engine - engines];

	engine->restart = false;
	engine->next = engine->first;
	engine->adjacent = engine->first_adjacent;
	engine->completed = 0;
	engine->failing = fpga_fails(fpga);
	engine->status |= BUSY;
	fetch(engine);
}

static void start(struct engine *engine)
{
	engine->status &= BUSY;
	update_interrupt(engine);
	if (engine->loaded)
		engine->restart = true;
	else
		begin(engine);
	channel_kick(engine - engines);
}

static void set_control(struct engine *engine, uint32_t value)
{
	bool ran = engine->control & RUN;

	engine->control = value;
	if (!ran && value & RUN)
		start(engine);
}

static bool asked_to_stop(const struct engine *engine)
{
	return !(engine->control & RUN) &&
	       !fpgas[engine - engines].knob[KNOB_STUCK];
}

static void write_back(struct engine *engine, bool packet_ends)
{
	struct fpga *fpga = &fpgas[engine - engines];
	uint32_t words[2] = { WB_MAGIC | (packet_ends ? WB_EOP : 0),
			      engine->moved };

	if (engine->control & NO_WRITEBACK)
		return;
	fpga->knob[KNOB_WRITEBACK]++;
	fpga->knob[KNOB_WRITTEN_BACK] = engine->desc.source;
	if (!memory_write(engine->desc.source, words, sizeof(words)))
		fpga->knob[KNOB_STRAY]++;
}

/* The descriptor is done: stop, or go on to the next one. */
static void finish(struct engine *engine, bool packet_ends)
{
	uint32_t control = engine->desc.control;
	uint32_t bits = 0;

	write_back(engine, packet_ends);
	fpgas[engine - engines].knob[KNOB_TRANSFERS]++;
	engine->loaded = false;
	engine->completed++;
	if (control & CTL_COMPLETED)
		bits |= DESC_COMPLETED;
	if (control & CTL_STOP)
		bits |= DESC_STOPPED;
	if (engine->restart) {
		begin(engine);
		return;
	}
	if (control & CTL_STOP || asked_to_stop(engine)) {
		if (!(control & CTL_STOP))
			bits |= IDLE_STOPPED;
		halt(engine, bits);
		return;
	}
	raise_status(engine, bits);
	if (engine->adjacent) {
		engine->adjacent--;
		engine->next += sizeof(engine->desc);
	} else {
		engine->next = engine->desc.next;
		engine->adjacent = CTL_NEXT_ADJ(control);
	}
	fetch(engine);
}

static bool wants(unsigned int channel)
{
	return engines[channel].loaded && bus_master();
}

static void step(unsigned int channel)
{
	struct engine *engine = &engines[channel];
	struct fpga *fpga = &fpgas[channel];
	size_t size = fpga_ready(fpga, engine->desc.bytes - engine->moved);
	bool packet_ends;

	packet_ends = fpga_send(fpga, engine->desc.to + engine->moved, size);
	engine->moved += size;
	if (engine->failing) {
		engine->failing = false;
		halt(engine, READ_ERROR);
	} else if (packet_ends || engine->moved == engine->desc.bytes) {
		finish(engine, packet_ends);
	}
}

static uint32_t read_engine(struct engine *engine, unsigned int offset)
{
	uint32_t value;

	switch (offset) {
	case 0:
		return IDENTIFIER(1, engine - engines) | IS_STREAM;
	case CONTROL:
		return engine->control;
	case STATUS:
		return engine->status;
	case STATUS_RC:
		value = engine->status;
		engine->status &= BUSY;
		update_interrupt(engine);
		return value;
	case COMPLETED:
		return engine->completed;
	case ALIGNMENTS:
		return 1 << 16 | 1 << 8 | 64;
	case INT_MASK:
		return engine->int_mask;
	default:
		return 0;
	}
}

static void write_engine(struct engine *engine, unsigned int offset,
			 uint32_t value)
{
	switch (offset) {
	case CONTROL:
		set_control(engine, value);
		return;
	case CONTROL_SET:
		set_control(engine, engine->control | value);
		return;
	case CONTROL_CLEAR:
		set_control(engine, engine->control & ~value);
		return;
	case STATUS:
		engine->status &= ~value | BUSY;
		break;
	case INT_MASK:
		engine->int_mask = value;
		break;
	case INT_MASK_SET:
		engine->int_mask |= value;
		break;
	case INT_MASK_CLEAR:
		engine->int_mask &= ~value;
		break;
	}
	update_interrupt(engine);
}

static void write_sg(struct engine *engine, unsigned int offset, uint32_t value)
{
	switch (offset) {
	case DESC_LO:
		engine->first = (engine->first & ~0xffffffffULL) | value;
		break;
	case DESC_HI:
		engine->first = (uint32_t)engine->first | (uint64_t)value << 32;
		break;
	case DESC_ADJACENT:
		engine->first_adjacent = value & 0x3f;
		break;
	}
}

static uint32_t read_sg(const struct engine *engine, unsigned int offset)
{
	switch (offset) {
	case 0:
		return IDENTIFIER(5, engine - engines) | IS_STREAM;
	case DESC_LO:
		return engine->first;
	case DESC_HI:
		return engine->first >> 32;
	case DESC_ADJACENT:
		return engine->first_adjacent;
	default:
		return 0;
	}
}

static uint32_t read_irq(unsigned int offset)
{
	uint32_t value = 0;
	unsigned int i;

	switch (offset) {
	case 0:
		return IDENTIFIER(2, 0);
	case CHANNEL_INT_ENABLE:
		return int_enable;
	case CHANNEL_INT_REQUEST:
		for (i = 0; i < CHANNELS; i++)
			if (engines[i].asserted)
				value |= BIT(channel_bit(&engines[i]));
		return value;
	case CHANNEL_VECTORS:
	case CHANNEL_VECTORS + 4:
		return vector_registers[(offset - CHANNEL_VECTORS) / 4];
	default:
		return 0;
	}
}

static void write_irq(unsigned int offset, uint32_t value)
{
	unsigned int i;

	switch (offset) {
	case CHANNEL_INT_ENABLE:
		int_enable = value;
		break;
	case CHANNEL_INT_SET:
		int_enable |= value;
		break;
	case CHANNEL_INT_CLEAR:
		int_enable &= ~value;
		break;
	case CHANNEL_VECTORS:
	case CHANNEL_VECTORS + 4:
		vector_registers[(offset - CHANNEL_VECTORS) / 4] = value;
		return;
	}
	for (i = 0; i < CHANNELS; i++)
		update_interrupt(&engines[i]);
}

/* A card of somebody who has chosen something else in Vivado */
static bool lacks(uint64_t offset)
{
	uint64_t lacking = fpgas[0].knob[KNOB_LACKING];

	return (lacking & BIT(0) && TARGET(offset) == TARGET(TO_CARD)) ||
	       (lacking & BIT(1) && TARGET(offset) == TARGET(TO_HOST)) ||
	       (lacking & BIT(2) && TARGET(offset) == TARGET(IRQ));
}

static uint64_t read_reg(unsigned int bar, uint64_t offset, unsigned int size)
{
	unsigned int channel = CHANNEL(offset);

	(void)size;
	if (bar != BAR_DMA || lacks(offset))
		return 0;
	switch (TARGET(offset)) {
	case TARGET(TO_CARD):
		return offset ? 0 : IDENTIFIER(0, 0) | IS_STREAM;
	case TARGET(TO_HOST):
		return channel < CHANNELS ?
		       read_engine(&engines[channel], REGISTER(offset)) : 0;
	case TARGET(IRQ):
		return read_irq(REGISTER(offset));
	case TARGET(SG_TO_HOST):
		return channel < CHANNELS ?
		       read_sg(&engines[channel], REGISTER(offset)) : 0;
	default:
		return 0;
	}
}

static void write_reg(unsigned int bar, uint64_t offset, unsigned int size,
		      uint64_t value)
{
	unsigned int channel = CHANNEL(offset);

	(void)size;
	if (bar != BAR_DMA)
		return;
	if (TARGET(offset) == TARGET(TO_HOST) && channel < CHANNELS)
		write_engine(&engines[channel], REGISTER(offset), value);
	else if (TARGET(offset) == TARGET(SG_TO_HOST) && channel < CHANNELS)
		write_sg(&engines[channel], REGISTER(offset), value);
	else if (TARGET(offset) == TARGET(IRQ))
		write_irq(REGISTER(offset), value);
}

const struct model xdma_model = {
	.name = "xdma",
	.vendor = 0x10ee,
	.device = 0x9024,
	.bars = { [BAR_USER] = 4096, [BAR_DMA] = 64 * 1024,
		  [BAR_CONTROL] = CONTROL_SIZE },
	.control_bar = BAR_CONTROL,
	.msix_bar = BAR_DMA,
	.msix_table = 0x8000,
	.msix_pba = 0x8fe0,
	.vectors = VECTORS,
	.reset = reset,
	.read = read_reg,
	.write = write_reg,
	.wants = wants,
	.step = step,
};
