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

#include "capture.h"
#include "channel.h"
#include "chardev.h"
#include "compat.h"
#include "debugfs.h"
#include "fence.h"
#include "memory.h"
#include "region.h"

/**
 * struct fpgabuf_device - a capture device, while it is bound
 * @id: number in the name of the node
 * @stream: what is captured; a reference is held
 * @node: the device node
 * @debugfs: its directory there
 *
 * The driver core serialises who binds and unbinds.
 */
struct fpgabuf_device {
	int id;
	struct fpgabuf_stream *stream;
	struct fpgabuf_node node;
	struct dentry *debugfs;
};

static DEFINE_IDA(fpgabuf_ids);

static int set_up(struct fpgabuf_device *fdev, struct platform_device *pdev)
{
	struct fpgabuf_stream *stream = fpgabuf_stream_create(pdev, fdev->id);
	int ret;

	if (IS_ERR(stream))
		return PTR_ERR(stream);
	fdev->stream = stream;
	dev_info(&pdev->dev, "%s captures through %s\n", stream->memory->name,
		 dma_chan_name(stream->channel.chan));
	ret = fpgabuf_node_add(&fdev->node, stream, &pdev->dev);
	if (ret) {
		fpgabuf_stream_unbind(stream);
		return ret;
	}
	fdev->debugfs = fpgabuf_debugfs_add(stream);
	return 0;
}

static int fpgabuf_probe(struct platform_device *pdev)
{
	struct fpgabuf_device *fdev = kzalloc_obj(*fdev);
	int ret;

	if (!fdev)
		return -ENOMEM;
	ret = ida_alloc(&fpgabuf_ids, GFP_KERNEL);
	if (ret < 0)
		goto err_free;
	fdev->id = ret;
	platform_set_drvdata(pdev, fdev);
	ret = set_up(fdev, pdev);
	if (ret)
		goto err_id;
	return 0;

err_id:
	ida_free(&fpgabuf_ids, fdev->id);
err_free:
	kfree(fdev);
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

	fpgabuf_debugfs_remove(fdev->debugfs);
	fpgabuf_node_remove(&fdev->node);
	/*
	 * The number is that of the node: who is bound again has the same one,
	 * whoever still holds a region of the past.
	 */
	ida_free(&fpgabuf_ids, fdev->id);
	fpgabuf_stream_unbind(fdev->stream);
	kfree(fdev);
}

/*
 * The machine goes down, or another kernel is about to run: the FPGA must not go
 * on writing into memory that is somebody else's then.
 */
static void fpgabuf_shutdown(struct platform_device *pdev)
{
	struct fpgabuf_device *fdev = platform_get_drvdata(pdev);

	fpgabuf_stream_stop(fdev->stream, -ESHUTDOWN);
}

/* Nobody queues meanwhile: processes are frozen before devices are suspended. */
static int fpgabuf_suspend(struct device *dev)
{
	struct fpgabuf_device *fdev = dev_get_drvdata(dev);

	fpgabuf_stream_suspend(fdev->stream);
	return 0;
}

static int fpgabuf_resume(struct device *dev)
{
	struct fpgabuf_device *fdev = dev_get_drvdata(dev);

	return fpgabuf_stream_resume(fdev->stream);
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
