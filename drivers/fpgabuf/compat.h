/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between the kernels that fpgabuf is built for, and nothing
 * else.  The code beside it is written for the newest kernel, and includes this
 * after the kernel's own headers; older ones get here what they lack, under
 * the names it has today.
 *
 * A copy for one kernel needs only what is between an #if and an #endif that
 * hold for it, so everything is; the newest needs nothing.
 */
#ifndef FPGABUF_COMPAT_H
#define FPGABUF_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
/* 6.2 wants these under the lock of the dma-buf, or else by these names. */
#define dma_buf_vmap_unlocked	dma_buf_vmap
#define dma_buf_vunmap_unlocked	dma_buf_vunmap
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
/* 6.3 made vm_flags write-protected. */
#include <linux/mm.h>

static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
/* 6.8 renamed the largest order, after 6.4 had made it inclusive. */
#include <linux/mmzone.h>

#ifndef MAX_PAGE_ORDER
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define MAX_PAGE_ORDER	(MAX_ORDER - 1)
#else
#define MAX_PAGE_ORDER	MAX_ORDER
#endif
#endif
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
/*
 * From 6.9 on the kernel keeps the sum itself and hands it to modules.  Before,
 * pages that were mapped one by one (and ours are: see dmabuf.c) count in their
 * own struct page.
 */
#include <linux/atomic.h>
#include <linux/mm.h>

static inline int fpgabuf_folio_mapcount(struct folio *folio)
{
	long i, nr = folio_nr_pages(folio);
	int sum = 0;

	for (i = 0; i < nr; i++)
		sum += atomic_read(&folio_page(folio, i)->_mapcount) + 1;
	return sum;
}

#define folio_mapcount	fpgabuf_folio_mapcount
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
/* 6.11 made the remove callback of a platform driver void. */
#include <linux/platform_device.h>

struct fpgabuf_platform_driver {
	int (*probe)(struct platform_device *pdev);
	void (*remove)(struct platform_device *pdev);
	const struct platform_device_id *id_table;
	struct device_driver driver;
	struct platform_driver real;
};

static inline int fpgabuf_platform_remove(struct platform_device *pdev)
{
	struct fpgabuf_platform_driver *drv =
		container_of(pdev->dev.driver, struct fpgabuf_platform_driver,
			     real.driver);

	drv->remove(pdev);
	return 0;
}

static inline int
fpgabuf_platform_driver_register(struct fpgabuf_platform_driver *drv,
				 struct module *owner)
{
	drv->real = (struct platform_driver){
		.probe = drv->probe,
		.remove = fpgabuf_platform_remove,
		.id_table = drv->id_table,
		.driver = drv->driver,
	};
	return __platform_driver_register(&drv->real, owner);
}

static inline void
fpgabuf_platform_driver_unregister(struct fpgabuf_platform_driver *drv)
{
	platform_driver_unregister(&drv->real);
}

#undef platform_driver_register
#define platform_driver_register(drv)	\
	fpgabuf_platform_driver_register(drv, THIS_MODULE)
#define platform_driver_unregister	fpgabuf_platform_driver_unregister
#define platform_driver			fpgabuf_platform_driver
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
/* 6.13 wants the namespace as a string. */
#include <linux/module.h>

#undef MODULE_IMPORT_NS
#define MODULE_IMPORT_NS(ns)	MODULE_INFO(import_ns, ns)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
/* 6.16 gave alloc_contig_range() flags instead of a type of pageblocks. */
#include <linux/mmzone.h>

#define ACR_FLAGS_NONE	MIGRATE_MOVABLE
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
/* 7.0 allocates objects by their type; some older ones have learned it. */
#include <linux/slab.h>

#ifndef kzalloc_obj
#define kzalloc_obj(obj)	kzalloc(sizeof(obj), GFP_KERNEL)
#endif
#endif

#endif /* FPGABUF_COMPAT_H */
