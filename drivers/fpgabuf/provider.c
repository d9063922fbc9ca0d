// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - what is known of the drivers of DMA controllers
 *
 * Read in their sources, and shown by tests/platform/providers.  Each row says why.
 */
#include <linux/bits.h>
#include <linux/device.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "channel.h"
#include "compat.h"

/* Registers of AXI DMA and MCDMA from that of the S2MM channel on */
#define AXIDMA_S2MM	0x30
#define MCDMA_S2MM	0x500
#define AXIDMA_CR	0x0
#define AXIDMA_SR	0x4
#define MCDMA_ERRORS	0x10
#define AXIDMA_REGS	0x14

#define AXIDMA_CR_RESET	BIT(2)
#define AXIDMA_SR_HALTED	BIT(0)
#define AXIDMA_SR_HAS_SG	BIT(3)
/* Internal, slave and decode errors, of data and of descriptors */
#define AXIDMA_SR_ERRORS	(GENMASK(6, 4) | GENMASK(10, 8))

/* Descriptors of a channel */
#ifndef AXIDMA_DESCS
#define AXIDMA_DESCS	512
#endif

/* Bits of a length, as the binding has them */
#define AXIDMA_DEFAULT_WIDTH	23
#define AXIDMA_MIN_WIDTH	8
#define AXIDMA_MAX_WIDTH	26

static u32 axidma_piece(struct device *dma, u32 align)
{
	u32 width = AXIDMA_DEFAULT_WIDTH;

	device_property_read_u32(dma, "xlnx,sg-length-width", &width);
	if (width < AXIDMA_MIN_WIDTH || width > AXIDMA_MAX_WIDTH)
		width = AXIDMA_DEFAULT_WIDTH;
	return round_down(GENMASK(width - 1, 0), align);
}

/*
 * Without scatter-gather the driver gives the controller the first segment alone,
 * and completes the transfer as a whole.
 */
static void axidma_limits(struct fpgabuf_channel *channel, struct device *dma,
			  bool has_sg)
{
	channel->limits.piece = axidma_piece(dma, channel->limits.alignment);
	channel->limits.max_pieces = has_sg ? AXIDMA_DESCS : 1;
	channel->tells = has_sg;
}

static const struct fpgabuf_provider mcdma;

static int axidma_probe(struct fpgabuf_channel *channel, struct device *dev)
{
	struct device *dma = channel->chan->device->dev;
	bool is_mcdma = of_device_is_compatible(dma->of_node,
						"xlnx,axi-mcdma-1.00.a");
	struct resource *res;

	if (!is_mcdma &&
	    !of_device_is_compatible(dma->of_node, "xlnx,axi-dma-1.00.a"))
		return dev_err_probe(dev, -EOPNOTSUPP,
				     "%s has no stream to capture from: it must be an AXI DMA or AXI MCDMA\n",
				     dev_name(dma));
	res = platform_get_resource(to_platform_device(dma), IORESOURCE_MEM, 0);
	if (res)
		channel->regs = ioremap(res->start +
					(is_mcdma ? MCDMA_S2MM : AXIDMA_S2MM),
					AXIDMA_REGS);
	if (!channel->regs)
		return dev_err_probe(dev, -ENOMEM,
				     "cannot look at the status of %s\n",
				     dev_name(dma));
	axidma_limits(channel, dma, is_mcdma || readl(channel->regs + AXIDMA_SR) &
						AXIDMA_SR_HAS_SG);
	if (is_mcdma) {
		channel->provider = &mcdma;
		channel->limits.max_pieces = 1;
	}
	return 0;
}

static void axidma_remove(struct fpgabuf_channel *channel)
{
	iounmap(channel->regs);
	channel->regs = NULL;
}

/* Its driver resets it to stop it, and does not say if that fails. */
static bool axidma_stopped(const struct fpgabuf_channel *channel)
{
	return !(readl(channel->regs + AXIDMA_CR) & AXIDMA_CR_RESET) &&
	       readl(channel->regs + AXIDMA_SR) & AXIDMA_SR_HALTED;
}

/* Its driver logs them, and waits for a completion that does not come. */
static bool axidma_failed(const struct fpgabuf_channel *channel)
{
	return readl(channel->regs + AXIDMA_SR) & AXIDMA_SR_ERRORS;
}

static bool mcdma_failed(const struct fpgabuf_channel *channel)
{
	return readl(channel->regs + MCDMA_ERRORS);
}

static const struct fpgabuf_provider_ops axidma_ops = {
	.probe = axidma_probe,
	.remove = axidma_remove,
	.stopped = axidma_stopped,
	.failed = axidma_failed,
};

static const struct fpgabuf_provider_ops mcdma_ops = {
	.remove = axidma_remove,
	.stopped = axidma_stopped,
	.failed = mcdma_failed,
};

/*
 * AXI MCDMA, of the same driver.  This takes the first packet for the end of the
 * transfer, while the controller goes on to fill the rest: so a transfer must be
 * one descriptor.
 */
static const struct fpgabuf_provider mcdma = {
	.driver = "xilinx-vdma",
	.tells = true,
	.serial = true,
	.splits = true,
	.ops = &mcdma_ops,
};

/* That of the scatter-gather list, which AXI-DMAC has or not */
#define AXIDMAC_SG_ADDRESS	0x47c

/*
 * AXI-DMAC with scatter-gather in hardware.  For transfers that end together its
 * driver completes one.
 */
static const struct fpgabuf_provider axidmac_sg = {
	.driver = "dma-axi-dmac",
	.prefix = true,
	.serial = true,
	.splits = true,
	.calls_back = true,
};

static int axidmac_probe(struct fpgabuf_channel *channel, struct device *dev)
{
	struct platform_device *dma =
		to_platform_device(channel->chan->device->dev);
	struct resource *res = platform_get_resource(dma, IORESOURCE_MEM, 0);
	void __iomem *reg = NULL;

	if (res)
		reg = ioremap(res->start + AXIDMAC_SG_ADDRESS, sizeof(u32));
	if (!reg)
		return dev_err_probe(dev, -ENOMEM, "cannot look at %s\n",
				     dev_name(&dma->dev));
	/* The driver has tried to write it. */
	if (readl(reg))
		channel->provider = &axidmac_sg;
	iounmap(reg);
	return 0;
}

/*
 * mSGDMA with its driver mended: it can be stopped, runs all that it is given, and
 * tells.  Before, it had no way to stop.
 */
static const struct fpgabuf_provider msgdma_fixed = {
	.driver = "altera-msgdma",
	.tells = true,
	.prefix = true,
	.splits = true,
	.calls_back = true,
};

/*
 * Before, it waits with interrupts off until the controller has room for all
 * pieces of a transfer: that for 8 it has in any case.
 */
static int msgdma_probe(struct fpgabuf_channel *channel, struct device *dev)
{
	if (channel->stops) {
		channel->provider = &msgdma_fixed;
		channel->tells = true;
	} else {
		channel->limits.max_pieces = 8;
	}
	return 0;
}

/*
 * Of a stream, XDMA writes how long a descriptor was to where the descriptor's
 * source address says.  The driver counts that on from one to the next, as if the
 * card had memory there: it may be right for one only.
 */
static int xdma_probe(struct fpgabuf_channel *channel, struct device *dev)
{
	if (device_property_read_bool(dev, "fpgabuf,stream")) {
		channel->limits.piece = SZ_256M - SZ_4K;
		channel->limits.max_pieces = 1;
	}
	return 0;
}

static const struct fpgabuf_provider_ops axidmac_ops = {
	.probe = axidmac_probe,
};

static const struct fpgabuf_provider_ops msgdma_ops = {
	.probe = msgdma_probe,
};

static const struct fpgabuf_provider_ops xdma_ops = {
	.probe = xdma_probe,
};

static const struct fpgabuf_provider providers[] = {
	{
		/* Ours; made to tell everything. */
		.driver = "fpgabuf-sim",
		.counts = true,
		.tells = true,
		.prefix = true,
		.next = FPGABUF_NEXT_CONTROLLER,
		.calls_back = true,
	},
	{
		/*
		 * Ours; it has what a program says.  The program starts each
		 * transfer, so there may be a gap.  Whatever has not stopped
		 * keeps its pages, and nothing else is started before that.
		 */
		.driver = "fpgabuf-user",
		.counts = true,
		.tells = true,
		.prefix = true,
		.splits = true,
		.calls_back = true,
	},
	{
		/*
		 * AXI DMA.  It interrupts when as many packets have ended as
		 * transfers were started together, and counts the bytes of the
		 * last one whichever is asked about: so there is one at a time.
		 * A packet ends a buffer descriptor, not the transfer.
		 */
		.driver = "xilinx-vdma",
		.tells = true,
		.serial = true,
		.splits = true,
		.ops = &axidma_ops,
	},
	{
		/*
		 * AXI-DMAC.  It reports how much came of a transfer that ended
		 * early, if the core can, which nobody says.  It has no errors.
		 * The next transfer waits in the controller, unless the interrupt
		 * that puts it there is late.
		 */
		.driver = "dma-axi-dmac",
		.prefix = true,
		.splits = true,
		.calls_back = true,
		.ops = &axidmac_ops,
	},
	{
		/*
		 * mSGDMA.  Of several transfers that are submitted it starts the
		 * first and completes all.  It cannot be stopped.
		 */
		.driver = "altera-msgdma",
		.serial = true,
		.splits = true,
		.ops = &msgdma_ops,
	},
	{
		/*
		 * XDMA.  The engine ends the descriptor that it works on before
		 * it stops; the driver waits a second for that, and says that it
		 * has stopped.
		 */
		.driver = "xdma",
		.splits = true,
		.gives_up_ms = 1000,
		.ops = &xdma_ops,
	},
	{
		/*
		 * DesignWare eDMA in a PCIe card.  It reads from an address on
		 * the card, which it must be told.  To stop it is to wait for
		 * its next interrupt; the driver does so for five seconds, and
		 * says that it has stopped.
		 */
		.driver = "dw-edma-pcie",
		.insists = true,
		.gives_up_ms = 5000,
	},
	{
		/*
		 * PL330.  It counts what is running.  An abort looks like a
		 * success.  Before Linux 6.12 its driver does not clear
		 * callback_result of a descriptor that it uses again: one that
		 * was ever set would be called for parts of later transfers, be
		 * they of somebody else, when what it was set with has long been
		 * freed.  When several transfers have ended before its tasklet
		 * runs, it has none left at the first of their callbacks.
		 */
		.driver = "dma-pl330",
		.counts = true,
		.next = FPGABUF_NEXT_DRIVER,
		.plain = true,
		.calls_back = true,
	},
};

static const struct fpgabuf_provider unknown;

/**
 * fpgabuf_provider_find() - what is known of the driver of a DMA controller
 * @driver: its name
 *
 * Return: a row of the table, or the one of which nothing is known.
 */
const struct fpgabuf_provider *fpgabuf_provider_find(const char *driver)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(providers); i++)
		if (!strcmp(providers[i].driver, driver))
			return &providers[i];
	return &unknown;
}
