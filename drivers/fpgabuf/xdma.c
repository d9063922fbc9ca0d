// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - a PCIe card with Xilinx' XDMA, without kernel code of its own
 *
 * The kernel's xdma driver wants a parent: a driver of the card that has found
 * the registers and got the interrupts.  This is one for cards of which nothing
 * else is known.  It makes a device for the xdma driver, and one for fpgabuf for
 * each channel from the card.
 *
 * It claims no card by itself, as a card with this IP may be anything:
 *
 *	echo 10ee 9024 > /sys/bus/pci/drivers/fpgabuf-xdma/new_id
 *
 * or driver_override.
 */
#include <linux/dma-mapping.h>
#include <linux/dmaengine.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/platform_data/amd_xdma.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/sizes.h>

#include "compat.h"

/* In PG195 */
#define XDMA_REGS_SIZE		SZ_64K
#define XDMA_MAX_CHANNELS	4
#define XDMA_CHANNEL(n)		((n) * 0x100)
#define XDMA_TO_CARD		0x0000
#define XDMA_FROM_CARD		0x1000
#define XDMA_IRQ		0x2000
#define XDMA_ID_TO_CARD		0x1fc0
#define XDMA_ID_FROM_CARD	0x1fc1
#define XDMA_ID_IRQ		0x1fc2
#define XDMA_IS_STREAM		BIT(15)
#define XDMA_STATUS		0x40
#define XDMA_STATUS_BUSY	BIT(0)

/* The length of a descriptor has 28 bits. */
#define XDMA_MAX_SEGMENT	(SZ_256M - SZ_4K)

/* What is written of a descriptor that is done, each channel in its own line */
#define WRITEBACK_SIZE		64

static unsigned long address;
module_param(address, ulong, 0444);
MODULE_PARM_DESC(address, "address on the card's AXI bus that channels without a stream read from");

/**
 * struct card_channel - a channel from the card
 * @info: what the xdma driver's filter looks at, so it comes first
 * @chan_id: its number among all channels of the xdma driver
 * @name: of the fpgabuf device
 * @id: likewise, without the name of its driver
 * @fpgabuf: that device
 */
struct card_channel {
	struct xdma_chan_info info;
	int chan_id;
	char name[32];
	int id;
	struct platform_device *fpgabuf;
};

/**
 * struct card - a card with XDMA
 * @pdev: the card
 * @regs: XDMA's registers; only looked at
 * @bar: where they are
 * @to_card: number of channels to the card
 * @from_card: and of those from it
 * @channels: the latter
 * @map: for the xdma driver: which channel is whose
 * @writeback: what the channels write about descriptors; nobody reads it
 * @writeback_dma: its address on the bus
 * @xdma: the device for the xdma driver
 * @bound: tells when that driver takes it
 */
struct card {
	struct pci_dev *pdev;
	void __iomem *regs;
	int bar;
	int to_card;
	int from_card;
	struct card_channel channels[XDMA_MAX_CHANNELS];
	struct dma_slave_map map[XDMA_MAX_CHANNELS];
	void *writeback;
	dma_addr_t writeback_dma;
	struct platform_device *xdma;
	struct notifier_block bound;
};

static u32 identifier(const struct card *card, u32 offset)
{
	return readl(card->regs + offset) >> 16;
}

/* The registers are in the first BAR, or in the second if the first is AXI's. */
static int find_registers(struct card *card)
{
	struct pci_dev *pdev = card->pdev;
	int bar;

	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		if (!(pci_resource_flags(pdev, bar) & IORESOURCE_MEM) ||
		    pci_resource_len(pdev, bar) < XDMA_REGS_SIZE)
			continue;
		card->regs = pcim_iomap(pdev, bar, XDMA_REGS_SIZE);
		if (!card->regs)
			return dev_err_probe(&pdev->dev, -ENOMEM,
					     "cannot map BAR %d\n", bar);
		card->bar = bar;
		if (identifier(card, XDMA_IRQ) == XDMA_ID_IRQ)
			return 0;
		pcim_iounmap(pdev, card->regs);
	}
	return dev_err_probe(&pdev->dev, -ENODEV,
			     "no BAR has the registers of XDMA; is this a card with that IP, and its design loaded?\n");
}

static int count_channels(const struct card *card, u32 base, u32 id)
{
	int i, n = 0;

	for (i = 0; i < XDMA_MAX_CHANNELS; i++)
		if (identifier(card, base + XDMA_CHANNEL(i)) == id)
			n++;
	return n;
}

static int find_channels(struct card *card)
{
	struct device *dev = &card->pdev->dev;

	card->to_card = count_channels(card, XDMA_TO_CARD, XDMA_ID_TO_CARD);
	card->from_card = count_channels(card, XDMA_FROM_CARD,
					 XDMA_ID_FROM_CARD);
	if (!card->from_card)
		return dev_err_probe(dev, -ENODEV,
				     "XDMA has no channel from the card; set the number of C2H channels in Vivado\n");
	if (!card->to_card)
		return dev_err_probe(dev, -EOPNOTSUPP,
				     "XDMA has no channel to the card, and the xdma driver wants one; set the number of H2C channels in Vivado to 1\n");
	return 0;
}

/* The xdma driver is given the first interrupt, and counts on from there. */
static int get_vectors(struct card *card)
{
	struct pci_dev *pdev = card->pdev;
	int i, n = card->to_card + card->from_card, ret;

	ret = pci_alloc_irq_vectors(pdev, n, n, PCI_IRQ_MSIX | PCI_IRQ_MSI);
	if (ret < 0)
		return dev_err_probe(&pdev->dev, ret,
				     "cannot get %d interrupts, one for each channel; enable MSI-X in Vivado, it has %d vectors\n",
				     n, max(pci_msix_vec_count(pdev), 0));
	for (i = 1; i < n; i++) {
		if (pci_irq_vector(pdev, i) == pci_irq_vector(pdev, 0) + i)
			continue;
		pci_free_irq_vectors(pdev);
		return dev_err_probe(&pdev->dev, -ENOSPC,
				     "the numbers of its interrupts are not in a row; try again\n");
	}
	return 0;
}

/*
 * The xdma driver knows channels only by their direction, and would give the
 * first free one to whoever asks.
 */
static bool is_channel(struct dma_chan *chan, void *param)
{
	const struct card_channel *channel = param;

	return chan->chan_id == channel->chan_id;
}

static bool is_of_device(struct dma_chan *chan, void *param)
{
	return chan->device->dev == param;
}

/* dmaengine shows a provider only by one of its channels. */
static void tell_channels_apart(struct card *card, struct device *xdma)
{
	struct dma_chan *chan;
	dma_cap_mask_t mask;

	dma_cap_zero(mask);
	dma_cap_set(DMA_SLAVE, mask);
	chan = dma_request_channel(mask, is_of_device, xdma);
	if (!chan) {
		dev_warn(&card->pdev->dev,
			 "cannot tell its channels apart\n");
		return;
	}
	chan->device->filter.fn = is_channel;
	dma_release_channel(chan);
}

static int xdma_bound(struct notifier_block *nb, unsigned long action,
		      void *data)
{
	struct card *card = container_of(nb, struct card, bound);
	struct device *dev = data;

	if (action == BUS_NOTIFY_BOUND_DRIVER &&
	    dev->parent == &card->pdev->dev &&
	    !strcmp(to_platform_device(dev)->name, "xdma"))
		tell_channels_apart(card, dev);
	return NOTIFY_DONE;
}

/* The names have to be known before there are devices. */
static void name_channels(struct card *card)
{
	struct pci_dev *pdev = card->pdev;
	int first = (pci_domain_nr(pdev->bus) & 0x1fff) << 18 |
		    pci_dev_id(pdev) << 2;
	int i;

	for (i = 0; i < card->from_card; i++) {
		struct card_channel *channel = &card->channels[i];

		channel->info.dir = DMA_DEV_TO_MEM;
		channel->chan_id = card->to_card + i;
		channel->id = first + i;
		snprintf(channel->name, sizeof(channel->name), "fpgabuf.%d",
			 channel->id);
		card->map[i] = (struct dma_slave_map){
			.devname = channel->name,
			.slave = "rx",
			.param = XDMA_FILTER_PARAM(&channel->info),
		};
	}
}

static int add_xdma(struct card *card)
{
	struct pci_dev *pdev = card->pdev;
	struct xdma_platdata data = {
		.max_dma_channels = XDMA_MAX_CHANNELS,
		.device_map = card->map,
		.device_map_cnt = card->from_card,
	};
	int irq = pci_irq_vector(pdev, 0);
	struct resource res[] = {
		{
			.start = pci_resource_start(pdev, card->bar),
			.end = pci_resource_start(pdev, card->bar) +
			       XDMA_REGS_SIZE - 1,
			.flags = IORESOURCE_MEM,
			.parent = &pdev->resource[card->bar],
		}, {
			.start = irq,
			.end = irq + card->to_card + card->from_card - 1,
			.flags = IORESOURCE_IRQ,
		},
	};
	const struct platform_device_info info = {
		.parent = &pdev->dev,
		.name = "xdma",
		.id = PLATFORM_DEVID_AUTO,
		.res = res,
		.num_res = ARRAY_SIZE(res),
		.data = &data,
		.size_data = sizeof(data),
	};

	card->xdma = platform_device_register_full(&info);
	return PTR_ERR_OR_ZERO(card->xdma);
}

static bool is_stream(const struct card *card, int i)
{
	return readl(card->regs + XDMA_FROM_CARD + XDMA_CHANNEL(i)) &
	       XDMA_IS_STREAM;
}

/*
 * A channel with a stream ignores the source address of its descriptors, but
 * for this: when one is done it writes there how long it was.  The xdma driver
 * puts what it was configured with, and would have 0 written to otherwise.
 */
static u64 source_address(const struct card *card, int i)
{
	return is_stream(card, i) ? card->writeback_dma + i * WRITEBACK_SIZE :
				    address;
}

static int add_fpgabuf(struct card *card, int i)
{
	struct card_channel *channel = &card->channels[i];
	const struct property_entry properties[] = {
		PROPERTY_ENTRY_U64("fpgabuf,address", source_address(card, i)),
		is_stream(card, i) ? PROPERTY_ENTRY_BOOL("fpgabuf,stream") :
				     (struct property_entry){ },
		{ }
	};
	const struct platform_device_info info = {
		.parent = &card->pdev->dev,
		.name = "fpgabuf",
		.id = channel->id,
		.properties = properties,
	};
	struct platform_device *fpgabuf = platform_device_register_full(&info);

	if (IS_ERR(fpgabuf))
		return PTR_ERR(fpgabuf);
	channel->fpgabuf = fpgabuf;
	return 0;
}

/*
 * The controller first: it takes the fpgabuf devices with it, which then let go of
 * channels that have not stopped, too.
 */
static void remove_devices(struct card *card)
{
	int i;

	platform_device_unregister(card->xdma);
	for (i = 0; i < card->from_card; i++)
		platform_device_unregister(card->channels[i].fpgabuf);
	bus_unregister_notifier(&platform_bus_type, &card->bound);
}

static int add_devices(struct card *card)
{
	struct device *dev = &card->pdev->dev;
	int i, ret;

	name_channels(card);
	card->bound.notifier_call = xdma_bound;
	ret = bus_register_notifier(&platform_bus_type, &card->bound);
	if (ret)
		return ret;
	ret = add_xdma(card);
	if (ret) {
		bus_unregister_notifier(&platform_bus_type, &card->bound);
		return dev_err_probe(dev, ret,
				     "cannot add the device of its DMA\n");
	}
	for (i = 0; i < card->from_card; i++) {
		ret = add_fpgabuf(card, i);
		if (ret) {
			remove_devices(card);
			return dev_err_probe(dev, ret, "cannot add %s\n",
					     card->channels[i].name);
		}
	}
	return 0;
}

static int get_dma(struct card *card)
{
	struct pci_dev *pdev = card->pdev;
	int ret;

	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "cannot do DMA\n");
	dma_set_max_seg_size(&pdev->dev, XDMA_MAX_SEGMENT);
	card->writeback = dmam_alloc_coherent(&pdev->dev,
					      XDMA_MAX_CHANNELS * WRITEBACK_SIZE,
					      &card->writeback_dma, GFP_KERNEL);
	return card->writeback ? 0 : -ENOMEM;
}

static bool is_busy(const struct card *card)
{
	int i;

	for (i = 0; i < card->from_card; i++)
		if (readl(card->regs + XDMA_FROM_CARD + XDMA_CHANNEL(i) +
			  XDMA_STATUS) & XDMA_STATUS_BUSY)
			return true;
	return false;
}

/*
 * A descriptor that waits for data can only be ended by a reset; the xdma driver
 * would leave it where it is.  Whatever comes of that, nothing is written to
 * memory until the card is bus master again.
 */
static int stop_dma(struct card *card)
{
	struct pci_dev *pdev = card->pdev;

	pci_clear_master(pdev);
	if (!pci_device_is_present(pdev) || !is_busy(card))
		return 0;
	if (!pci_save_state(pdev)) {
		__pci_reset_function_locked(pdev);
		pci_restore_state(pdev);
	}
	if (!is_busy(card))
		return 0;
	dev_warn(&pdev->dev,
		 "it is at a descriptor that no reset ends; switch its power off before you use it again\n");
	return -EBUSY;
}

static int card_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct device *dev = &pdev->dev;
	struct card *card;
	int ret;

	card = devm_kzalloc(dev, sizeof(*card), GFP_KERNEL);
	if (!card)
		return -ENOMEM;
	card->pdev = pdev;
	pci_set_drvdata(pdev, card);

	ret = pcim_enable_device(pdev);
	if (ret)
		return dev_err_probe(dev, ret, "cannot enable the card\n");
	ret = find_registers(card);
	if (ret)
		return ret;
	ret = find_channels(card);
	if (ret)
		return ret;
	/* It may be at what a kernel wanted that ran before this one. */
	ret = stop_dma(card);
	if (ret)
		return ret;
	ret = get_dma(card);
	if (ret)
		return ret;
	ret = get_vectors(card);
	if (ret)
		return ret;
	pci_set_master(pdev);
	ret = add_devices(card);
	if (ret) {
		pci_clear_master(pdev);
		pci_free_irq_vectors(pdev);
		return ret;
	}
	dev_info(dev, "XDMA with %d channels from the card\n", card->from_card);
	return 0;
}

static void card_remove(struct pci_dev *pdev)
{
	struct card *card = pci_get_drvdata(pdev);

	stop_dma(card);
	remove_devices(card);
	pci_free_irq_vectors(pdev);
}

/* The next kernel may have a driver that does not stop it. */
static void card_shutdown(struct pci_dev *pdev)
{
	stop_dma(pci_get_drvdata(pdev));
}

/* An empty table of IDs, rather than none, would let no ID be added. */
static struct pci_driver card_driver = {
	.name = "fpgabuf-xdma",
	.probe = card_probe,
	.remove = card_remove,
	.shutdown = card_shutdown,
};
module_pci_driver(card_driver);

MODULE_DESCRIPTION("Capture from a PCIe card with XDMA");
MODULE_AUTHOR("The fpgabuf developers");
MODULE_LICENSE("GPL");
