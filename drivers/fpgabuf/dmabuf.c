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
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "dmabuf.h"
#include "importers.h"
#include "mapping.h"
#include "memory.h"
#include "region.h"
#include "trace.h"

/*
 * While a region is queued, or was not let go of when the channel should stop, it
 * belongs to the FPGA.  The owner's mapping is left alone then: to maintain it
 * would write over what is just arriving.
 */
static bool owner_has_it(const struct fpgabuf_buffer *buffer)
{
	return fpgabuf_buffer_state(buffer) == FPGABUF_REGION_QUEUED;
}

static struct sg_table *fpgabuf_map_dma_buf(struct dma_buf_attachment *attach,
					    enum dma_data_direction dir)
{
	struct fpgabuf_buffer *buffer = attach->dmabuf->priv;

	return fpgabuf_importers_map(&buffer->importers, attach->dev, dir);
}

static void fpgabuf_unmap_dma_buf(struct dma_buf_attachment *attach,
				  struct sg_table *sgt,
				  enum dma_data_direction dir)
{
	struct fpgabuf_buffer *buffer = attach->dmabuf->priv;

	/* In one step: until it is unmapped, the region must not be captured into. */
	down_write(&buffer->sem);
	fpgabuf_importers_unmap(&buffer->importers, sgt, !owner_has_it(buffer));
	up_write(&buffer->sem);
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
	struct fpgabuf_buffer *buffer = dmabuf->priv;
	struct page **pages = pages_array(buffer->region);
	void *addr;

	if (!pages)
		return -ENOMEM;
	addr = vmap(pages, dmabuf->size >> PAGE_SHIFT, VM_MAP, PAGE_KERNEL);
	kvfree(pages);
	if (!addr)
		return -ENOMEM;

	down_write(&buffer->sem);
	buffer->vmapped = true;
	up_write(&buffer->sem);
	iosys_map_set_vaddr(map, addr);
	return 0;
}

static void fpgabuf_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct fpgabuf_buffer *buffer = dmabuf->priv;

	vunmap(map->vaddr);
	down_write(&buffer->sem);
	buffer->vmapped = false;
	up_write(&buffer->sem);
}

/* Mappings by devices, and one more if it is mapped into the kernel */
static unsigned int count_importers(struct fpgabuf_buffer *buffer)
{
	lockdep_assert_held(&buffer->sem);
	return fpgabuf_importers_count(&buffer->importers) + buffer->vmapped;
}

static void look(struct fpgabuf_buffer *buffer, struct fpgabuf_usage *usage,
		 unsigned int *importers)
{
	lockdep_assert_held_write(&buffer->sem);
	fpgabuf_region_usage(buffer->region, usage);
	*importers = count_importers(buffer);
}

/**
 * fpgabuf_buffer_look() - who refers to the region?
 * @buffer: the region
 * @usage: filled in
 * @importers: how often importers have it mapped
 *
 * Context: process, sleeps; page faults wait meanwhile.
 */
void fpgabuf_buffer_look(struct fpgabuf_buffer *buffer,
			 struct fpgabuf_usage *usage, unsigned int *importers)
{
	down_write(&buffer->sem);
	look(buffer, usage, importers);
	up_write(&buffer->sem);
}

/**
 * fpgabuf_buffer_try_look() - the same, if nobody else is at it
 * @buffer: the region
 * @usage: filled in
 * @importers: how often importers have it mapped
 *
 * Context: process, may sleep, but waits for no page fault.
 *
 * Return: whether anything was filled in.
 */
bool fpgabuf_buffer_try_look(struct fpgabuf_buffer *buffer,
			     struct fpgabuf_usage *usage,
			     unsigned int *importers)
{
	if (!down_write_trylock(&buffer->sem))
		return false;
	look(buffer, usage, importers);
	up_write(&buffer->sem);
	return true;
}

/**
 * fpgabuf_buffer_state() - what a region is doing, as its users see it
 * @buffer: the region
 *
 * As long as the channel has not let go of it, it is as good as queued.
 *
 * Context: any.
 *
 * Return: a snapshot.
 */
enum fpgabuf_region_state
fpgabuf_buffer_state(const struct fpgabuf_buffer *buffer)
{
	enum fpgabuf_region_state state;

	/* Pairs with the release of those who end a capture. */
	state = smp_load_acquire(&buffer->state);
	if (state == FPGABUF_REGION_IDLE && atomic_read(&buffer->kept))
		return FPGABUF_REGION_QUEUED;
	return state;
}

static int claim(struct fpgabuf_buffer *buffer, bool importers_done,
		 struct fpgabuf_usage *usage)
{
	lockdep_assert_held_write(&buffer->sem);
	if (fpgabuf_buffer_state(buffer) != FPGABUF_REGION_IDLE)
		return -EBUSY;
	if (!importers_done && count_importers(buffer))
		return -EBUSY;
	fpgabuf_region_usage(buffer->region, usage);
	if (usage->in_use)
		return -EBUSY;
	fpgabuf_importers_sync_for_cpu(&buffer->importers);
	WRITE_ONCE(buffer->state, FPGABUF_REGION_QUEUED);
	return 0;
}

/**
 * fpgabuf_buffer_claim() - take a region from its users
 * @buffer: the region; queued afterwards
 * @importers_done: those who have it mapped have let go of it
 * @usage: all 0 unless its pages were looked at
 *
 * Context: process, sleeps; waits for page faults.
 *
 * Return: 0, or -EBUSY: it is not idle, or somebody still looks at it.
 */
int fpgabuf_buffer_claim(struct fpgabuf_buffer *buffer, bool importers_done,
			 struct fpgabuf_usage *usage)
{
	int ret;

	*usage = (struct fpgabuf_usage){};
	down_write(&buffer->sem);
	ret = claim(buffer, importers_done, usage);
	up_write(&buffer->sem);
	return ret;
}

/**
 * fpgabuf_buffer_give_back() - undo fpgabuf_buffer_claim()
 * @buffer: the region, claimed; the channel did not get it
 *
 * Context: process, sleeps.
 */
void fpgabuf_buffer_give_back(struct fpgabuf_buffer *buffer)
{
	fpgabuf_importers_sync_for_device(&buffer->importers);
	fpgabuf_buffer_unclaim(buffer);
}

/**
 * fpgabuf_buffer_captured() - let all see what a capture has brought
 * @buffer: the region, queued
 * @span: where it begins
 * @bytes: how much it is
 *
 * Context: process; what a fence waits for.
 */
void fpgabuf_buffer_captured(struct fpgabuf_buffer *buffer,
			     struct fpgabuf_span span, size_t bytes)
{
	WRITE_ONCE(buffer->captured, true);
	fpgabuf_owner_sync_for_cpu(&buffer->mapping, span, bytes,
				   DMA_FROM_DEVICE);
	fpgabuf_importers_sync_for_device(&buffer->importers);
}

static int record(struct fpgabuf_buffer *buffer, u32 *standing, u64 *pins)
{
	lockdep_assert_held_write(&buffer->sem);
	if (fpgabuf_buffer_state(buffer) != FPGABUF_REGION_IDLE)
		return -EBUSY;
	if (READ_ONCE(buffer->captured))
		return -EPERM;
	if (buffer->region->standing)
		return -EALREADY;
	return fpgabuf_region_record(buffer->region, standing, pins);
}

/**
 * fpgabuf_buffer_record() - record the pins of a region as its baseline
 * @buffer: the region
 * @pins: set to how many they are
 *
 * Context: process, sleeps; waits for page faults.
 *
 * Return: 0, or -EBUSY, -EPERM, -EALREADY, -ENOENT, -EOPNOTSUPP as the UAPI header
 * says, or -ENOMEM.
 */
int fpgabuf_buffer_record(struct fpgabuf_buffer *buffer, u64 *pins)
{
	u32 *standing;
	int ret;

	/* Long pins of them hang, so these are none. */
	if (buffer->region->pages.backend->id == FPGABUF_BACKEND_CMA)
		return -EOPNOTSUPP;
	standing = fpgabuf_region_baseline(buffer->region);
	if (!standing)
		return -ENOMEM;
	down_write(&buffer->sem);
	ret = record(buffer, standing, pins);
	up_write(&buffer->sem);
	if (ret)
		kvfree(standing);
	return ret;
}

/**
 * fpgabuf_buffer_forget() - undo fpgabuf_buffer_record()
 * @buffer: the region
 *
 * Context: process, sleeps; waits for page faults.
 */
void fpgabuf_buffer_forget(struct fpgabuf_buffer *buffer)
{
	down_write(&buffer->sem);
	kvfree(buffer->region->standing);
	WRITE_ONCE(buffer->region->standing, NULL);
	up_write(&buffer->sem);
}

/**
 * fpgabuf_buffer_lower() - let the baseline fall to the pins that are there
 * @buffer: the region
 *
 * Context: process, sleeps; waits for page faults if there is one.
 */
void fpgabuf_buffer_lower(struct fpgabuf_buffer *buffer)
{
	struct fpgabuf_usage usage;

	if (!READ_ONCE(buffer->region->standing))
		return;
	down_write(&buffer->sem);
	fpgabuf_region_usage(buffer->region, &usage);
	up_write(&buffer->sem);
}

/**
 * fpgabuf_buffer_done() - the capture is over, and is not yet dequeued
 * @buffer: the region, queued
 *
 * Context: any.
 */
void fpgabuf_buffer_done(struct fpgabuf_buffer *buffer)
{
	/* Whoever sees this sees what importers got: fpgabuf_buffer_state() */
	smp_store_release(&buffer->state, FPGABUF_REGION_DONE);
}

/**
 * fpgabuf_buffer_unclaim() - give a region back to its users
 * @buffer: the region, claimed; can be claimed again
 *
 * Context: any.
 */
void fpgabuf_buffer_unclaim(struct fpgabuf_buffer *buffer)
{
	/* What the last capture left is written: fpgabuf_buffer_state() */
	smp_store_release(&buffer->state, FPGABUF_REGION_IDLE);
}

/**
 * fpgabuf_buffer_keep() - the channel goes on having it when the capture is over
 * @buffer: the region, queued; lives on until fpgabuf_buffer_let_go()
 *
 * Context: any; takes no lock.
 */
void fpgabuf_buffer_keep(struct fpgabuf_buffer *buffer)
{
	get_dma_buf(buffer->dmabuf);
	atomic_inc(&buffer->kept);
}

/**
 * fpgabuf_buffer_let_go() - undo fpgabuf_buffer_keep()
 * @buffer: the region; may be gone on return
 *
 * As dma_buf_put() does, which is not for softirq.  With the last reference the
 * region goes later, in a context that can sleep.
 *
 * Context: any but hard interrupt.
 */
void fpgabuf_buffer_let_go(struct fpgabuf_buffer *buffer)
{
	atomic_dec(&buffer->kept);
	fput(buffer->dmabuf->file);
}

/*
 * What the owner wrote was synced when its capture was finished.  To do so again
 * would copy its bounce buffer over what others have written since.
 */
static int fpgabuf_begin_cpu_access(struct dma_buf *dmabuf,
				    enum dma_data_direction dir)
{
	struct fpgabuf_buffer *buffer = dmabuf->priv;

	down_read(&buffer->sem);
	if (!owner_has_it(buffer))
		fpgabuf_importers_sync_for_cpu(&buffer->importers);
	up_read(&buffer->sem);
	return 0;
}

static int fpgabuf_end_cpu_access(struct dma_buf *dmabuf,
				  enum dma_data_direction dir)
{
	struct fpgabuf_buffer *buffer = dmabuf->priv;

	down_read(&buffer->sem);
	if (!owner_has_it(buffer))
		fpgabuf_owner_sync_for_device(&buffer->mapping,
					      fpgabuf_span_first(&buffer->mapping),
					      dmabuf->size, dir);
	fpgabuf_importers_sync_for_device(&buffer->importers);
	up_read(&buffer->sem);
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
	struct fpgabuf_buffer *buffer = vma->vm_private_data;
	vm_fault_t ret;

	if (vmf->pgoff >= buffer->dmabuf->size >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;

	down_read(&buffer->sem);
	if (vma->vm_flags & VM_MIXEDMAP)
		ret = fault_around(buffer->region, vma, vmf);
	else
		ret = fault_one(buffer->region, vmf);
	up_read(&buffer->sem);
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
	struct fpgabuf_buffer *buffer = vma->vm_private_data;
	unsigned long addr = vmf->address & PMD_MASK;
	struct page *page;
	vm_fault_t ret;

	if (!IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) ||
	    order != PMD_SHIFT - PAGE_SHIFT || vma->vm_flags & VM_MIXEDMAP ||
	    !huge_at(buffer->region, vma, addr))
		return VM_FAULT_FALLBACK;

	down_read(&buffer->sem);
	page = fpgabuf_region_page(buffer->region,
				   linear_page_index(vma, addr));
	ret = vmf_insert_folio_pmd(vmf, page_folio(page),
				   vmf->flags & FAULT_FLAG_WRITE);
	up_read(&buffer->sem);
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
	struct fpgabuf_buffer *buffer = dmabuf->priv;

	if (!(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	/* An importer may map us through a file of its own. */
	if (buffer->region->pages.access == O_RDONLY) {
		if (vma->vm_flags & VM_WRITE)
			return -EACCES;
		vm_flags_clear(vma, VM_MAYWRITE);
	}

	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY |
			  VM_WIPEONFORK);
	if (!huge_vma(buffer->region, vma))
		vm_flags_set(vma, VM_MIXEDMAP);
	vm_flags_clear(vma, VM_MAYEXEC);
	vma->vm_private_data = buffer;
	vma->vm_ops = &fpgabuf_vm_ops;
	return 0;
}

/*
 * What the channel has not let go of stays mapped for ever: the device may still
 * write.  CPU access that is just being prepared ends first.
 */
static void owner_unmap(struct fpgabuf_buffer *buffer)
{
	if (atomic_read(&buffer->kept))
		return;
	down_write(&buffer->sem);
	fpgabuf_owner_unmap(&buffer->mapping);
	up_write(&buffer->sem);
}

/*
 * From here on the channel can reach the region, and the end of the binding knows
 * of it.
 */
static int enlist(struct fpgabuf_buffer *buffer)
{
	struct fpgabuf_buffers *buffers = buffer->buffers;
	int ret;

	down_read(&buffers->binding);
	ret = fpgabuf_buffers_gone(buffers) ?
	      -ENODEV : fpgabuf_owner_map(&buffer->mapping);
	if (!ret) {
		mutex_lock(&buffers->lock);
		list_add_tail(&buffer->node, &buffers->list);
		mutex_unlock(&buffers->lock);
	}
	up_read(&buffers->binding);
	return ret;
}

/* Out of the device's list, out of the channel's reach */
static void delist(struct fpgabuf_buffer *buffer)
{
	struct fpgabuf_buffers *buffers = buffer->buffers;

	down_read(&buffers->binding);
	mutex_lock(&buffers->lock);
	list_del(&buffer->node);
	mutex_unlock(&buffers->lock);
	owner_unmap(buffer);
	up_read(&buffers->binding);
}

static void fpgabuf_release(struct dma_buf *dmabuf)
{
	struct fpgabuf_buffer *buffer = dmabuf->priv;

	trace_fpgabuf_free(buffer->region);
	delist(buffer);
	buffer->buffers->release(buffer);
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

/**
 * fpgabuf_buffer_init() - make a region, to become a dma-buf
 * @buffer: filled in; all 0 before
 * @buffers: those of its device
 * @account: what it is charged to
 * @alloc: what is wanted, checked
 *
 * Context: process, may sleep; the device must be bound.
 *
 * Return: 0, to be undone by fpgabuf_buffer_exit(), or -EDQUOT, -ENOMEM or
 * -EINTR.
 */
int fpgabuf_buffer_init(struct fpgabuf_buffer *buffer,
			struct fpgabuf_buffers *buffers,
			struct fpgabuf_account *account,
			const struct fpgabuf_alloc *alloc)
{
	struct fpgabuf_region *region = fpgabuf_region_create(account, alloc);
	int ret;

	if (IS_ERR(region))
		return PTR_ERR(region);
	buffer->buffers = buffers;
	buffer->region = region;
	buffer->mapping.owner = &buffers->owner;
	buffer->mapping.region = region;
	INIT_LIST_HEAD(&buffer->node);
	init_rwsem(&buffer->sem);
	fpgabuf_importers_init(&buffer->importers, region, &buffers->synced);
	ret = fpgabuf_owner_build(&buffers->owner, region,
				  &buffer->mapping.sgt);
	if (ret)
		fpgabuf_region_destroy(region);
	return ret;
}

/**
 * fpgabuf_buffer_exit() - give up a region that is no dma-buf, or no longer one
 * @buffer: nobody knows of it any more
 *
 * Context: process, may sleep.
 */
void fpgabuf_buffer_exit(struct fpgabuf_buffer *buffer)
{
	sg_free_table(&buffer->mapping.sgt);
	fpgabuf_region_destroy(buffer->region);
}

/**
 * fpgabuf_buffer_export() - map a region for its owner, and make the dma-buf
 * @buffer: the region; owned by the dma-buf if that succeeds
 *
 * What needs memory or time is done without the lock of the stream: the watchdog,
 * which fences depend on, takes it too, and must not wait for memory that is
 * waiting for a fence, nor for the caches of 2 GiB.
 *
 * Context: process, may sleep.
 *
 * Return: 0, with one reference on the dma-buf, or -EIO, -ENODEV or -ENOMEM.
 */
int fpgabuf_buffer_export(struct fpgabuf_buffer *buffer)
{
	const struct fpgabuf_pages *pages = &buffer->region->pages;
	DEFINE_DMA_BUF_EXPORT_INFO(exp_info);
	struct dma_buf *dmabuf;
	int ret;

	ret = enlist(buffer);
	if (ret)
		return ret;

	exp_info.ops = &fpgabuf_dmabuf_ops;
	exp_info.size = pages->size;
	exp_info.flags = pages->access;
	exp_info.priv = buffer;
	dmabuf = dma_buf_export(&exp_info);
	if (IS_ERR(dmabuf)) {
		delist(buffer);
		return PTR_ERR(dmabuf);
	}
	/* The dma-buf owns the region from here on. */
	buffer->dmabuf = dmabuf;
	buffer->region->ino = file_inode(dmabuf->file)->i_ino;
	trace_fpgabuf_alloc(buffer->region);
	return 0;
}

/**
 * fpgabuf_buffers_init() - no regions yet
 * @buffers: filled in
 * @dma_dev: the device that does the DMA; lives longer
 * @segment: bytes that its channel takes as one segment
 * @release: called when a dma-buf goes
 */
void fpgabuf_buffers_init(struct fpgabuf_buffers *buffers,
			  struct device *dma_dev, size_t segment,
			  void (*release)(struct fpgabuf_buffer *buffer))
{
	*buffers = (struct fpgabuf_buffers){
		.owner.dev = dma_dev,
		.owner.segment = segment,
		.release = release,
	};
	init_rwsem(&buffers->binding);
	mutex_init(&buffers->lock);
	INIT_LIST_HEAD(&buffers->list);
}

/**
 * fpgabuf_buffers_end() - the binding ends: nothing is mapped any more
 * @buffers: those of the device
 *
 * Context: any.
 */
void fpgabuf_buffers_end(struct fpgabuf_buffers *buffers)
{
	WRITE_ONCE(buffers->gone, true);
}

/**
 * fpgabuf_buffers_gone() - has the binding ended?
 * @buffers: those of the device
 *
 * Context: any.
 */
bool fpgabuf_buffers_gone(const struct fpgabuf_buffers *buffers)
{
	return READ_ONCE(buffers->gone);
}

/**
 * fpgabuf_buffers_unmap() - take all regions out of the device's reach
 * @buffers: fpgabuf_buffers_end() was called, and the channel is closed
 *
 * Only what the channel does not let go of stays as it is.
 *
 * Context: process, sleeps; the device has not gone.
 */
void fpgabuf_buffers_unmap(struct fpgabuf_buffers *buffers)
{
	struct fpgabuf_buffer *buffer;

	down_write(&buffers->binding);
	mutex_lock(&buffers->lock);
	list_for_each_entry(buffer, &buffers->list, node)
		owner_unmap(buffer);
	mutex_unlock(&buffers->lock);
	up_write(&buffers->binding);
}

/**
 * fpgabuf_buffers_each() - look at all regions of a device
 * @buffers: those of the device
 * @fn: called for each, which does not go meanwhile; may sleep
 * @data: handed to @fn
 *
 * Context: process, sleeps.
 */
void fpgabuf_buffers_each(struct fpgabuf_buffers *buffers,
			  void (*fn)(struct fpgabuf_buffer *buffer, void *data),
			  void *data)
{
	struct fpgabuf_buffer *buffer;

	mutex_lock(&buffers->lock);
	list_for_each_entry(buffer, &buffers->list, node)
		fn(buffer, data);
	mutex_unlock(&buffers->lock);
}

/**
 * fpgabuf_buffers_find() - the region behind a descriptor
 * @buffers: those of the device that it must belong to
 * @fd: a descriptor of the calling process
 *
 * Return: the region, with a reference on its dma-buf that the caller drops by
 * dma_buf_put(), or ERR_PTR of -EBADF, -EINVAL (not a dma-buf) or -EXDEV (a
 * dma-buf of another driver or device).
 */
struct fpgabuf_buffer *fpgabuf_buffers_find(const struct fpgabuf_buffers *buffers,
					    int fd)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	struct fpgabuf_buffer *buffer;

	if (IS_ERR(dmabuf))
		return ERR_CAST(dmabuf);

	if (dmabuf->ops == &fpgabuf_dmabuf_ops) {
		buffer = dmabuf->priv;
		if (buffer->buffers == buffers)
			return buffer;
	}
	dma_buf_put(dmabuf);
	return ERR_PTR(-EXDEV);
}

MODULE_IMPORT_NS("DMA_BUF");
