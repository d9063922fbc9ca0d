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

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
/* 5.11 maps pages for one thread; before, a mapping is global, and may wait. */
#include <linux/highmem.h>

#define kmap_local_page		kmap
#define kunmap_local(addr)	kunmap(kmap_to_page(addr))

/* 5.11 can tell the device behind a channel from that of its provider. */
#include <linux/dmaengine.h>

static inline struct device *dmaengine_get_dma_device(struct dma_chan *chan)
{
	return chan->device->dev;
}

/*
 * 5.11 gives a mapping in the kernel as a structure, not as an address.  The
 * exporter's two functions are defined for the structure and become, by these
 * macros, what the older kernel calls.
 */
#include <linux/dma-buf.h>
#include <linux/err.h>

struct iosys_map {
	void *vaddr;
};

static inline void iosys_map_set_vaddr(struct iosys_map *map, void *vaddr)
{
	map->vaddr = vaddr;
}

static inline void iosys_map_clear(struct iosys_map *map)
{
	map->vaddr = NULL;
}

static inline bool iosys_map_is_null(const struct iosys_map *map)
{
	return !map->vaddr;
}

static inline int dma_buf_vmap_unlocked(struct dma_buf *dmabuf,
					struct iosys_map *map)
{
	map->vaddr = dma_buf_vmap(dmabuf);
	return map->vaddr ? 0 : -ENOMEM;
}

static inline void dma_buf_vunmap_unlocked(struct dma_buf *dmabuf,
					   struct iosys_map *map)
{
	dma_buf_vunmap(dmabuf, map->vaddr);
}

#define fpgabuf_vmap(dmabuf_arg, map_arg)				\
fpgabuf_vmap_to(dmabuf_arg, map_arg);					\
static void *fpgabuf_vmap(struct dma_buf *dmabuf)			\
{									\
	struct iosys_map map;						\
									\
	return fpgabuf_vmap_to(dmabuf, &map) ? NULL : map.vaddr;	\
}									\
static int fpgabuf_vmap_to(dmabuf_arg, map_arg)

#define fpgabuf_vunmap(dmabuf_arg, map_arg)				\
fpgabuf_vunmap_from(dmabuf_arg, map_arg);				\
static void fpgabuf_vunmap(struct dma_buf *dmabuf, void *vaddr)		\
{									\
	struct iosys_map map = { .vaddr = vaddr };			\
									\
	fpgabuf_vunmap_from(dmabuf, &map);				\
}									\
static void fpgabuf_vunmap_from(dmabuf_arg, map_arg)

#elif LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
/* 5.18 renamed that structure. */
#include <linux/dma-buf-map.h>

#define iosys_map		dma_buf_map
#define iosys_map_set_vaddr	dma_buf_map_set_vaddr
#define iosys_map_clear		dma_buf_map_clear
#define iosys_map_is_null	dma_buf_map_is_null
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
/* 5.16 brought folios: the first page of an allocation, known as such. */
#include <linux/mm.h>

#define folio			page
#define page_folio		compound_head
#define folio_nr_pages		compound_nr
#define folio_page(folio, i)	((folio) + (i))
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 17, 0)
/* 5.17 can do without #ifdef around what a kernel without suspend leaves out. */
#include <linux/pm.h>

#define DEFINE_SIMPLE_DEV_PM_OPS(name, suspend_fn, resume_fn)		\
const struct dev_pm_ops name = {					\
	.suspend = suspend_fn,						\
	.resume = resume_fn,						\
	.freeze = suspend_fn,						\
	.thaw = resume_fn,						\
	.poweroff = suspend_fn,						\
	.restore = resume_fn,						\
}

#define pm_sleep_ptr(ptr)	(IS_ENABLED(CONFIG_PM_SLEEP) ? (ptr) : NULL)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 19, 0)
/* 5.19 made one list of a write fence and many read fences. */
#include <linux/dma-resv.h>

#define DMA_RESV_USAGE_WRITE	0
#define DMA_RESV_USAGE_READ	1	/* dma_resv_test_signaled(): test all */

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
#define dma_resv_test_signaled	dma_resv_test_signaled_rcu
#endif

/* There is always room for the write fence. */
static inline int dma_resv_reserve_fences(struct dma_resv *resv,
					  unsigned int count)
{
	return 0;
}

static inline void dma_resv_add_fence(struct dma_resv *resv,
				      struct dma_fence *fence, int usage)
{
	dma_resv_add_excl_fence(resv, fence);
}

#define dma_buf_map_attachment_unlocked		dma_buf_map_attachment
#define dma_buf_unmap_attachment_unlocked	dma_buf_unmap_attachment
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
/* 5.18 counts the pins of two pages that belong together as of more of them. */
#include <linux/mm.h>

#define folio_has_pincount(folio)	\
	hpage_pincount_available(folio_page(folio, 0))
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
/* 6.15 asks by this name; some older ones have learned it. */
#include <linux/mm.h>

#ifndef folio_has_pincount
#define folio_has_pincount	folio_test_large
#endif
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
/* 6.1 shows that count in the folio itself. */
#include <linux/mm_types.h>

#define fpgabuf_pincount(folio)	\
	((unsigned int)atomic_read(compound_pincount_ptr(folio_page(folio, 0))))

/* 6.1 lets sendfile() read from character devices. */
#define FPGABUF_STREAMS	false
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
/* 6.2 wants these under the lock of the dma-buf, or else by these names. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
#define dma_buf_vmap_unlocked	dma_buf_vmap
#define dma_buf_vunmap_unlocked	dma_buf_vunmap
#endif
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
/* 6.2 gave a channel of AXI DMA more descriptors. */
#define AXIDMA_DESCS	255
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

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
/*
 * 6.6 tells .huge_fault the order of what is to be mapped; before, a level of
 * the page table, as an enum.  Compilers take one for the other, but kernels
 * that check calls (CONFIG_CFI_CLANG) do not.  The function is defined for the
 * order and becomes, by this macro, what the older kernel calls.
 */
#include <linux/mm.h>

#define fpgabuf_vm_huge_fault(vmf_arg, order_arg)			\
fpgabuf_vm_huge_fault_of(vmf_arg, order_arg);				\
static vm_fault_t fpgabuf_vm_huge_fault(struct vm_fault *vmf,		\
					enum page_entry_size size)	\
{									\
	if (size != PE_SIZE_PMD)					\
		return VM_FAULT_FALLBACK;				\
	return fpgabuf_vm_huge_fault_of(vmf, PMD_SHIFT - PAGE_SHIFT);	\
}									\
static vm_fault_t fpgabuf_vm_huge_fault_of(vmf_arg, order_arg)
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

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
/* 6.2 lets a mapping by PMD count once, not in each page as well. */
#include <linux/mm.h>
#include <linux/pagemap.h>

#define FPGABUF_PMD_COUNTS_IN_PAGES	1
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
#define folio_test_large	PageCompound
#define folio_ref_count		page_ref_count
#define folio_trylock		trylock_page
#define folio_unlock		unlock_page
#endif
#define folio_entire_mapcount(folio)	compound_mapcount(folio_page(folio, 0))
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
/*
 * From 6.10 on the kernel keeps the sum itself and hands it to modules.  Before,
 * each page of a folio counts its own mappings, and the folio those by PMD.
 * Whatever changes meanwhile, the sum must not become too large: it may be too
 * small, then the folio counts as in use.
 */
#include <linux/atomic.h>
#include <linux/minmax.h>
#include <linux/mm.h>

static inline int fpgabuf_page_mapcount(struct page *page)
{
	return atomic_read(&page->_mapcount) + 1;
}

/* Mappings by page and by PMD, each counted once */
static inline int fpgabuf_sum_mapcounts(struct folio *folio, int entire,
					int counted_in_pages)
{
	long i, nr = folio_nr_pages(folio);
	int sum = entire;

	for (i = 0; i < nr; i++)
		sum += fpgabuf_page_mapcount(folio_page(folio, i)) -
		       counted_in_pages;
	return max(0, sum);
}

#ifdef FPGABUF_PMD_COUNTS_IN_PAGES
/*
 * A page fault that maps by PMD raises the counts of the pages one by one, with
 * the folio locked: half way they would look like that many mappings.  So would
 * one that has done so since the count of PMDs was read: it is read with the
 * folio locked too.  When a PMD is unmapped the pages' counts go down first.
 */
static inline int fpgabuf_large_mapcount(struct folio *folio)
{
	int entire, sum;

	if (!folio_trylock(folio))
		return 0;
	entire = folio_entire_mapcount(folio);
	/* Pairs with the barriers of the counts that go down first. */
	smp_rmb();
	sum = fpgabuf_sum_mapcounts(folio, entire, entire);
	folio_unlock(folio);
	return sum;
}
#else
static inline int fpgabuf_large_mapcount(struct folio *folio)
{
	int entire = folio_entire_mapcount(folio);

	/* Pairs with the barriers of the counts that go down first. */
	smp_rmb();
	return fpgabuf_sum_mapcounts(folio, entire, 0);
}
#endif

static inline int fpgabuf_folio_mapcount(struct folio *folio)
{
	int entire;

	if (!folio_test_large(folio))
		return fpgabuf_page_mapcount(folio_page(folio, 0));
	entire = folio_entire_mapcount(folio);
	/*
	 * Then there are no others, and no need to look at every page.  That may
	 * have changed since the first read: the rest is missing in the sum then,
	 * which makes it too small.
	 */
	if (folio_ref_count(folio) == 1 + entire)
		return entire;
	return fpgabuf_large_mapcount(folio);
}

#define folio_mapcount	fpgabuf_folio_mapcount
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
/* 6.11 made the remove callback of a platform driver void. */
#include <linux/platform_device.h>

struct fpgabuf_platform_driver {
	int (*probe)(struct platform_device *pdev);
	void (*remove)(struct platform_device *pdev);
	void (*shutdown)(struct platform_device *pdev);
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
		.shutdown = drv->shutdown,
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

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
/* 6.15 has a call for this; before, the core maps by PMD what .fault returns. */
#include <linux/mm.h>

static inline vm_fault_t vmf_insert_folio_pmd(struct vm_fault *vmf,
					      struct folio *folio, bool write)
{
	return VM_FAULT_FALLBACK;
}
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
#define kzalloc_obj(obj, ...)	\
	fpgabuf_kzalloc(sizeof(obj), ##__VA_ARGS__, GFP_KERNEL)
#define fpgabuf_kzalloc(size, gfp, ...)	kzalloc(size, gfp)
#endif
#endif

#endif /* FPGABUF_COMPAT_H */
