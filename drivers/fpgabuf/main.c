// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - capture from an FPGA into dma-bufs that have real pages
 *
 * A plain dmaengine client: whatever moves the FPGA's samples into memory is
 * the provider of a channel named "rx".  The simulated FPGA in sim/ is such a
 * provider.
 */
#include <linux/idr.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/slab.h>

#include "backends.h"
#include "compat.h"
#include "fpgabuf.h"

static unsigned int timeout_ms = 10000;
module_param(timeout_ms, uint, 0444);
MODULE_PARM_DESC(timeout_ms, "timeout of captures that are queued without one, in ms (1 to 3600000)");

static DEFINE_IDA(fpgabuf_ids);

static void device_free(struct kref *ref)
{
	struct fpgabuf_device *fdev =
		container_of(ref, struct fpgabuf_device, ref);

	destroy_workqueue(fdev->watchdog_wq);
	destroy_workqueue(fdev->wq);
	if (fdev->memory)
		fpgabuf_memory_put(fdev->memory);
	put_device(fdev->dev);
	kfree(fdev);
}

/**
 * fpgabuf_device_get() - take a reference
 * @fdev: a device the caller knows to be alive
 */
void fpgabuf_device_get(struct fpgabuf_device *fdev)
{
	kref_get(&fdev->ref);
}

/**
 * fpgabuf_device_put() - drop a reference
 * @fdev: the device; freed with the last one
 *
 * Context: process, may sleep.
 */
void fpgabuf_device_put(struct fpgabuf_device *fdev)
{
	kref_put(&fdev->ref, device_free);
}

static struct fpgabuf_device *device_alloc(struct device *dev)
{
	struct fpgabuf_device *fdev;
	int ret = -ENOMEM;

	fdev = kzalloc_obj(*fdev);
	if (!fdev)
		return ERR_PTR(-ENOMEM);

	fdev->id = ida_alloc(&fpgabuf_ids, GFP_KERNEL);
	if (fdev->id < 0) {
		ret = fdev->id;
		goto err_free;
	}

	fdev->wq = alloc_workqueue("fpgabuf%d",
				   WQ_UNBOUND | WQ_HIGHPRI | WQ_MEM_RECLAIM, 0,
				   fdev->id);
	if (!fdev->wq)
		goto err_id;
	fdev->watchdog_wq = alloc_workqueue("fpgabuf%d-watchdog",
					    WQ_UNBOUND | WQ_MEM_RECLAIM, 0,
					    fdev->id);
	if (!fdev->watchdog_wq)
		goto err_wq;

	kref_init(&fdev->ref);
	fdev->dev = get_device(dev);
	init_rwsem(&fdev->binding);
	mutex_init(&fdev->lock);
	INIT_LIST_HEAD(&fdev->regions);
	fdev->timeout_ms = clamp_t(u32, timeout_ms, 1, FPGABUF_TIMEOUT_MAX_MS);
	fpgabuf_capture_init(fdev);
	return fdev;

err_wq:
	destroy_workqueue(fdev->wq);
err_id:
	ida_free(&fpgabuf_ids, fdev->id);
err_free:
	kfree(fdev);
	return ERR_PTR(ret);
}

static int node_register(struct fpgabuf_device *fdev)
{
	fdev->misc = (struct miscdevice){
		.minor = MISC_DYNAMIC_MINOR,
		.name = fdev->memory->name,
		.fops = &fpgabuf_fops,
		.parent = fdev->dev,
		.mode = 0660,
	};
	return misc_register(&fdev->misc);
}

static int dma_setup(struct fpgabuf_device *fdev, struct platform_device *pdev)
{
	struct fpgabuf_channel *channel = &fdev->channel;
	struct fpgabuf_memory *memory;
	int ret;

	ret = fpgabuf_channel_open(channel, pdev, &fpgabuf_capture_ops);
	if (ret)
		return ret;
	memory = fpgabuf_memory_create(fdev->dev,
				       fpgabuf_channel_dma_device(channel),
				       fdev->id);
	if (IS_ERR(memory)) {
		fpgabuf_channel_close(channel);
		return PTR_ERR(memory);
	}
	fdev->memory = memory;
	return 0;
}

static int fpgabuf_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct fpgabuf_device *fdev;
	int ret;

	fdev = device_alloc(dev);
	if (IS_ERR(fdev))
		return PTR_ERR(fdev);
	platform_set_drvdata(pdev, fdev);

	ret = dma_setup(fdev, pdev);
	if (ret)
		goto err_device;
	dev_info(dev, "%s captures through %s\n", fdev->memory->name,
		 dma_chan_name(fdev->channel.chan));
	ret = node_register(fdev);
	if (ret)
		goto err_channel;
	fpgabuf_debugfs_add(fdev);
	return 0;

err_channel:
	fpgabuf_channel_close(&fdev->channel);
err_device:
	ida_free(&fpgabuf_ids, fdev->id);
	fpgabuf_device_put(fdev);
	return ret;
}

/*
 * The DMA ends here; the memory does not.  Captures that ran come back with
 * ENODEV, data already captured stays readable, and regions go with their last
 * holder.  Only what the channel does not let go of stays as it is.
 */
static void fpgabuf_remove(struct platform_device *pdev)
{
	struct fpgabuf_device *fdev = platform_get_drvdata(pdev);
	struct fpgabuf_region *region;

	fpgabuf_debugfs_remove(fdev);
	misc_deregister(&fdev->misc);
	/*
	 * The number is that of the node: who is bound again has the same one,
	 * whoever still holds a region of the past.
	 */
	ida_free(&fpgabuf_ids, fdev->id);

	down_write(&fdev->binding);
	mutex_lock(&fdev->lock);
	WRITE_ONCE(fdev->gone, true);
	fpgabuf_capture_cancel(fdev, -ENODEV);
	fpgabuf_channel_close(&fdev->channel);
	list_for_each_entry(region, &fdev->regions, node)
		fpgabuf_owner_unmap(region);
	mutex_unlock(&fdev->lock);
	up_write(&fdev->binding);

	cancel_delayed_work_sync(&fdev->watchdog);
	wake_up_interruptible_all(&fdev->wait);
	fpgabuf_device_put(fdev);
}

/*
 * The machine goes down, or another kernel is about to run: the FPGA must not go
 * on writing into memory that is somebody else's then.
 */
static void fpgabuf_shutdown(struct platform_device *pdev)
{
	struct fpgabuf_device *fdev = platform_get_drvdata(pdev);

	mutex_lock(&fdev->lock);
	WRITE_ONCE(fdev->gone, true);
	fpgabuf_capture_cancel(fdev, -ESHUTDOWN);
	mutex_unlock(&fdev->lock);
	wake_up_interruptible_all(&fdev->wait);
}

/* Nobody queues meanwhile: processes are frozen before devices are suspended. */
static int fpgabuf_suspend(struct device *dev)
{
	struct fpgabuf_device *fdev = dev_get_drvdata(dev);

	mutex_lock(&fdev->lock);
	fpgabuf_capture_suspend(fdev);
	mutex_unlock(&fdev->lock);
	return 0;
}

static int fpgabuf_resume(struct device *dev)
{
	struct fpgabuf_device *fdev = dev_get_drvdata(dev);

	return fpgabuf_channel_resume(&fdev->channel);
}

static DEFINE_SIMPLE_DEV_PM_OPS(fpgabuf_pm_ops, fpgabuf_suspend,
				fpgabuf_resume);

static const struct of_device_id fpgabuf_of_match[] = {
	{ .compatible = "fpgabuf,capture" },
	{ }
};
MODULE_DEVICE_TABLE(of, fpgabuf_of_match);

static const struct platform_device_id fpgabuf_id_table[] = {
	{ .name = "fpgabuf" },
	{ }
};
MODULE_DEVICE_TABLE(platform, fpgabuf_id_table);

static struct platform_driver fpgabuf_driver = {
	.probe = fpgabuf_probe,
	.remove = fpgabuf_remove,
	.shutdown = fpgabuf_shutdown,
	.id_table = fpgabuf_id_table,
	.driver = {
		.name = "fpgabuf",
		.of_match_table = fpgabuf_of_match,
		.pm = pm_sleep_ptr(&fpgabuf_pm_ops),
	},
};

static int __init fpgabuf_init(void)
{
	int ret;

	fpgabuf_debugfs_init();
	ret = platform_driver_register(&fpgabuf_driver);
	if (ret)
		fpgabuf_debugfs_exit();
	return ret;
}
module_init(fpgabuf_init);

static void __exit fpgabuf_exit(void)
{
	platform_driver_unregister(&fpgabuf_driver);
	fpgabuf_debugfs_exit();
	fpgabuf_fence_barrier();
	fpgabuf_quarantine_barrier();
}
module_exit(fpgabuf_exit);

MODULE_DESCRIPTION("Capture from an FPGA into dma-bufs with real pages");
MODULE_AUTHOR("The fpgabuf developers");
MODULE_LICENSE("GPL");
