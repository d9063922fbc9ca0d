// SPDX-License-Identifier: GPL-2.0-only
/*
 * Synopsys' DesignWare eDMA, version 0, with the registers of each channel in
 * a place of its own ("unroll"), in a card that is all endpoint: what Linux'
 * dw-edma-pcie expects of device 16c3:edda.  The lists of transfers are in the
 * card's memory, behind BAR 2.
 *
 * The channels that write to the machine read from an FPGA: whatever the source
 * address says, it is a port that gives the next word of the stream.  Such
 * a port has no packets.
 *
 * The list: an element is taken if its cycle bit is the consumer's, else the
 * channel stops there, and says that it is done.  A link is always followed.
 * The databook is not public; this is what the driver needs for lists longer
 * than the memory has room for.
 *
 * Nothing in this version stops a channel that waits for its source.  A doorbell
 * has a bit for it, but Linux does not use that, nor is it modelled.
 *
 * Not modelled: channels that read from the machine (the count says there are
 * none), transfers without a list, weights, and interrupts by a write of the
 * controller's own: what it would write to is the machine's interrupt
 * controller, so the first vector is sent.
 */
#include <string.h>

#include "card.h"

#define BAR_REGISTERS	0
#define BAR_MEMORY	2
#define BAR_CONTROL	4
#define BAR_MSIX	5

#define MEMORY_SIZE	(16 * 1024 * 1024)

#define CTRL		0x08
#define ENGINE_ENABLE	0x0c
#define DOORBELL	0x10
#define INT_STATUS	0x4c
#define INT_MASK	0x54
#define INT_CLEAR	0x58
#define ERR_STATUS	0x5c
#define LIST_ERROR_ENABLE	0x90	/* low half: tell the machine */
#define CHANNEL(n)	(0x200 + 0x200 * (n))
#define CHANNEL_SIZE	0x24
#define REGISTERS	0x1200

#define DONE(n)		BIT(n)
#define ABORT(n)	BIT(16 + (n))

/* Offsets in the registers of a channel */
#define CONTROL1	0x00
#define TRANSFER_SIZE	0x08
#define DAR		0x14
#define LLP_LOW		0x1c
#define LLP_HIGH	0x20

/* Of CONTROL1, and of the elements of a list */
#define CYCLE		BIT(0)
#define TOGGLE		BIT(1)
#define LINK		BIT(2)
#define INTERRUPT_LOCAL	BIT(3)
#define INTERRUPT	BIT(4)	/* to the machine */
#define STATE_MASK	(3U << 5)
#define STATE_RUNNING	(1U << 5)
#define STATE_HALTED	(2U << 5)
#define STATE_DONE	(3U << 5)
#define CONSUMER_CYCLE	BIT(8)

struct element {
	uint32_t control;
	uint32_t size;
	uint64_t source;	/* of a link: the next element */
	uint64_t to;
};

static uint32_t registers[REGISTERS / 4];
static uint8_t memory[MEMORY_SIZE];

static struct channel {
	struct element element;
	bool loaded;
	bool failing;
	uint32_t moved;
} channels[CHANNELS];

static uint32_t *channel_register(unsigned int n, unsigned int offset)
{
	return &registers[(CHANNEL(n) + offset) / 4];
}

static void reset(void)
{
	memset(registers, 0, sizeof(registers));
	memset(channels, 0, sizeof(channels));
	registers[CTRL / 4] = CHANNELS;
	registers[INT_MASK / 4] = 0x00ff00ff;
}

static void set_state(unsigned int n, uint32_t state)
{
	uint32_t *control = channel_register(n, CONTROL1);

	*control = (*control & ~STATE_MASK) | state;
}

/* The mask is for interrupts within the card. */
static void raise_interrupt(uint32_t bit, bool to_machine)
{
	registers[INT_STATUS / 4] |= bit;
	if (to_machine)
		interrupt(0);
}

static void raise_abort(unsigned int n)
{
	raise_interrupt(ABORT(n), registers[LIST_ERROR_ENABLE / 4] & BIT(n));
}

/*
 * The driver gives the bus address of the memory, but we do not know where the
 * machine has put it: its size is its alignment.
 */
static uint64_t list_pointer(unsigned int n)
{
	return *channel_register(n, LLP_LOW) |
	       (uint64_t)*channel_register(n, LLP_HIGH) << 32;
}

static void set_list_pointer(unsigned int n, uint64_t pointer)
{
	*channel_register(n, LLP_LOW) = pointer;
	*channel_register(n, LLP_HIGH) = pointer >> 32;
}

static bool read_element(unsigned int n, struct element *element)
{
	uint64_t at = list_pointer(n) % MEMORY_SIZE;

	if (at + sizeof(*element) > MEMORY_SIZE)
		return false;
	memcpy(element, memory + at, sizeof(*element));
	return true;
}

static void halt(unsigned int n, uint32_t state)
{
	channels[n].loaded = false;
	set_state(n, state);
}

/* A link is followed once: one to a link would be a list without data. */
static void fetch(unsigned int n)
{
	struct channel *channel = &channels[n];
	uint32_t *control = channel_register(n, CONTROL1);

	channel->loaded = false;
	if (!read_element(n, &channel->element))
		goto bad;
	if (channel->element.control & LINK) {
		if (channel->element.control & TOGGLE)
			*control ^= CONSUMER_CYCLE;
		set_list_pointer(n, channel->element.source);
		if (!read_element(n, &channel->element) ||
		    channel->element.control & LINK)
			goto bad;
	}
	if (!!(channel->element.control & CYCLE) !=
	    !!(*control & CONSUMER_CYCLE)) {
		halt(n, STATE_DONE);
		return;
	}
	channel->moved = 0;
	channel->loaded = true;
	return;

bad:
	halt(n, STATE_HALTED);
	raise_abort(n);
}

static void ring(unsigned int n)
{
	if (n >= CHANNELS || channels[n].loaded ||
	    !(registers[ENGINE_ENABLE / 4] & 1))
		return;
	channels[n].failing = fpga_fails(&fpgas[n]);
	set_state(n, STATE_RUNNING);
	fetch(n);
	channel_kick(n);
}

static void finish(unsigned int n)
{
	struct channel *channel = &channels[n];
	uint32_t control = channel->element.control;

	fpgas[n].knob[KNOB_TRANSFERS]++;
	set_list_pointer(n, list_pointer(n) + sizeof(channel->element));
	fetch(n);
	if (control & (INTERRUPT | INTERRUPT_LOCAL))
		raise_interrupt(DONE(n), control & INTERRUPT);
}

static bool wants(unsigned int n)
{
	return channels[n].loaded && bus_master();
}

static void step(unsigned int n)
{
	struct channel *channel = &channels[n];
	struct fpga *fpga = &fpgas[n];
	size_t size = fpga_ready(fpga, channel->element.size - channel->moved);

	fpga_send(fpga, channel->element.to + channel->moved, size);
	channel->moved += size;
	*channel_register(n, TRANSFER_SIZE) =
		channel->element.size - channel->moved;
	if (channel->failing) {
		channel->failing = false;
		halt(n, STATE_HALTED);
		raise_abort(n);
	} else if (channel->moved == channel->element.size) {
		finish(n);
	}
}

static void write_register(uint64_t offset, uint32_t value)
{
	unsigned int i;

	switch (offset) {
	case CTRL:
	case INT_STATUS:
	case ERR_STATUS:
		return;
	case DOORBELL:
		ring(value & 7);
		return;
	case INT_CLEAR:
		registers[INT_STATUS / 4] &= ~value;
		return;
	case ENGINE_ENABLE:
		registers[offset / 4] = value;
		for (i = 0; !(value & 1) && i < CHANNELS; i++)
			if (!fpgas[i].knob[KNOB_STUCK])
				halt(i, 0);
		return;
	default:
		registers[offset / 4] = value;
	}
}

static uint64_t read_reg(unsigned int bar, uint64_t offset, unsigned int size)
{
	uint64_t value = 0;

	if (bar == BAR_REGISTERS && offset < REGISTERS)
		memcpy(&value, (uint8_t *)registers + offset, size);
	else if (bar == BAR_MEMORY)
		memcpy(&value, memory + offset, size);
	return value;
}

/* The lists are written by words of any size, the registers by those of 32. */
static void write_reg(unsigned int bar, uint64_t offset, unsigned int size,
		      uint64_t value)
{
	if (bar == BAR_REGISTERS && offset < REGISTERS && size == 4 &&
	    offset % 4 == 0)
		write_register(offset, value);
	else if (bar == BAR_MEMORY)
		memcpy(memory + offset, &value, size);
}

const struct model dwedma_model = {
	.name = "dwedma",
	.vendor = 0x16c3,
	.device = 0xedda,
	.bars = { [BAR_REGISTERS] = 64 * 1024, [BAR_MEMORY] = MEMORY_SIZE,
		  [BAR_CONTROL] = CONTROL_SIZE, [BAR_MSIX] = 4096 },
	.control_bar = BAR_CONTROL,
	.msix_bar = BAR_MSIX,
	.msix_table = 0,
	.msix_pba = 2048,
	.vectors = 1,
	.reset = reset,
	.read = read_reg,
	.write = write_reg,
	.wants = wants,
	.step = step,
};
