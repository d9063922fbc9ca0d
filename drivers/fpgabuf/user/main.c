// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf-user - a DMA channel whose hardware is a program
 *
 * For a DMA master that a program drives, by registers that it maps or in
 * whatever way, so that nobody has to write a dmaengine driver for it; and for
 * simulators, whose master is a program altogether.
 *
 * Makes platform devices "fpgabuf-user", each with a DMA channel, and below each
 * a platform device "fpgabuf" that the driver binds to.  Where there is a device
 * tree, it can have such channels too ("fpgabuf,user"); then it also says which
 * part of the memory the master reaches, and who captures from it.
 */
#include <linux/dma-mapping.h>
#include <linux/idr.h>
#include <linux/log2.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../compat.h"
#include "user.h"

#define USER_MAX_CHANNELS	8

/* Clients have numbers behind those of the simulated FPGAs. */
#define USER_FIRST_CLIENT	8

#define USER_MAX_ALIGNMENT	SZ_4K

static unsigned int channels = 1;
module_param(channels, uint, 0444);
MODULE_PARM_DESC(channels, "how many channels there are beside those of the device tree (0 to 8)");

static unsigned int address_bits = 64;
module_param(address_bits, uint, 0444);
MODULE_PARM_DESC(address_bits, "bits of the addresses that the masters of these can reach (24 to 64)");

static unsigned int alignment = 1;
module_param(alignment, uint, 0444);
MODULE_PARM_DESC(alignment, "bytes that the lengths of captures are a multiple of, a power of two");

bool user_simulator;
module_param_named(simulator, user_simulator, bool, 0444);
MODULE_PARM_DESC(simulator, "let programs write into captures through the node, for simulators");

static struct platform_device *user_devices[USER_MAX_CHANNELS];

/* Numbers of the doors of channels that have none of their own */
static DEFINE_IDA(user_ids);

/* Doors of channels that are or were bound; changed by probe and exit only */
static LIST_HEAD(doors);
static DEFINE_MUTEX(doors_lock);

static void door_free(struct user_door *door)
{
	if (door->id >= USER_MAX_CHANNELS)
		ida_free(&user_ids, door->id);
	kfree(door);
}

static struct user_door *door_find(const char *owner)
{
	struct user_door *door;

	lockdep_assert_held(&doors_lock);
	list_for_each_entry(door, &doors, node)
		if (!strcmp(door->owner, owner))
			return door;
	return NULL;
}

static void door_init(struct user_door *door, const char *owner, int id)
{
	strscpy(door->owner, owner, sizeof(door->owner));
	door->id = id;
	spin_lock_init(&door->lock);
	INIT_LIST_HEAD(&door->submitted);
	INIT_LIST_HEAD(&door->issued);
	INIT_LIST_HEAD(&door->stopped);
	mutex_init(&door->busy);
	init_waitqueue_head(&door->wait);
}

static struct user_door *door_make(const char *owner, int id)
{
	struct user_door *door = kzalloc_obj(*door);
	int ret;

	if (!door)
		return ERR_PTR(-ENOMEM);
	if (id < 0)
		id = ida_alloc_min(&user_ids, USER_MAX_CHANNELS, GFP_KERNEL);
	if (id < 0) {
		kfree(door);
		return ERR_PTR(id);
	}
	door_init(door, owner, id);
	ret = user_node_register(door);
	if (ret) {
		door_free(door);
		return ERR_PTR(ret);
	}
	list_add(&door->node, &doors);
	return door;
}

/* The one that the device had when it was bound before, or a new one */
static struct user_door *door_get(struct platform_device *pdev)
{
	const char *owner = dev_name(&pdev->dev);
	struct user_door *door;

	mutex_lock(&doors_lock);
	door = door_find(owner) ?: door_make(owner, pdev->id);
	mutex_unlock(&doors_lock);
	return door;
}

/* The module goes: no node is open, no page held, and no channel there. */
static void doors_remove(void)
{
	struct user_door *door, *next;

	mutex_lock(&doors_lock);
	list_for_each_entry_safe(door, next, &doors, node) {
		WARN_ON(!list_empty(&door->issued) ||
			!list_empty(&door->stopped));
		user_node_unregister(door);
		door_free(door);
	}
	mutex_unlock(&doors_lock);
}

static void door_set_channel(struct user_door *door,
			     struct user_channel *channel)
{
	WRITE_ONCE(door->channel, channel);
	wake_up(&door->wait);
}

static int dma_limits(struct device *dev)
{
	dma_set_max_seg_size(dev, SZ_1G);
	return dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(address_bits));
}

static int client_register(struct user_channel *channel,
			   struct platform_device *pdev)
{
	const struct platform_device_info info = {
		.parent = &pdev->dev,
		.name = "fpgabuf",
		.id = USER_FIRST_CLIENT + pdev->id,
	};

	channel->client = platform_device_register_full(&info);
	return PTR_ERR_OR_ZERO(channel->client);
}

static struct user_channel *channel_make(struct user_door *door,
					 struct platform_device *pdev)
{
	struct user_channel *channel = kzalloc_obj(*channel);
	int ret;

	if (!channel)
		return ERR_PTR(-ENOMEM);
	channel->door = door;
	snprintf(channel->client_name, sizeof(channel->client_name),
		 "fpgabuf.%d", USER_FIRST_CLIENT + pdev->id);
	ret = user_channel_register(channel, &pdev->dev, alignment);
	return ret ? ERR_PTR(ret) : channel;
}

/* A device tree has its clients; else there is one, that finds us by name. */
static int user_probe(struct platform_device *pdev)
{
	struct user_channel *channel;
	struct user_door *door;
	int ret;

	ret = dma_limits(&pdev->dev);
	if (ret)
		return ret;
	door = door_get(pdev);
	if (IS_ERR(door))
		return PTR_ERR(door);
	channel = channel_make(door, pdev);
	if (IS_ERR(channel))
		return PTR_ERR(channel);
	platform_set_drvdata(pdev, channel);
	door_set_channel(door, channel);
	ret = pdev->dev.of_node ? 0 : client_register(channel, pdev);
	if (ret) {
		door_set_channel(door, NULL);
		user_channel_unregister(channel);
	}
	return ret;
}

static void user_remove(struct platform_device *pdev)
{
	struct user_channel *channel = platform_get_drvdata(pdev);

	if (channel->client)
		platform_device_unregister(channel->client);
	door_set_channel(channel->door, NULL);
	user_channel_unregister(channel);
}

static const struct of_device_id user_of_match[] = {
	{ .compatible = "fpgabuf,user" },
	{ }
};
MODULE_DEVICE_TABLE(of, user_of_match);

static struct platform_driver user_driver = {
	.probe = user_probe,
	.remove = user_remove,
	.driver = {
		.name = "fpgabuf-user",
		.of_match_table = user_of_match,
	},
};

static void devices_unregister(unsigned int nr)
{
	while (nr--)
		platform_device_unregister(user_devices[nr]);
}

static bool parameters_valid(void)
{
	return channels <= USER_MAX_CHANNELS &&
	       address_bits >= 24 && address_bits <= 64 &&
	       is_power_of_2(alignment) && alignment <= USER_MAX_ALIGNMENT;
}

static void user_stop(unsigned int nr)
{
	devices_unregister(nr);
	platform_driver_unregister(&user_driver);
	doors_remove();
}

static int __init user_init(void)
{
	unsigned int i;
	int ret;

	if (!parameters_valid())
		return -EINVAL;
	ret = platform_driver_register(&user_driver);
	if (ret)
		return ret;
	for (i = 0; i < channels; i++) {
		user_devices[i] =
			platform_device_register_simple("fpgabuf-user", i,
							NULL, 0);
		if (IS_ERR(user_devices[i])) {
			ret = PTR_ERR(user_devices[i]);
			user_stop(i);
			return ret;
		}
	}
	return 0;
}
module_init(user_init);

static void __exit user_exit(void)
{
	user_stop(channels);
}
module_exit(user_exit);

MODULE_DESCRIPTION("DMA channel whose hardware is a program, for fpgabuf");
MODULE_AUTHOR("The fpgabuf developers");
MODULE_LICENSE("GPL");
