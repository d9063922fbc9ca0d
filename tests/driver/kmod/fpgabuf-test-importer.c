// SPDX-License-Identifier: GPL-2.0
/*
 * An importer that does what real ones do, and tells what it saw: several
 * devices with limits of their own, reads by DMA address, vmap, mmap.
 */
#include <linux/dma-buf.h>
#include <linux/dma-direct.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../../../drivers/fpgabuf/compat.h"
#include "fpgabuf-test-importer.h"

/**
 * struct importer - an open file
 * @lock: serialises its calls
 * @pdev: its device
 * @dmabuf: what it has imported, or NULL
 * @attach: the attachment
 * @sgt: the mapping
 * @dir: what it was mapped for
 * @map: the vmap, null if there is none
 */
struct importer {
	struct mutex lock; /* one call at a time */
	struct platform_device *pdev;
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attach;
	struct sg_table *sgt;
	enum dma_data_direction dir;
	struct iosys_map map;
};

static void importer_vunmap(struct importer *imp)
{
	if (iosys_map_is_null(&imp->map))
		return;
	dma_buf_vunmap_unlocked(imp->dmabuf, &imp->map);
	iosys_map_clear(&imp->map);
}

static void importer_drop(struct importer *imp)
{
	if (!imp->dmabuf)
		return;
	importer_vunmap(imp);
	dma_buf_unmap_attachment_unlocked(imp->attach, imp->sgt, imp->dir);
	dma_buf_detach(imp->dmabuf, imp->attach);
	dma_buf_put(imp->dmabuf);
	imp->dmabuf = NULL;
}

static int importer_map(struct importer *imp, struct dma_buf *dmabuf)
{
	struct dma_buf_attachment *attach;
	struct sg_table *sgt;

	attach = dma_buf_attach(dmabuf, &imp->pdev->dev);
	if (IS_ERR(attach))
		return PTR_ERR(attach);
	sgt = dma_buf_map_attachment_unlocked(attach, imp->dir);
	if (IS_ERR(sgt)) {
		dma_buf_detach(dmabuf, attach);
		return PTR_ERR(sgt);
	}
	imp->dmabuf = dmabuf;
	imp->attach = attach;
	imp->sgt = sgt;
	return 0;
}

static int importer_import(struct importer *imp, void __user *param)
{
	struct importer_import arg;
	struct dma_buf *dmabuf;
	struct scatterlist *sg;
	int i, ret;

	if (copy_from_user(&arg, param, sizeof(arg)))
		return -EFAULT;
	if (imp->dmabuf)
		return -EBUSY;
	dma_set_max_seg_size(&imp->pdev->dev, arg.max_segment);
	imp->dir = arg.only_writes ? DMA_FROM_DEVICE : DMA_BIDIRECTIONAL;

	dmabuf = dma_buf_get(arg.fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = importer_map(imp, dmabuf);
	if (ret) {
		dma_buf_put(dmabuf);
		return ret;
	}

	arg.nents = imp->sgt->nents;
	arg.longest = 0;
	arg.total = 0;
	for_each_sgtable_dma_sg(imp->sgt, sg, i) {
		arg.longest = max(arg.longest, sg_dma_len(sg));
		arg.total += sg_dma_len(sg);
	}
	return copy_to_user(param, &arg, sizeof(arg)) ? -EFAULT : 0;
}

/* Within a page, as the device would see it; there is no IOMMU. */
static int read_page(struct importer *imp, dma_addr_t addr, size_t size,
		     void __user *to)
{
	phys_addr_t phys = dma_to_phys(&imp->pdev->dev, addr);
	struct page *page = pfn_to_page(PHYS_PFN(phys));
	unsigned long left;
	void *from;

	from = kmap_local_page(page);
	left = copy_to_user(to, from + offset_in_page(phys), size);
	kunmap_local(from);
	return left ? -EFAULT : 0;
}

static int write_page(struct importer *imp, dma_addr_t addr, size_t size)
{
	phys_addr_t phys = dma_to_phys(&imp->pdev->dev, addr);
	void *to = kmap_local_page(pfn_to_page(PHYS_PFN(phys)));

	memset(to + offset_in_page(phys), 0x5a, size);
	kunmap_local(to);
	return 0;
}

static int importer_move(struct importer *imp, const struct importer_read *arg,
			 bool write)
{
	void __user *to = u64_to_user_ptr(arg->buffer);
	u64 left = arg->size;
	struct scatterlist *sg;
	int i, ret;

	for_each_sgtable_dma_sg(imp->sgt, sg, i) {
		unsigned int at, part;

		for (at = 0; at < sg_dma_len(sg) && left; at += part) {
			dma_addr_t addr = sg_dma_address(sg) + at;

			part = min3((u64)(sg_dma_len(sg) - at), left,
				    (u64)(PAGE_SIZE - offset_in_page(addr)));
			ret = write ? write_page(imp, addr, part) :
				      read_page(imp, addr, part, to);
			if (ret)
				return ret;
			to += part;
			left -= part;
		}
	}
	return 0;
}

static int importer_vmap(struct importer *imp, const struct importer_read *arg)
{
	void __user *to = u64_to_user_ptr(arg->buffer);
	int ret;

	if (!iosys_map_is_null(&imp->map))
		return -EBUSY;
	ret = dma_buf_vmap_unlocked(imp->dmabuf, &imp->map);
	if (ret)
		return ret;
	ret = dma_buf_begin_cpu_access(imp->dmabuf, DMA_FROM_DEVICE);
	if (ret)
		return ret;
	if (copy_to_user(to, imp->map.vaddr, arg->size))
		ret = -EFAULT;
	return dma_buf_end_cpu_access(imp->dmabuf, DMA_FROM_DEVICE) ?: ret;
}

static int importer_call(struct importer *imp, unsigned int cmd,
			 void __user *param)
{
	struct importer_read arg;

	if (cmd == IMPORTER_IMPORT)
		return importer_import(imp, param);
	if (!imp->dmabuf)
		return -ENXIO;
	if (cmd == IMPORTER_READ || cmd == IMPORTER_VMAP ||
	    cmd == IMPORTER_WRITE) {
		if (copy_from_user(&arg, param, sizeof(arg)))
			return -EFAULT;
		if (arg.size > imp->dmabuf->size)
			return -EINVAL;
	}

	switch (cmd) {
	case IMPORTER_DROP:
		importer_drop(imp);
		return 0;
	case IMPORTER_READ:
	case IMPORTER_WRITE:
		return importer_move(imp, &arg, cmd == IMPORTER_WRITE);
	case IMPORTER_VMAP:
		return importer_vmap(imp, &arg);
	case IMPORTER_VUNMAP:
		importer_vunmap(imp);
		return 0;
	}
	return -ENOTTY;
}

static long importer_ioctl(struct file *file, unsigned int cmd,
			   unsigned long param)
{
	struct importer *imp = file->private_data;
	long ret;

	mutex_lock(&imp->lock);
	ret = importer_call(imp, cmd, (void __user *)param);
	mutex_unlock(&imp->lock);
	return ret;
}

static int importer_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct importer *imp = file->private_data;

	return imp->dmabuf ? dma_buf_mmap(imp->dmabuf, vma, 0) : -ENXIO;
}

static int importer_open(struct inode *inode, struct file *file)
{
	struct importer *imp;
	int ret;

	imp = kzalloc(sizeof(*imp), GFP_KERNEL);
	if (!imp)
		return -ENOMEM;
	imp->pdev = platform_device_register_simple("fpgabuf-test-importer",
						    PLATFORM_DEVID_AUTO, NULL,
						    0);
	if (IS_ERR(imp->pdev)) {
		ret = PTR_ERR(imp->pdev);
		kfree(imp);
		return ret;
	}
	ret = dma_coerce_mask_and_coherent(&imp->pdev->dev, DMA_BIT_MASK(64));
	if (ret) {
		platform_device_unregister(imp->pdev);
		kfree(imp);
		return ret;
	}
	mutex_init(&imp->lock);
	file->private_data = imp;
	return 0;
}

static int importer_release(struct inode *inode, struct file *file)
{
	struct importer *imp = file->private_data;

	importer_drop(imp);
	platform_device_unregister(imp->pdev);
	kfree(imp);
	return 0;
}

static const struct file_operations importer_fops = {
	.owner = THIS_MODULE,
	.open = importer_open,
	.release = importer_release,
	.unlocked_ioctl = importer_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = importer_mmap,
};

static struct miscdevice importer_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "fpgabuf-test-importer",
	.fops = &importer_fops,
};
module_misc_device(importer_device);

MODULE_IMPORT_NS("DMA_BUF");
MODULE_DESCRIPTION("An importer of dma-bufs that tells what it sees");
MODULE_LICENSE("GPL");
