/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every difference between the kernels that fpgabuf is built for, and nothing
 * else.  The code beside it is written for the newest kernel.
 */
#ifndef FPGABUF_COMPAT_H
#define FPGABUF_COMPAT_H

#include <linux/atomic.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/version.h>

/* 6.3 made vm_flags write-protected */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* 6.8 renamed the largest order, after 6.4 had made it inclusive */
#ifndef MAX_PAGE_ORDER
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define MAX_PAGE_ORDER	(MAX_ORDER - 1)
#else
#define MAX_PAGE_ORDER	MAX_ORDER
#endif
#endif

/* 6.11 made the remove callback of a platform driver void */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define FPGABUF_REMOVE_OP(fn)	fn##_int
#define FPGABUF_REMOVE(fn)						\
static int fn##_int(struct platform_device *pdev)			\
{									\
	fn(pdev);							\
	return 0;							\
}
#else
#define FPGABUF_REMOVE_OP(fn)	fn
#define FPGABUF_REMOVE(fn)
#endif

/* 6.13 wants the namespace as a string */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define FPGABUF_IMPORT_DMA_BUF	MODULE_IMPORT_NS(DMA_BUF)
#else
#define FPGABUF_IMPORT_DMA_BUF	MODULE_IMPORT_NS("DMA_BUF")
#endif

/**
 * fpgabuf_folio_mapcount() - how many page table entries map a chunk
 * @page: head page of the chunk
 * @order: its order
 *
 * From 6.9 on the kernel keeps the sum itself and hands it to modules.  Before,
 * pages that were mapped one by one (and these are: see dmabuf.c) count in
 * their own struct page.
 *
 * Context: any; a snapshot.
 */
static inline unsigned long fpgabuf_folio_mapcount(struct page *page,
						   unsigned int order)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
	return folio_mapcount(page_folio(page));
#else
	unsigned long i, sum = 0;

	for (i = 0; i < 1UL << order; i++)
		sum += atomic_read(&page[i]._mapcount) + 1;
	return sum;
#endif
}

#endif /* FPGABUF_COMPAT_H */
