// SPDX-License-Identifier: GPL-2.0
/*
 * The problem fpgabuf exists for, kept alive: memory that a driver maps with
 * remap_pfn_range() has no struct pages for get_user_pages() to find.  Also as a
 * dma-buf, as some drivers export it.
 */
#include <linux/dma-buf.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>

#include "../../../drivers/fpgabuf/compat.h"
#include "fpgabuf-test-remap.h"

#define SIZE	SZ_1M

static void *memory;

static int remap(struct vm_area_struct *vma)
{
	size_t size = vma->vm_end - vma->vm_start;

	if (vma->vm_pgoff || size > SIZE)
		return -EINVAL;
	return remap_pfn_range(vma, vma->vm_start,
			       page_to_pfn(virt_to_page(memory)), size,
			       vma->vm_page_prot);
}

static int remap_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap(vma);
}

static int dmabuf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	return remap(vma);
}

/* No device is to have it. */
static struct sg_table *dmabuf_map(struct dma_buf_attachment *attach,
				   enum dma_data_direction dir)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static void dmabuf_unmap(struct dma_buf_attachment *attach,
			 struct sg_table *sgt, enum dma_data_direction dir)
{
}

/* The memory stays until the module goes. */
static void dmabuf_release(struct dma_buf *dmabuf)
{
}

static const struct dma_buf_ops dmabuf_ops = {
	.map_dma_buf = dmabuf_map,
	.unmap_dma_buf = dmabuf_unmap,
	.release = dmabuf_release,
	.mmap = dmabuf_mmap,
};

static long remap_ioctl(struct file *file, unsigned int cmd,
			unsigned long param)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;
	int fd;

	if (cmd != REMAP_DMABUF)
		return -ENOTTY;
	info.ops = &dmabuf_ops;
	info.size = SIZE;
	info.flags = O_RDWR;
	info.priv = memory;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	fd = dma_buf_fd(dmabuf, O_CLOEXEC);
	if (fd < 0)
		dma_buf_put(dmabuf);
	return fd;
}

static const struct file_operations remap_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = remap_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = remap_mmap,
};

static struct miscdevice remap_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "fpgabuf-test-remap",
	.fops = &remap_fops,
};

static int __init remap_init(void)
{
	int ret;

	memory = alloc_pages_exact(SIZE, GFP_KERNEL | __GFP_ZERO);
	if (!memory)
		return -ENOMEM;
	ret = misc_register(&remap_device);
	if (ret)
		free_pages_exact(memory, SIZE);
	return ret;
}
module_init(remap_init);

static void __exit remap_exit(void)
{
	misc_deregister(&remap_device);
	free_pages_exact(memory, SIZE);
}
module_exit(remap_exit);

MODULE_IMPORT_NS("DMA_BUF");
MODULE_DESCRIPTION("A remap_pfn_range() mapping to compare fpgabuf with");
MODULE_LICENSE("GPL");
