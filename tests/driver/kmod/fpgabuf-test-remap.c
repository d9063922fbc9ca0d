// SPDX-License-Identifier: GPL-2.0
/*
 * The problem fpgabuf exists for, kept alive: memory that a driver maps with
 * remap_pfn_range() has no struct pages for get_user_pages() to find.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>

#define SIZE	SZ_1M

static void *memory;

static int remap_mmap(struct file *file, struct vm_area_struct *vma)
{
	size_t size = vma->vm_end - vma->vm_start;

	if (vma->vm_pgoff || size > SIZE)
		return -EINVAL;
	return remap_pfn_range(vma, vma->vm_start,
			       page_to_pfn(virt_to_page(memory)), size,
			       vma->vm_page_prot);
}

static const struct file_operations remap_fops = {
	.owner = THIS_MODULE,
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

MODULE_DESCRIPTION("A remap_pfn_range() mapping to compare fpgabuf with");
MODULE_LICENSE("GPL");
