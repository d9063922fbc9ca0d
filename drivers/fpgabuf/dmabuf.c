// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - a region as dma-buf
 *
 * Unlike most exporters this one maps real pages into user space, so that
 * get_user_pages() works on the mapping: MSG_ZEROCOPY, O_DIRECT, vmsplice().
 * That is sound because the pages are ordinary memory that belongs to the
 * region: they never move, and they are neither filled again nor freed while
 * somebody holds a reference (see fpgabuf_region_usage()).
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/fcntl.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "fpgabuf.h"
#include "trace.h"

/**
 * struct fpgabuf_importer - a mapping by an importing device
 * @node: in &fpgabuf_region.importers
 * @dev: the device
 * @dir: the direction it was mapped for
 * @sgt: our description of the mapping, used to sync it
 * @handed: the copy the importer has; with CONFIG_DMABUF_DEBUG its page links
 *	are scrambled while it has it
 * @generation: &fpgabuf_region.generation when the device last got the memory
 */
struct fpgabuf_importer {
	struct list_head node;
	struct device *dev;
	enum dma_data_direction dir;
	struct sg_table sgt;
	struct sg_table handed;
	unsigned int generation;
};

static int copy_mapped_table(struct sg_table *to, const struct sg_table *from)
{
	struct scatterlist *src = from->sgl, *dst;
	int i, ret;

	ret = sg_alloc_table(to, from->orig_nents, GFP_KERNEL);
	if (ret)
		return ret;

	for_each_sgtable_sg(to, dst, i) {
		sg_set_page(dst, sg_page(src), src->length, src->offset);
		if (i < from->nents) {
			sg_dma_address(dst) = sg_dma_address(src);
			sg_dma_len(dst) = sg_dma_len(src);
		}
		src = sg_next(src);
	}
	to->nents = from->nents;
	return 0;
}

/*
 * While a region is queued, or was not let go of when the channel should stop, it
 * belongs to the FPGA.  The owner's mapping is left alone then: to maintain it
 * would write over what is just arriving.
 */
static bool owner_has_it(const struct fpgabuf_region *region)
{
	return fpgabuf_capture_state(region) == FPGABUF_REGION_QUEUED;
}

static void sync_importer_for_device(const struct fpgabuf_region *region,
				     struct fpgabuf_importer *imp,
				     enum dma_data_direction dir)
{
	/* Read first: what is captured from here on, the device has not got. */
	imp->generation = READ_ONCE(region->generation);
	/* The state is looked at again before it is compared. */
	smp_rmb();
	dma_sync_sgtable_for_device(imp->dev, &imp->sgt, dir);
}

/*
 * A bounce buffer that is older than the last capture must not be copied over it.
 */
static void sync_importer_for_cpu(const struct fpgabuf_region *region,
				  struct fpgabuf_importer *imp,
				  enum dma_data_direction dir)
{
	lockdep_assert_held(&region->sem);
	if (owner_has_it(region) ||
	    imp->generation != READ_ONCE(region->generation))
		return;
	dma_sync_sgtable_for_cpu(imp->dev, &imp->sgt, dir);
}

/*
 * The owner has the memory mapped as well, and mappings that overlap must not
 * maintain it behind each other's back: so it is synced in calls of its own.
 */
static int importer_map(const struct fpgabuf_region *region,
			struct fpgabuf_importer *imp)
{
	int ret = dma_map_sgtable(imp->dev, &imp->sgt, imp->dir,
				  DMA_ATTR_SKIP_CPU_SYNC);

	if (!ret)
		sync_importer_for_device(region, imp, imp->dir);
	return ret;
}

static void importer_unmap(struct fpgabuf_importer *imp)
{
	dma_unmap_sgtable(imp->dev, &imp->sgt, imp->dir,
			  DMA_ATTR_SKIP_CPU_SYNC);
}

static struct sg_table *fpgabuf_map_dma_buf(struct dma_buf_attachment *attach,
					    enum dma_data_direction dir)
{
	struct fpgabuf_region *region = attach->dmabuf->priv;
	struct fpgabuf_importer *imp;
	int ret;

	imp = kzalloc_obj(*imp);
	if (!imp)
		return ERR_PTR(-ENOMEM);
	imp->dev = attach->dev;
	imp->dir = dir;

	ret = fpgabuf_sg_build(region, imp->dev, dma_get_max_seg_size(imp->dev),
			       &imp->sgt);
	if (ret)
		goto err_free;
	ret = importer_map(region, imp);
	if (ret)
		goto err_table;
	ret = copy_mapped_table(&imp->handed, &imp->sgt);
	if (ret)
		goto err_unmap;

	down_write(&region->sem);
	list_add(&imp->node, &region->importers);
	up_write(&region->sem);
	return &imp->handed;

err_unmap:
	importer_unmap(imp);
err_table:
	sg_free_table(&imp->sgt);
err_free:
	kfree(imp);
	return ERR_PTR(ret);
}

static void fpgabuf_unmap_dma_buf(struct dma_buf_attachment *attach,
				  struct sg_table *sgt,
				  enum dma_data_direction dir)
{
	struct fpgabuf_importer *imp =
		container_of(sgt, struct fpgabuf_importer, handed);
	struct fpgabuf_region *region = attach->dmabuf->priv;

	/* In one step: until it is unmapped, the region must not be captured into. */
	down_write(&region->sem);
	sync_importer_for_cpu(region, imp, imp->dir);
	importer_unmap(imp);
	list_del(&imp->node);
	up_write(&region->sem);

	sg_free_table(&imp->handed);
	sg_free_table(&imp->sgt);
	kfree(imp);
}

static struct page **pages_array(const struct fpgabuf_region *region)
{
	unsigned long i, nr = region->pages.size >> PAGE_SHIFT;
	struct page **pages;

	pages = kvmalloc_array(nr, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return NULL;
	for (i = 0; i < nr; i++)
		pages[i] = fpgabuf_region_page(region, i);
	return pages;
}

/*
 * The core calls this for the first importer that wants it, and vunmap for the
 * last one.
 */
static int fpgabuf_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct fpgabuf_region *region = dmabuf->priv;
	struct page **pages = pages_array(region);
	void *addr;

	if (!pages)
		return -ENOMEM;
	addr = vmap(pages, region->pages.size >> PAGE_SHIFT, VM_MAP, PAGE_KERNEL);
	kvfree(pages);
	if (!addr)
		return -ENOMEM;

	down_write(&region->sem);
	region->vmapped = true;
	up_write(&region->sem);
	iosys_map_set_vaddr(map, addr);
	return 0;
}

static void fpgabuf_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct fpgabuf_region *region = dmabuf->priv;

	vunmap(map->vaddr);
	down_write(&region->sem);
	region->vmapped = false;
	up_write(&region->sem);
}

/**
 * fpgabuf_region_importers() - how often importers have the region mapped
 * @region: the region
 *
 * Context: &fpgabuf_region.sem held.
 *
 * Return: mappings by devices, and one more if it is mapped into the kernel.
 */
unsigned int fpgabuf_region_importers(const struct fpgabuf_region *region)
{
	unsigned int nr = region->vmapped;
	struct list_head *importer;

	lockdep_assert_held(&region->sem);
	list_for_each(importer, &region->importers)
		nr++;
	return nr;
}

/*
 * What the owner wrote was synced when its capture was finished.  To do so again
 * would copy its bounce buffer over what others have written since.
 */
static int fpgabuf_begin_cpu_access(struct dma_buf *dmabuf,
				    enum dma_data_direction dir)
{
	struct fpgabuf_region *region = dmabuf->priv;
	struct fpgabuf_importer *imp;

	down_read(&region->sem);
	list_for_each_entry(imp, &region->importers, node)
		sync_importer_for_cpu(region, imp, imp->dir);
	up_read(&region->sem);
	return 0;
}

static int fpgabuf_end_cpu_access(struct dma_buf *dmabuf,
				  enum dma_data_direction dir)
{
	struct fpgabuf_region *region = dmabuf->priv;
	struct fpgabuf_importer *imp;

	down_read(&region->sem);
	if (!owner_has_it(region))
		fpgabuf_owner_sync_for_device(region, region->pages.size, dir);
	list_for_each_entry(imp, &region->importers, node)
		sync_importer_for_device(region, imp, imp->dir);
	up_read(&region->sem);
	return 0;
}

/*
 * Map everything that the page table of the faulting address covers: who reads
 * one sample reads them all, and a fault costs more than the rest together.
 * Only the page asked for may fail.
 */
static vm_fault_t fault_around(struct fpgabuf_region *region,
			       struct vm_area_struct *vma,
			       struct vm_fault *vmf)
{
	unsigned long addr = max(vmf->address & PMD_MASK, vma->vm_start);
	unsigned long end = min((vmf->address & PMD_MASK) + PMD_SIZE - 1,
				vma->vm_end - 1);
	vm_fault_t ret;

	ret = vmf_insert_page(vma, vmf->address,
			      fpgabuf_region_page(region, vmf->pgoff));
	for (; ret == VM_FAULT_NOPAGE && addr < end; addr += PAGE_SIZE) {
		pgoff_t index = linear_page_index(vma, addr);

		if (vmf_insert_page(vma, addr,
				    fpgabuf_region_page(region, index)) !=
		    VM_FAULT_NOPAGE)
			break;
	}
	return ret;
}

/*
 * The core maps the page when the semaphore is no longer held.  The reference
 * is taken while it is: see fpgabuf_region_usage().
 */
static vm_fault_t fault_one(struct fpgabuf_region *region,
			    struct vm_fault *vmf)
{
	vmf->page = fpgabuf_region_page(region, vmf->pgoff);
	get_page(vmf->page);
	return 0;
}

static vm_fault_t fpgabuf_vm_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct fpgabuf_region *region = vma->vm_private_data;
	vm_fault_t ret;

	if (vmf->pgoff >= region->pages.size >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;

	down_read(&region->sem);
	if (vma->vm_flags & VM_MIXEDMAP)
		ret = fault_around(region, vma, vmf);
	else
		ret = fault_one(region, vmf);
	up_read(&region->sem);
	return ret;
}

/* A mapping may have been cut or moved since huge_vma() looked at it. */
static bool huge_at(const struct fpgabuf_region *region,
		    struct vm_area_struct *vma, unsigned long addr)
{
	pgoff_t index = linear_page_index(vma, addr);

	return addr >= vma->vm_start && vma->vm_end - addr >= PMD_SIZE &&
	       index < region->pages.size >> PAGE_SHIFT &&
	       fpgabuf_region_chunk(region, index)->index == index;
}

/* Kernels before 6.15 map by PMD when fpgabuf_vm_fault() gives them a page. */
static vm_fault_t fpgabuf_vm_huge_fault(struct vm_fault *vmf,
					unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	struct fpgabuf_region *region = vma->vm_private_data;
	unsigned long addr = vmf->address & PMD_MASK;
	struct page *page;
	vm_fault_t ret;

	if (!IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) ||
	    order != PMD_SHIFT - PAGE_SHIFT || vma->vm_flags & VM_MIXEDMAP ||
	    !huge_at(region, vma, addr))
		return VM_FAULT_FALLBACK;

	down_read(&region->sem);
	page = fpgabuf_region_page(region, linear_page_index(vma, addr));
	ret = vmf_insert_folio_pmd(vmf, page_folio(page),
				   vmf->flags & FAULT_FLAG_WRITE);
	up_read(&region->sem);
	return ret;
}

/*
 * A mapping has come out of another one.  If that is in a child, because somebody
 * has asked for it with MADV_DOFORK, it starts without pages and faults for itself:
 * page tables that are being copied would deceive the in-use test.
 */
static void fpgabuf_vm_open(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_DONTCOPY | VM_WIPEONFORK);
}

static const struct vm_operations_struct fpgabuf_vm_ops = {
	.open = fpgabuf_vm_open,
	.fault = fpgabuf_vm_fault,
	.huge_fault = fpgabuf_vm_huge_fault,
};

/* Nothing but folios of the size of a PMD, at addresses that suit them */
static bool huge_vma(const struct fpgabuf_region *region,
		     const struct vm_area_struct *vma)
{
	unsigned int i;

	if (!IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) ||
	    !IS_ALIGNED(vma->vm_start | vma->vm_end |
			vma->vm_pgoff << PAGE_SHIFT, PMD_SIZE))
		return false;
	for (i = 0; i < region->pages.nr_chunks; i++)
		if (region->pages.chunks[i].order != PMD_SHIFT - PAGE_SHIFT)
			return false;
	return true;
}

/*
 * VM_MIXEDMAP says that vm_insert_page() is used from the fault handler; with it
 * the core maps nothing by PMD, so it is left out where that can be done.
 * Never VM_IO or VM_PFNMAP: they forbid get_user_pages(), which is the whole
 * point.  VM_DONTCOPY: a child does not inherit the mapping (it can map the
 * descriptor itself), because the in-use test must not race with fork().
 */
static int fpgabuf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct fpgabuf_region *region = dmabuf->priv;

	if (!(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	/* An importer may map us through a file of its own. */
	if (region->pages.access == O_RDONLY) {
		if (vma->vm_flags & VM_WRITE)
			return -EACCES;
		vm_flags_clear(vma, VM_MAYWRITE);
	}

	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY |
			  VM_WIPEONFORK);
	if (!huge_vma(region, vma))
		vm_flags_set(vma, VM_MIXEDMAP);
	vm_flags_clear(vma, VM_MAYEXEC);
	vma->vm_private_data = region;
	vma->vm_ops = &fpgabuf_vm_ops;
	return 0;
}

/* Out of the device's list, out of the channel's reach, then free. */
static void region_retire(struct fpgabuf_region *region)
{
	struct fpgabuf_device *fdev = region->fdev;

	down_read(&fdev->binding);
	mutex_lock(&fdev->lock);
	list_del(&region->node);
	mutex_unlock(&fdev->lock);
	fpgabuf_owner_unmap(region);
	up_read(&fdev->binding);
	fpgabuf_region_destroy(region);
}

static void fpgabuf_release(struct dma_buf *dmabuf)
{
	struct fpgabuf_region *region = dmabuf->priv;

	trace_fpgabuf_free(region);
	region_retire(region);
}

static const struct dma_buf_ops fpgabuf_dmabuf_ops = {
	.map_dma_buf = fpgabuf_map_dma_buf,
	.unmap_dma_buf = fpgabuf_unmap_dma_buf,
	.begin_cpu_access = fpgabuf_begin_cpu_access,
	.end_cpu_access = fpgabuf_end_cpu_access,
	.mmap = fpgabuf_mmap,
	.vmap = fpgabuf_vmap,
	.vunmap = fpgabuf_vunmap,
	.release = fpgabuf_release,
};

static void lists_free(struct fpgabuf_region *region)
{
	sg_free_table(&region->sgt);
	sg_free_table(&region->capture.transfer.sgt);
}

/* The owner's list, one that its channel is given, and what marks replace */
static int lists_build(struct fpgabuf_region *region)
{
	struct sg_table *handed = &region->capture.transfer.sgt;
	struct fpgabuf_device *fdev = region->fdev;
	struct device *dma_dev = fdev->memory->dma_dev;
	size_t limit = fpgabuf_channel_segment(&fdev->channel, dma_dev);
	int ret;

	ret = fpgabuf_sg_build(region, dma_dev, limit, &region->sgt);
	if (!ret)
		ret = fpgabuf_sg_build(region, dma_dev, limit, handed);
	if (!ret && !fdev->channel.tells) {
		region->capture.mark.had =
			kvcalloc(region->sgt.orig_nents, sizeof(u64),
				 GFP_KERNEL_ACCOUNT);
		if (!region->capture.mark.had)
			ret = -ENOMEM;
	}
	if (ret)
		lists_free(region);
	return ret;
}

/*
 * From here on the channel can reach the region, and unbind knows of it.  What
 * needs memory or time comes before the lock of the device: the watchdog, which
 * fences depend on, takes it too, and must not wait for memory that is waiting for
 * a fence, nor for the caches of 2 GiB.
 */
static int region_enlist(struct fpgabuf_region *region)
{
	struct fpgabuf_device *fdev = region->fdev;
	int ret;

	ret = lists_build(region);
	if (ret)
		return ret;

	down_read(&fdev->binding);
	ret = fdev->gone ? -ENODEV : fpgabuf_owner_map(region);
	if (!ret) {
		mutex_lock(&fdev->lock);
		list_add_tail(&region->node, &fdev->regions);
		mutex_unlock(&fdev->lock);
	}
	up_read(&fdev->binding);
	if (ret)
		lists_free(region);
	return ret;
}

/**
 * fpgabuf_dmabuf_create() - make a region and the dma-buf that owns it
 * @file: the open file it is made through
 * @alloc: what is wanted, checked
 *
 * Context: process, may sleep.
 *
 * Return: the dma-buf with one reference, or ERR_PTR of -EDQUOT, -ENOMEM,
 * -EINTR, -EIO or -ENODEV.
 */
struct dma_buf *fpgabuf_dmabuf_create(struct fpgabuf_file *file,
				      const struct fpgabuf_alloc *alloc)
{
	DEFINE_DMA_BUF_EXPORT_INFO(exp_info);
	struct fpgabuf_region *region;
	struct dma_buf *dmabuf;
	int ret;

	region = fpgabuf_region_create(file, alloc);
	if (IS_ERR(region))
		return ERR_CAST(region);

	ret = region_enlist(region);
	if (ret) {
		fpgabuf_region_destroy(region);
		return ERR_PTR(ret);
	}

	exp_info.ops = &fpgabuf_dmabuf_ops;
	exp_info.size = region->pages.size;
	exp_info.flags = region->pages.access;
	exp_info.priv = region;
	dmabuf = dma_buf_export(&exp_info);
	if (IS_ERR(dmabuf)) {
		region_retire(region);
		return dmabuf;
	}
	/* The dma-buf owns the region from here on. */
	region->dmabuf = dmabuf;
	region->ino = file_inode(dmabuf->file)->i_ino;
	trace_fpgabuf_alloc(region);
	return dmabuf;
}

/**
 * fpgabuf_dmabuf_get() - the region behind a descriptor
 * @fdev: the device it must belong to
 * @fd: a descriptor of the calling process
 *
 * Return: the region, with a reference on its dma-buf that the caller drops by
 * dma_buf_put(), or ERR_PTR of -EBADF, -EINVAL (not a dma-buf) or -EXDEV (a
 * dma-buf of another driver or device).
 */
struct fpgabuf_region *fpgabuf_dmabuf_get(struct fpgabuf_device *fdev, int fd)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	struct fpgabuf_region *region;

	if (IS_ERR(dmabuf))
		return ERR_CAST(dmabuf);

	if (dmabuf->ops == &fpgabuf_dmabuf_ops) {
		region = dmabuf->priv;
		if (region->fdev == fdev)
			return region;
	}
	dma_buf_put(dmabuf);
	return ERR_PTR(-EXDEV);
}

MODULE_IMPORT_NS("DMA_BUF");
