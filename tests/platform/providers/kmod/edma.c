// SPDX-License-Identifier: GPL-2.0-only
/*
 * An fpgabuf device for each channel of a DesignWare eDMA that writes to the
 * machine.
 *
 * The driver of such a card makes its DMA channels, and leaves it to a driver
 * of what is on the card to ask for them.  This one knows what is on it: at the
 * address where the channel's data are begins what the FPGA sends.
 */
#include <linux/dma/edma.h>
#include <linux/dmaengine.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/string.h>

#define DRIVER		"dw-edma-pcie"
#define CHANNELS	2

static struct platform_device *fpgas[CHANNELS];
static u64 addresses[CHANNELS];

/* The channels that write come first. */
static struct dma_slave_map map[CHANNELS] = {
	{ .devname = "fpgabuf.0", .slave = "rx", .param = (void *)0 },
	{ .devname = "fpgabuf.1", .slave = "rx", .param = (void *)1 },
};

static bool has_number(struct dma_chan *chan, void *param)
{
	return chan->chan_id == (unsigned long)param;
}

/* Looks at each, and takes none that does not have to be looked into. */
static bool is_of(struct dma_chan *chan, void *param)
{
	struct dw_edma_region *data = chan->private;

	if (chan->device->dev != param)
		return false;
	if (chan->chan_id >= CHANNELS)
		return true;
	addresses[chan->chan_id] = data->paddr;
	return chan->chan_id == CHANNELS - 1;
}

/* Has dmaengine find them by the name of who asks. */
static int name_channels(struct device *dev)
{
	struct dma_chan *chan;
	dma_cap_mask_t mask;

	dma_cap_zero(mask);
	dma_cap_set(DMA_SLAVE, mask);
	chan = dma_request_channel(mask, is_of, dev);
	if (!chan)
		return -ENODEV;
	chan->device->filter.fn = has_number;
	chan->device->filter.map = map;
	chan->device->filter.mapcnt = ARRAY_SIZE(map);
	dma_release_channel(chan);
	return 0;
}

static bool is_card(struct device *dev)
{
	return !strcmp(dev_driver_string(dev), DRIVER);
}

/* Bound again it has new channels. */
static int bound(struct notifier_block *nb, unsigned long action, void *data)
{
	if (action == BUS_NOTIFY_BOUND_DRIVER && is_card(data) &&
	    name_channels(data))
		dev_warn(data, "cannot find its channels again\n");
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = bound };

static int add_fpga(struct device *card, int i)
{
	const struct property_entry properties[] = {
		PROPERTY_ENTRY_U64("fpgabuf,address", addresses[i]),
		{ }
	};
	const struct platform_device_info info = {
		.parent = card,
		.name = "fpgabuf",
		.id = i,
		.properties = properties,
	};
	struct platform_device *fpga = platform_device_register_full(&info);

	if (IS_ERR(fpga))
		return PTR_ERR(fpga);
	fpgas[i] = fpga;
	return 0;
}

static void remove_fpgas(void)
{
	int i;

	for (i = 0; i < CHANNELS; i++)
		platform_device_unregister(fpgas[i]);
}

static int add_fpgas(struct device *card)
{
	int i, ret = name_channels(card);

	for (i = 0; !ret && i < CHANNELS; i++)
		ret = add_fpga(card, i);
	if (ret)
		remove_fpgas();
	return ret;
}

static int __init edma_init(void)
{
	struct pci_dev *pdev = pci_get_device(PCI_VENDOR_ID_SYNOPSYS,
					      PCI_DEVICE_ID_SYNOPSYS_EDDA, NULL);
	int ret = -ENODEV;

	if (pdev && is_card(&pdev->dev))
		ret = add_fpgas(&pdev->dev);
	pci_dev_put(pdev);
	if (ret)
		return ret;
	ret = bus_register_notifier(&pci_bus_type, &notifier);
	if (ret)
		remove_fpgas();
	return ret;
}
module_init(edma_init);

static void __exit edma_exit(void)
{
	bus_unregister_notifier(&pci_bus_type, &notifier);
	remove_fpgas();
}
module_exit(edma_exit);

MODULE_DESCRIPTION("Capture from a PCIe card with a DesignWare eDMA");
MODULE_AUTHOR("The fpgabuf developers");
MODULE_LICENSE("GPL");
