// SPDX-License-Identifier: GPL-2.0-only
/* Memory to send from: what people have today, and regions of the driver */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define REMAP_DEVICE	"/dev/fpgabuf-test-remap"
#define REMAP_SIZE	MIB

#define HUGE_TMPFS	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"

/* An address with room for all regions, each at a huge page */
static uint8_t *place(struct window *w, unsigned int i)
{
	if (!i)
		return huge_address(w->region * w->regions);
	return w->mem[0] + i * w->region;
}

static int anonymous(struct window *w, int advice)
{
	size_t size = w->region * w->regions;
	unsigned int i;

	for (i = 0; i < w->regions; i++)
		w->mem[i] = place(w, i);
	if (mmap(w->mem[0], size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) ==
	    MAP_FAILED)
		return -errno;
	if (madvise(w->mem[0], size, advice))
		return -errno;
	memset(w->mem[0], 0x5a, size);
	return 0;
}

static int open_small(struct window *w, size_t region, unsigned int regions)
{
	(void)region;
	(void)regions;
	return anonymous(w, MADV_NOHUGEPAGE);
}

static int open_huge(struct window *w, size_t region, unsigned int regions)
{
	(void)region;
	(void)regions;
	return anonymous(w, MADV_HUGEPAGE);
}

/* The device has a MiB, which is there again and again. */
static int open_remap(struct window *w, size_t region, unsigned int regions)
{
	size_t at;

	w->file = open(REMAP_DEVICE, O_RDWR | O_CLOEXEC);
	if (w->file < 0)
		return -errno;
	w->mem[0] = place(w, 0);
	for (at = 0; at < region * regions; at += REMAP_SIZE)
		if (mmap(w->mem[0] + at, REMAP_SIZE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED_NOREPLACE, w->file, 0) ==
		    MAP_FAILED)
			return -errno;
	for (at = 1; at < regions; at++)
		w->mem[at] = place(w, at);
	return 0;
}

static int map_file(struct window *w, size_t region, unsigned int regions,
		    int advice)
{
	unsigned int i;

	w->file = memfd_create("bench", MFD_CLOEXEC);
	if (w->file < 0 || ftruncate(w->file, region * regions))
		return -errno;
	w->mem[0] = mmap(NULL, region * regions, PROT_READ | PROT_WRITE,
			 MAP_SHARED, w->file, 0);
	if (w->mem[0] == MAP_FAILED ||
	    madvise(w->mem[0], region * regions, advice))
		return -errno;
	for (i = 1; i < regions; i++)
		w->mem[i] = w->mem[0] + i * region;
	memset(w->mem[0], 0x5a, region * regions);
	return 0;
}

static int open_tmpfs(struct window *w, size_t region, unsigned int regions)
{
	return map_file(w, region, regions, MADV_NORMAL);
}

static int open_tmpfs_huge(struct window *w, size_t region,
			   unsigned int regions)
{
	file_write(HUGE_TMPFS, "advise");
	return map_file(w, region, regions, MADV_HUGEPAGE);
}

/* The library maps a region so that it gets huge pages if it can. */
static int add_region(struct window *w, unsigned int i, int fd, int access)
{
	int prot = access == O_RDWR ? PROT_READ | PROT_WRITE : PROT_READ;
	void *mem;
	int ret;

	ret = fpgabuf_region_import(fd, &w->imported[i]) ?:
	      fpgabuf_region_map(w->imported[i], prot, &mem);
	if (ret)
		return ret;
	w->mem[i] = mem;
	return madvise(mem, w->region, MADV_POPULATE_READ) ? -errno : 0;
}

static int open_backend(struct window *w, const struct backend *backend)
{
	struct fpgabuf_alloc alloc;
	unsigned int i;
	int ret;

	w->dev = backend_device(backend, w->region, &alloc);
	if (w->dev < 0)
		return -ENODEV;
	ret = add_region(w, 0, alloc.fd, backend->access);
	for (i = 1; i < w->regions && !ret; i++) {
		ret = backend_alloc(w->dev, backend, w->region, &alloc);
		if (!ret)
			ret = add_region(w, i, alloc.fd, backend->access);
	}
	return ret;
}

int window_open(struct window *w, const struct memory *memory, size_t region,
		unsigned int regions)
{
	*w = (struct window){
		.region = region,
		.regions = regions,
		.file = -1,
		.dev = -1,
	};
	if (memory->backend)
		return open_backend(w, memory->backend);
	return memory->open(w, region, regions);
}

void window_close(struct window *w)
{
	unsigned int i;

	if (w->dev < 0)
		munmap(w->mem[0], w->region * w->regions);
	for (i = 0; i < w->regions; i++)
		fpgabuf_region_close(w->imported[i]);
	if (w->dev >= 0)
		close(w->dev);
	if (w->file >= 0)
		close(w->file);
}

const struct memory memory_remap = { "remap_pfn_range", open_remap, NULL };
const struct memory memory_small = { "malloc", open_small, NULL };
const struct memory memory_huge = { "malloc huge", open_huge, NULL };
const struct memory memory_tmpfs = { "tmpfs", open_tmpfs, NULL };
const struct memory memory_tmpfs_huge = { "tmpfs huge", open_tmpfs_huge, NULL };
const struct memory memory_folio = { "folio", NULL, &bench_backends[0] };
const struct memory memory_pages = { "pages", NULL, &bench_backends[1] };
const struct memory memory_scatter = { "scatter", NULL, &bench_backends[2] };
const struct memory memory_carveout = { "carve-out", NULL, &bench_backends[3] };
const struct memory memory_cma = { "CMA", NULL, &bench_backends[4] };
