// SPDX-License-Identifier: LGPL-2.1-or-later
/* A region: a dma-buf, its mapping and its sync bracket. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include "internal.h"

#define HUGE_PAGE_SIZE	((size_t)2 << 20)

/* Another thread may take the chosen address; it will not do so for ever. */
#define MAX_MAP_ATTEMPTS	16

struct fpgabuf_region {
	int fd;
	uint64_t size;
	void *addr;
};

int fpgabuf_region_new(int fd, uint64_t size, struct fpgabuf_region **region)
{
	struct fpgabuf_region *new = malloc(sizeof(*new));

	if (!new)
		return -ENOMEM;
	*new = (struct fpgabuf_region){ .fd = fd, .size = size };
	*region = new;
	return 0;
}

/* Only a dma-buf knows the call, and it refuses the flags before it acts. */
static int check_dmabuf(int fd)
{
	struct dma_buf_sync arg = { .flags = ~0ULL };
	int err = fpgabuf_ioctl(fd, DMA_BUF_IOCTL_SYNC, &arg);

	return err == -EINVAL ? 0 : err ? err : -ENOTTY;
}

int fpgabuf_region_import(int fd, struct fpgabuf_region **region)
{
	off_t size;
	int err;

	err = check_dmabuf(fd);
	if (err)
		return err;
	size = lseek(fd, 0, SEEK_END);
	if (size < 0)
		return -errno;
	return fpgabuf_region_new(fd, size, region);
}

void fpgabuf_region_close(struct fpgabuf_region *region)
{
	if (!region)
		return;
	fpgabuf_region_unmap(region);
	close(region->fd);
	free(region);
}

int fpgabuf_region_fd(const struct fpgabuf_region *region)
{
	return region->fd;
}

uint64_t fpgabuf_region_size(const struct fpgabuf_region *region)
{
	return region->size;
}

/* An address where @size bytes were free a moment ago, or MAP_FAILED */
static char *find_free(size_t size)
{
	char *base = mmap(NULL, size, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base != MAP_FAILED)
		munmap(base, size);
	return base;
}

/*
 * An aligned address that was free a moment ago.  If memory is limited, as by
 * mlockall(MCL_FUTURE), there may be just enough for the region.  Below this place
 * there is usually room, because the kernel maps from the top.
 */
static void *find_aligned(size_t size)
{
	char *base = find_free(size + HUGE_PAGE_SIZE);

	if (base != MAP_FAILED)
		return base + (-(uintptr_t)base & (HUGE_PAGE_SIZE - 1));
	base = find_free(size);
	if (base != MAP_FAILED)
		base -= (uintptr_t)base & (HUGE_PAGE_SIZE - 1);
	return base;
}

/*
 * dma-buf files do not choose aligned addresses by themselves.  Mapping with
 * MAP_FIXED over a reservation would do as well, but when that fails, some
 * kernels leave a hole in which another thread may have mapped something, so
 * that the reservation can neither be kept nor unmapped.
 */
static void *map_aligned(int fd, size_t size, int prot)
{
	void *addr = MAP_FAILED;
	int i;

	errno = EEXIST;
	for (i = 0; i < MAX_MAP_ATTEMPTS && errno == EEXIST; i++) {
		void *hint = find_aligned(size);

		if (hint == MAP_FAILED)
			break;
		addr = mmap(hint, size, prot,
			    MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
		if (addr != MAP_FAILED)
			return addr;
	}
	/* Smaller pages are better than none. */
	return mmap(NULL, size, prot, MAP_SHARED, fd, 0);
}

static int check_prot(int prot)
{
	return !prot || prot & ~(PROT_READ | PROT_WRITE) ? -EINVAL : 0;
}

int fpgabuf_region_map(struct fpgabuf_region *region, int prot, void **addr)
{
	void *new;

	if (check_prot(prot))
		return -EINVAL;
	if (region->addr)
		return -EBUSY;
	if (region->size > SIZE_MAX - HUGE_PAGE_SIZE)
		return -EFBIG;
	new = map_aligned(region->fd, region->size, prot);
	if (new == MAP_FAILED)
		return -errno;
	region->addr = new;
	*addr = new;
	return 0;
}

void *fpgabuf_region_addr(const struct fpgabuf_region *region)
{
	return region->addr;
}

int fpgabuf_region_unmap(struct fpgabuf_region *region)
{
	if (!region->addr)
		return -EINVAL;
	munmap(region->addr, region->size);
	region->addr = NULL;
	return 0;
}

static int region_sync(int fd, int prot, uint64_t flags)
{
	struct dma_buf_sync arg = { .flags = flags };
	int i, err = -EINVAL;

	if (check_prot(prot))
		return -EINVAL;
	if (prot & PROT_READ)
		arg.flags |= DMA_BUF_SYNC_READ;
	if (prot & PROT_WRITE)
		arg.flags |= DMA_BUF_SYNC_WRITE;
	for (i = 0; i < FPGABUF_MAX_ATTEMPTS; i++) {
		err = fpgabuf_ioctl(fd, DMA_BUF_IOCTL_SYNC, &arg);
		if (err != -EINTR && err != -EAGAIN)
			break;
	}
	return err;
}

int fpgabuf_region_sync_start(struct fpgabuf_region *region, int prot)
{
	return region_sync(region->fd, prot, DMA_BUF_SYNC_START);
}

int fpgabuf_region_sync_end(struct fpgabuf_region *region, int prot)
{
	return region_sync(region->fd, prot, DMA_BUF_SYNC_END);
}
