// SPDX-License-Identifier: GPL-2.0
/*
 * A DMA master without hardware: what is written at some offset goes to that
 * address of the memory, whoever has it.  Nothing checks that, as on a bus.
 */
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "../../../drivers/fpgabuf/compat.h"

/* Return: bytes that could not be copied. */
static unsigned long write_page(phys_addr_t phys, const char __user *from,
				size_t size)
{
	void *page = kmap_local_page(pfn_to_page(PHYS_PFN(phys)));
	unsigned long left = copy_from_user(page + offset_in_page(phys), from,
					    size);

	kunmap_local(page);
	return left;
}

static ssize_t master_write(struct file *file, const char __user *from,
			    size_t size, loff_t *pos)
{
	size_t done, part;

	for (done = 0; done < size; done += part, *pos += part) {
		part = min_t(size_t, size - done,
			     PAGE_SIZE - offset_in_page(*pos));
		if (!pfn_valid(PHYS_PFN(*pos)) ||
		    write_page(*pos, from + done, part))
			return -EFAULT;
	}
	return done;
}

static const struct file_operations master_fops = {
	.owner = THIS_MODULE,
	.write = master_write,
	.llseek = default_llseek,
};

static struct miscdevice master_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "fpgabuf-test-master",
	.fops = &master_fops,
};
module_misc_device(master_device);

MODULE_DESCRIPTION("A DMA master whose registers are a file");
MODULE_LICENSE("GPL");
