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

static struct platform_device *sim_devices[SIM_MAX_DEVICES];

/* Numbers of those that have none of their own */
static DEFINE_IDA(sim_ids);

static void sim_free(struct kref *ref)
{
	struct sim *sim = container_of(ref, struct sim, ref);

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

static struct sim *dev_to_sim(struct device *dev)
{
	return dev_get_drvdata(dev);
}

static const char * const source_names[] = {
	[SIM_PATTERN] = "pattern",
	[SIM_FEED] = "feed",
};

static ssize_t source_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  source_names[dev_to_sim(dev)->settings.source]);
}

/* Writing it, even with the same name, begins a new stream. */
static ssize_t source_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t size)
{
	struct sim *sim = dev_to_sim(dev);
	int source = sysfs_match_string(source_names, buf);

	if (source < 0)
		return source;
	mutex_lock(&sim->busy);
	WRITE_ONCE(sim->settings.source, source);
	sim_source_reset(sim);
	mutex_unlock(&sim->busy);
	wake_up(&sim->wake);
	return size;
}
static DEVICE_ATTR_RW(source);

/**
 * struct sim_attribute - a setting that is a number
 * @dev: its file
 * @offset: where it is in struct sim_settings
 * @min: least value
 * @max: largest value
 */
struct sim_attribute {
	struct device_attribute dev;
	size_t offset;
	u64 min;
	u64 max;
};

static u64 *setting(struct sim *sim, struct device_attribute *attr,
		    const struct sim_attribute **limits)
{
	*limits = container_of(attr, struct sim_attribute, dev);
	return (void *)&sim->settings + (*limits)->offset;
}

static ssize_t number_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	const struct sim_attribute *limits;
	u64 *number = setting(dev_to_sim(dev), attr, &limits);

	return sysfs_emit(buf, "%llu\n", READ_ONCE(*number));
}

/* Begins a new packet, and to count the rate from now on. */
static ssize_t number_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t size)
{
	struct sim *sim = dev_to_sim(dev);
	const struct sim_attribute *limits;
	u64 *number = setting(sim, attr, &limits);
	u64 value;
	int ret;

	ret = kstrtou64(buf, 0, &value);
	if (ret)
		return ret;
	if (value < limits->min || value > limits->max)
		return -EINVAL;

	mutex_lock(&sim->busy);
	spin_lock_irq(&sim->lock);
	WRITE_ONCE(*number, value);
	spin_unlock_irq(&sim->lock);
	sim->packet_done = 0;
	sim_source_restart_rate(sim);
	mutex_unlock(&sim->busy);
	wake_up(&sim->wake);
	return size;
}

#define SIM_ATTR(_name, _min, _max)					\
	static struct sim_attribute sim_attr_##_name = {		\
		.dev.attr = {						\
			.name = __stringify(_name),			\
			.mode = 0644,					\
		},							\
		.dev.show = number_show,				\
		.dev.store = number_store,				\
		.offset = offsetof(struct sim_settings, _name),		\
		.min = _min,						\
		.max = _max,						\
	}

SIM_ATTR(rate, 0, U64_MAX);
SIM_ATTR(burst, 1, U32_MAX);
SIM_ATTR(packet, 0, U64_MAX);
SIM_ATTR(lossy, 0, 1);
SIM_ATTR(stall, 0, 1);
SIM_ATTR(delay_us, 0, USEC_PER_SEC);
SIM_ATTR(jitter_us, 0, USEC_PER_SEC);
SIM_ATTR(fail_prep, 0, U32_MAX);
SIM_ATTR(fail_submit, 0, U32_MAX);
SIM_ATTR(fail_transfer, 0, U32_MAX);

static u64 read_counter(struct sim *sim, const u64 *counter)
{
	u64 value;

	mutex_lock(&sim->busy);
	value = *counter;
	mutex_unlock(&sim->busy);
	return value;
}

static ssize_t position_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	struct sim *sim = dev_to_sim(dev);

	return sysfs_emit(buf, "%llu\n", read_counter(sim, &sim->position));
}
static DEVICE_ATTR_RO(position);

static ssize_t lost_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct sim *sim = dev_to_sim(dev);

	return sysfs_emit(buf, "%llu\n", read_counter(sim, &sim->lost));
}
static DEVICE_ATTR_RO(lost);

static ssize_t overflows_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	struct sim *sim = dev_to_sim(dev);

	return sysfs_emit(buf, "%llu\n", read_counter(sim, &sim->overflows));
}
static DEVICE_ATTR_RO(overflows);

static ssize_t starved_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct sim *sim = dev_to_sim(dev);
	u64 starved;

	spin_lock_irq(&sim->lock);
	starved = sim->starved;
	spin_unlock_irq(&sim->lock);
	return sysfs_emit(buf, "%llu\n", starved);
}
static DEVICE_ATTR_RO(starved);

static struct attribute *sim_attrs[] = {
	&dev_attr_source.attr,
	&dev_attr_position.attr,
	&dev_attr_lost.attr,
	&dev_attr_overflows.attr,
	&dev_attr_starved.attr,
	&sim_attr_rate.dev.attr,
	&sim_attr_burst.dev.attr,
	&sim_attr_packet.dev.attr,
	&sim_attr_lossy.dev.attr,
	&sim_attr_stall.dev.attr,
	&sim_attr_delay_us.dev.attr,
	&sim_attr_jitter_us.dev.attr,
	&sim_attr_fail_prep.dev.attr,
	&sim_attr_fail_submit.dev.attr,
	&sim_attr_fail_transfer.dev.attr,
	NULL
};
ATTRIBUTE_GROUPS(sim);

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
	ret = sim_channel_register(sim);
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
	mutex_init(&sim->busy);
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

static struct platform_driver sim_driver = {
	.probe = sim_probe,
	.remove = sim_remove,
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
