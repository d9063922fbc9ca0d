// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration space: a PCI Express endpoint with MSI-X, or MSI.  The
 * machine keeps the base addresses, the MSI-X table and the MSI address itself.
 */
#include <string.h>

#include "card.h"

#define COMMAND		0x04
#define COMMAND_MASTER	BIT(2)
#define STATUS		0x06
#define STATUS_CAPS	BIT(4)
#define CLASS		0x09
#define BAR(n)		(0x10 + 4 * (n))
#define SUBSYSTEM	0x2c
#define CAPS		0x34

#define EXPRESS		0x40
#define EXPRESS_V2	2
#define DEVCAP		(EXPRESS + 0x04)
#define DEVCAP_FLR	BIT(28)
#define DEVCAP_RBER	BIT(15)
#define DEVCTL		(EXPRESS + 0x08)
#define DEVCTL_FLR	BIT(15)
#define LNKCAP		(EXPRESS + 0x0c)
#define LNKSTA		(EXPRESS + 0x12)
#define GEN1_X1		0x11

#define INTERRUPTS	0x80
#define MSI_64BIT	BIT(7)
#define MSI_EIGHT	(3 << 1)	/* vectors */

uint8_t config[CONFIG_SIZE];

static void put16(unsigned int at, uint16_t value)
{
	memcpy(config + at, &value, 2);
}

static void put32(unsigned int at, uint32_t value)
{
	memcpy(config + at, &value, 4);
}

static uint16_t get16(unsigned int at)
{
	uint16_t value;

	memcpy(&value, config + at, 2);
	return value;
}

/**
 * config_init() - what a card with this DMA controller says of itself
 */
void config_init(void)
{
	put16(0, model->vendor);
	put16(2, model->device);
	put16(STATUS, STATUS_CAPS);
	/* A signal processing controller, of no particular kind */
	config[CLASS + 1] = 0x80;
	config[CLASS + 2] = 0x11;
	put16(SUBSYSTEM, model->vendor);
	put16(SUBSYSTEM + 2, 0x0007);
	config[CAPS] = EXPRESS;

	config[EXPRESS] = 0x10;
	config[EXPRESS + 1] = INTERRUPTS;
	put16(EXPRESS + 2, EXPRESS_V2);
	put32(DEVCAP, DEVCAP_FLR | DEVCAP_RBER);
	put32(LNKCAP, GEN1_X1);
	put16(LNKSTA, GEN1_X1);

	if (use_msi) {
		config[INTERRUPTS] = 0x05;
		put16(INTERRUPTS + 2, MSI_64BIT | MSI_EIGHT);
		return;
	}
	config[INTERRUPTS] = 0x11;
	put16(INTERRUPTS + 2, model->vectors - 1);
	put32(INTERRUPTS + 4, model->msix_table | model->msix_bar);
	put32(INTERRUPTS + 8, model->msix_pba | model->msix_bar);
}

/**
 * card_reset() - everything as when power comes on; a channel that is stuck is
 * not impressed
 */
void card_reset(void)
{
	unsigned int i;

	for (i = 0; i < CHANNELS; i++)
		if (fpgas[i].knob[KNOB_STUCK])
			return;
	model->reset();
}

/**
 * config_write() - the machine writes to the configuration space
 * @offset: in it
 * @data: what
 * @size: in bytes
 */
void config_write(uint64_t offset, const uint8_t *data, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		uint64_t at = offset + i;

		/* The rest is read-only, or the machine keeps it. */
		if (at == COMMAND || at == COMMAND + 1 ||
		    at == DEVCTL || at == DEVCTL + 1)
			config[at] = data[i];
	}
	if (get16(DEVCTL) & DEVCTL_FLR) {
		put16(DEVCTL, get16(DEVCTL) & ~DEVCTL_FLR);
		put16(COMMAND, get16(COMMAND) & ~COMMAND_MASTER);
		card_reset();
	}
}

/**
 * bus_master() - may the card use the bus by itself?
 *
 * Return: whether the machine lets it
 */
bool bus_master(void)
{
	return get16(COMMAND) & COMMAND_MASTER;
}
