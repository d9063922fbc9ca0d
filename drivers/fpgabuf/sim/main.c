// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf-sim - a simulated FPGA
 *
 * Makes platform devices "fpgabuf-sim", each with a DMA channel whose data come
 * from nowhere or from a device node, and below each a platform device
 * "fpgabuf" that the driver binds to.  Everything above the channel is then
 * what it is on a board.
 *
 * Where there is a device tree, it can have such FPGAs too ("fpgabuf,sim"), with
 * one cell-less DMA request line; then it also says who captures from them, as
 * it does on a board.
 */
#include <linux/dma-mapping.h>
#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "../compat.h"
#include "sim.h"

#define SIM_MAX_DEVICES	8

static unsigned int devices = 1;
module_param(devices, uint, 0444);
MODULE_PARM_DESC(devices, "how many FPGAs to simulate beside those of the device tree (0 to 8)");

static unsigned int max_segment = SZ_4M;
module_param(max_segment, uint, 0444);
MODULE_PARM_DESC(max_segment, "bytes the DMA master takes as one piece");

static bool known = true;
module_param(known, bool, 0444);
MODULE_PARM_DESC(known, "be the provider that fpgabuf knows and believes (default), or one it has never heard of");

static bool no_terminate;
module_param(no_terminate, bool, 0644);
MODULE_PARM_DESC(no_terminate, "channels of FPGAs that are bound from now on have no way to be stopped");

static struct platform_device *sim_devices[SIM_MAX_DEVICES];

/* Numbers of those that have none of their own */
static DEFINE_IDA(sim_ids);

static void sim_free(struct kref *ref)
{
	struct sim *sim = container_of(ref, struct sim, ref);

	sim_channel_free(sim);
	sim_feed_free(sim);
	if (sim->id >= SIM_MAX_DEVICES)
		ida_free(&sim_ids, sim->id);
	kfree(sim->map.devname);
	kfree(sim);
}

/**
 * sim_put() - drop a reference
 * @sim: the simulator; freed with the last one
 */
void sim_put(struct sim *sim)
{
	kref_put(&sim->ref, sim_free);
}

static int dma_limits(struct device *dev)
{
	if (device_iommu_mapped(dev))
		return dev_err_probe(dev, -EOPNOTSUPP,
				     "cannot write through an IOMMU\n");
	dma_set_max_seg_size(dev, max_segment);
	return dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(64));
}

static struct platform_device *client_register(struct platform_device *pdev)
{
	const struct platform_device_info info = {
		.parent = &pdev->dev,
		.name = "fpgabuf",
		.id = pdev->id,
	};

	return platform_device_register_full(&info);
}

/* A device tree has its clients; else there is one, that finds us by name. */
static int sim_start(struct sim *sim, struct platform_device *pdev)
{
	bool alone = !pdev->dev.of_node;
	int ret;

	if (alone) {
		sim->map.devname = kasprintf(GFP_KERNEL, "fpgabuf.%d",
					     pdev->id);
		if (!sim->map.devname)
			return -ENOMEM;
	}

	ret = sim_feed_register(sim);
	if (ret)
		return ret;
	ret = sim_channel_register(sim, !no_terminate);
	if (ret)
		goto err_feed;
	if (alone)
		sim->client = client_register(pdev);
	if (IS_ERR(sim->client)) {
		ret = PTR_ERR(sim->client);
		goto err_channel;
	}
	return 0;

err_channel:
	sim_channel_unregister(sim);
err_feed:
	sim_feed_unregister(sim);
	return ret;
}

static int sim_probe(struct platform_device *pdev)
{
	struct sim *sim;
	int id, ret;

	ret = dma_limits(&pdev->dev);
	if (ret)
		return ret;
	sim = kzalloc_obj(*sim);
	if (!sim)
		return -ENOMEM;
	id = pdev->id >= 0 ? pdev->id :
			     ida_alloc_min(&sim_ids, SIM_MAX_DEVICES,
					   GFP_KERNEL);
	if (id < 0) {
		kfree(sim);
		return id;
	}

	kref_init(&sim->ref);
	sim->id = id;
	sim->dev = &pdev->dev;
	sim->settings.burst = SZ_64K;
	sim_channel_init(sim);
	platform_set_drvdata(pdev, sim);

	ret = sim_start(sim, pdev);
	if (ret)
		sim_put(sim);
	return ret;
}

static void sim_remove(struct platform_device *pdev)
{
	struct sim *sim = platform_get_drvdata(pdev);

	if (sim->client)
		platform_device_unregister(sim->client);
	sim_channel_unregister(sim);
	sim_feed_unregister(sim);
	sim_put(sim);
}

static const struct of_device_id sim_of_match[] = {
	{ .compatible = "fpgabuf,sim" },
	{ }
};
MODULE_DEVICE_TABLE(of, sim_of_match);

/* Its devices have that name, whatever that of the driver is. */
static const struct platform_device_id sim_id_table[] = {
	{ "fpgabuf-sim" },
	{ }
};

static struct platform_driver sim_driver = {
	.probe = sim_probe,
	.remove = sim_remove,
	.id_table = sim_id_table,
	.driver = {
		.name = "fpgabuf-sim",
		.of_match_table = sim_of_match,
		.dev_groups = sim_groups,
	},
};

static void devices_unregister(unsigned int nr)
{
	while (nr--)
		platform_device_unregister(sim_devices[nr]);
}

static int __init sim_init(void)
{
	unsigned int i;
	int ret;

	if (devices > SIM_MAX_DEVICES || max_segment < PAGE_SIZE)
		return -EINVAL;
	/* It is by the name of its driver that a client knows a provider. */
	if (!known)
		sim_driver.driver.name = "fpgabuf-simx";
	ret = platform_driver_register(&sim_driver);
	if (ret)
		return ret;

	for (i = 0; i < devices; i++) {
		sim_devices[i] = platform_device_register_simple("fpgabuf-sim",
								 i, NULL, 0);
		if (IS_ERR(sim_devices[i])) {
			ret = PTR_ERR(sim_devices[i]);
			devices_unregister(i);
			platform_driver_unregister(&sim_driver);
			return ret;
		}
	}
	return 0;
}
module_init(sim_init);

static void __exit sim_exit(void)
{
	devices_unregister(devices);
	platform_driver_unregister(&sim_driver);
}
module_exit(sim_exit);

MODULE_DESCRIPTION("Simulated FPGA for fpgabuf");
MODULE_AUTHOR("The fpgabuf developers");
MODULE_LICENSE("GPL");
