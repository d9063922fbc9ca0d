// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - the DMA channel, as the FPGA wants it
 *
 * A channel that is fed by a stream has nothing to be told.  One that reads a
 * data register of the FPGA, such as those of a PL330, has to know where it is
 * and how it is read.
 */
#include <linux/dmaengine.h>
#include <linux/log2.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/string.h>

#include "compat.h"
#include "fpgabuf.h"

/*
 * The CPU does not touch the register, so it is not mapped; nor requested, as
 * others may have the FPGA's other registers around it.
 */
static int read_config(struct platform_device *pdev, struct resource *reg,
		       u32 max_burst, struct dma_slave_config *config)
{
	struct device *dev = &pdev->dev;
	u32 width = 4, burst = 1;

	/* 0 is that of a provider which does not say. */
	max_burst = max_burst ?: U32_MAX;

	device_property_read_u32(dev, "reg-io-width", &width);
	if (!is_power_of_2(width) || width > DMA_SLAVE_BUSWIDTH_16_BYTES ||
	    width > resource_size(reg))
		return dev_err_probe(dev, -EINVAL,
				     "reg-io-width of %u does not fit %pR\n",
				     width, reg);

	device_property_read_u32(dev, "fpgabuf,burst", &burst);
	if (!burst || burst > max_burst)
		return dev_err_probe(dev, -EINVAL,
				     "fpgabuf,burst of %u: the DMA channel does 1 to %u\n",
				     burst, max_burst);

	*config = (struct dma_slave_config){
		.direction = DMA_DEV_TO_MEM,
		.src_addr = reg->start,
		.src_addr_width = width,
		.src_maxburst = burst,
	};
	return 0;
}

/* Return: the width of the register in bytes, 1 if there is none, or -errno */
static int configure(struct platform_device *pdev, struct dma_chan *chan,
		     u32 max_burst)
{
	struct resource *reg = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	struct dma_slave_config config;
	int ret;

	if (!reg)
		return 1;
	ret = read_config(pdev, reg, max_burst, &config);
	if (ret)
		return ret;
	ret = dmaengine_slave_config(chan, &config);
	if (ret)
		return dev_err_probe(&pdev->dev, ret,
				     "the DMA channel cannot read %pR\n", reg);
	return config.src_addr_width;
}

/**
 * fpgabuf_channel_setup() - configure a channel for the FPGA
 * @pdev: the FPGA: its register, width and burst, if it has one
 * @chan: its channel, which must be one that can capture and be stopped:
 *	captures could not be canceled otherwise, and their memory never be freed
 *
 * Context: process.
 *
 * Return: what the length of a capture must be a multiple of, in bytes, a power
 * of two: the narrowest access to memory that the channel can make, or that to
 * the register if it is wider.  Or -errno, and the log says why.
 */
int fpgabuf_channel_setup(struct platform_device *pdev, struct dma_chan *chan)
{
	struct device *dev = &pdev->dev;
	struct dma_slave_caps caps;
	int ret, narrowest;

	ret = dma_get_slave_caps(chan, &caps);
	if (!ret && (!(caps.directions & BIT(DMA_DEV_TO_MEM)) ||
		     !caps.cmd_terminate))
		ret = -EOPNOTSUPP;
	if (ret)
		return dev_err_probe(dev, ret,
				     "DMA channel cannot capture to memory, or not be stopped\n");

	ret = configure(pdev, chan, caps.max_burst);
	if (ret < 0)
		return ret;
	caps.dst_addr_widths &= ~BIT(DMA_SLAVE_BUSWIDTH_UNDEFINED);
	narrowest = caps.dst_addr_widths ?
		    rounddown_pow_of_two(__ffs(caps.dst_addr_widths)) : 1;
	return max(ret, narrowest);
}

/**
 * fpgabuf_channel_tells_result() - may the result of a transfer be asked for?
 * @chan: the channel
 *
 * The driver of the PL330 has none to tell.  And before Linux 6.12 it does not
 * clear &dma_async_tx_descriptor.callback_result of a descriptor that it uses
 * again: one that was ever set would be called for parts of later transfers, be
 * they of somebody else, when what it was set with has long been freed.
 *
 * Return: whether callback_result may be set; callback always may.
 */
bool fpgabuf_channel_tells_result(struct dma_chan *chan)
{
	return strcmp(dev_driver_string(chan->device->dev), "dma-pl330");
}
