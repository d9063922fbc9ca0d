// SPDX-License-Identifier: GPL-2.0-only
/* The model test: an actor's operations on regions and their memory. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include <xf86drm.h>

#include "model.h"

static uint64_t draw_size(struct actor *actor)
{
	switch (draw(actor, 8)) {
	case 0:
		return 1;
	case 1:
		return 1 + draw(actor, 5000);
	case 2:
		return PAGE * (1 + draw(actor, 16));
	case 3:
		return 64 * KIB * (1 + draw(actor, 4));
	case 4:
		return 1 + draw(actor, LARGEST) / (1 + draw(actor, 16));
	case 5:
		return draw(actor, 8) ? PAGE : LARGEST;
	default:
		return PAGE << draw(actor, 6);
	}
}

/* A wrong one now and then. */
static struct fpgabuf_alloc draw_alloc(struct actor *actor, bool *wrong)
{
	static const uint64_t sizes[] = { 0, 1ull << 40, UINT64_MAX };
	struct fpgabuf_alloc alloc = {
		.size = draw_size(actor),
		.flags = draw(actor, 4) || world->by_program ? 0 :
			 FPGABUF_ALLOC_SCATTER,
		.fd_flags = (draw(actor, 2) ? O_CLOEXEC : 0) |
			    (draw(actor, 4) ? O_RDWR : O_RDONLY),
	};

	*wrong = !draw(actor, 10);
	if (!*wrong)
		return alloc;
	switch (draw(actor, 4)) {
	case 0:
		alloc.size = sizes[draw(actor, ARRAY_SIZE(sizes))];
		break;
	case 1:
		alloc.fd_flags = O_WRONLY;
		break;
	case 2:
		alloc.flags = 1u << 31;
		break;
	default:
		alloc.reserved0 = 1;
		break;
	}
	return alloc;
}

/* Contiguous ones have chunks of one size; scattered ones only if asked for. */
static void check_backend(struct verdict *verdict,
			  const struct fpgabuf_alloc *alloc, bool scatter,
			  uint64_t pages)
{
	if (scatter) {
		within(verdict, "backend", alloc->backend,
		       FPGABUF_BACKEND_SCATTER, FPGABUF_BACKEND_SCATTER);
		within(verdict, "chunks", alloc->chunks, 1, pages);
		return;
	}
	within(verdict, "backend", alloc->backend, FPGABUF_BACKEND_FOLIO,
	       FPGABUF_BACKEND_PAGES);
	within(verdict, "chunks", alloc->chunks,
	       alloc->backend == FPGABUF_BACKEND_PAGES ? pages : 1, pages);
	within(verdict, "the pages fill the chunks evenly",
	       pages % (alloc->chunks ?: 1), 0, 0);
}

static void check_alloc(struct actor *actor, const struct fpgabuf_alloc *alloc,
			const struct fpgabuf_alloc *asked)
{
	uint64_t pages = (asked->size + PAGE - 1) / PAGE;
	int close_on_exec = asked->fd_flags & O_CLOEXEC ? FD_CLOEXEC : 0;
	struct verdict verdict = { 0 };

	within(&verdict, "size", alloc->size, pages * PAGE, pages * PAGE);
	check_backend(&verdict, alloc, asked->flags & FPGABUF_ALLOC_SCATTER,
		      pages);
	within(&verdict, "close on exec", fcntl(alloc->fd, F_GETFD),
	       close_on_exec, close_on_exec);
	check(actor, &verdict);
}

bool op_alloc(struct actor *actor)
{
	struct region *region = free_region(actor);
	struct allowed allowed = { .success = true };
	unsigned int before = stage(actor);
	struct fpgabuf_alloc alloc, asked;
	bool wrong;
	int ret;

	if (!region)
		return false;
	asked = draw_alloc(actor, &wrong);
	alloc = asked;
	say(actor, "ALLOC %llu bytes, flags %x %x, to %u",
	    (unsigned long long)alloc.size, alloc.flags, alloc.fd_flags,
	    region_index(actor, region));
	ret = call(dev_of(actor), FPGABUF_IOC_ALLOC, &alloc);
	model_plain(life(actor, before), &allowed);
	if (wrong)
		must(&allowed, EINVAL);
	check_result(actor, ret, &allowed);
	if (ret)
		return true;
	check_alloc(actor, &alloc, &asked);
	*region = (struct region){
		.used = true,
		.device = actor->file.device,
		.stage = actor->file.stage,
		.size = alloc.size,
		.read_only = (asked.fd_flags & O_ACCMODE) == O_RDONLY,
		.backend = alloc.backend,
		.chunks = alloc.chunks,
		.fd = { alloc.fd },
		.nr_fds = 1,
	};
	return true;
}

static bool has_fd(const struct actor *actor, const struct region *region)
{
	(void)actor;
	return region->nr_fds;
}

static bool can_map(const struct actor *actor, const struct region *region)
{
	return has_fd(actor, region) && region->nr_maps < MAPS;
}

bool op_map(struct actor *actor)
{
	struct region *region = draw_region(actor, can_map);
	struct allowed allowed = { .success = true };
	unsigned int pages, page = 0, size;
	int prot = PROT_READ, flags = MAP_SHARED;
	struct map *map;
	void *mem;

	if (!region)
		return false;
	pages = size = region->size / PAGE;
	if (draw(actor, 2)) {
		page = draw(actor, size + 1);
		pages = 1 + draw(actor, size - page + 1);
	}
	if (draw(actor, 3))
		prot |= PROT_WRITE;
	if (!draw(actor, 20))
		prot |= PROT_EXEC;
	if (!draw(actor, 20))
		flags = MAP_PRIVATE;

	say(actor, "mmap %u, pages %u+%u of %u, prot %x, flags %x",
	    region_index(actor, region), page, pages, size, prot, flags);
	mem = mmap(NULL, (size_t)pages * PAGE, prot, flags,
		   fd_of(actor, region), (off_t)page * PAGE);
	model_map(region, page, pages, prot, flags, &allowed);
	check_result(actor, mem == MAP_FAILED ? -errno : 0, &allowed);
	if (mem == MAP_FAILED)
		return true;
	map = &region->map[region->nr_maps++];
	*map = (struct map){
		.mem = mem, .page = page, .pages = pages,
		.writable = prot & PROT_WRITE,
	};
	return true;
}

static bool is_mapped(const struct actor *actor, const struct region *region)
{
	(void)actor;
	return region->nr_maps;
}

/* All of a mapping. */
void map_drop(struct region *region, unsigned int index)
{
	struct map *map = &region->map[index];

	munmap(map->mem, (size_t)map->pages * PAGE);
	*map = region->map[--region->nr_maps];
}

/* Pages at the front or at the end of a mapping; some stay. */
static int map_shrink(struct map *map, unsigned int pages, bool front)
{
	uint8_t *from = map->mem;
	unsigned int i;

	if (!front)
		from += (size_t)(map->pages - pages) * PAGE;
	if (munmap(from, (size_t)pages * PAGE))
		return -errno;
	/* Those that stay are counted again when they are touched again. */
	touch_none(map);
	for (i = 0; front && i < pages; i++)
		map->page++, map->mem += PAGE;
	map->pages -= pages;
	return 0;
}

bool op_unmap(struct actor *actor)
{
	static const char * const how[] = { "all", "front", "end", "drop" };
	struct region *region = draw_region(actor, is_mapped);
	struct allowed allowed = { .success = true };
	unsigned int index, pages = 0, what = draw(actor, 6);
	struct map *map;
	int ret = 0;

	if (!region)
		return false;
	index = draw(actor, region->nr_maps);
	map = &region->map[index];
	if (what > 3 || map->pages == 1)
		what = 0;
	else
		pages = 1 + draw(actor, map->pages - 1);
	say(actor, "munmap %u, mapping %u: %s, %u of %u pages",
	    region_index(actor, region), index, how[what], pages, map->pages);
	if (what == 0) {
		map_drop(region, index);
	} else if (what == 3) {
		ret = madvise(map->mem, (size_t)map->pages * PAGE,
			      MADV_DONTNEED) ? -errno : 0;
		touch_none(map);
	} else {
		ret = map_shrink(map, pages, what == 1);
	}
	check_result(actor, ret, &allowed);
	region_settle(actor, region);
	return true;
}

static void look(struct actor *actor, struct region *region, struct map *map,
		 uint32_t offset)
{
	uint32_t start = map->page * PAGE;
	int wanted, got;

	if (offset < start || offset - start >= map->pages * PAGE)
		return;
	wanted = contents_byte(&region->contents, offset);
	got = *(volatile uint8_t *)(map->mem + offset - start);
	touch(map, offset / PAGE);
	if (wanted >= 0 && got != wanted && !region->borrowed)
		diverge(actor, "byte %u is %02x, expected %02x", offset, got,
			wanted);
}

/* Here and there, and where something begins or ends. */
static void look_around(struct actor *actor, struct region *region,
			struct map *map)
{
	const struct contents *contents = &region->contents;
	unsigned int i;

	for (i = 0; i < 8; i++)
		look(actor, region, map,
		     map->page * PAGE + draw(actor, map->pages * PAGE));
	look(actor, region, map, map->page * PAGE);
	look(actor, region, map, (map->page + map->pages) * PAGE - 1);
	for (i = 0; i < contents->nr_layers; i++) {
		look(actor, region, map, 0);
		look(actor, region, map, contents->layer[i].bytes - 1);
		look(actor, region, map, contents->layer[i].length);
	}
	for (i = 0; i < contents->nr_marks; i++)
		look(actor, region, map, contents->mark[i].offset);
}

bool op_touch(struct actor *actor)
{
	struct region *region = draw_region(actor, is_mapped);
	unsigned int index;

	if (!region)
		return false;
	index = draw(actor, region->nr_maps);
	say(actor, "touch %u, mapping %u", region_index(actor, region), index);
	look_around(actor, region, &region->map[index]);
	return true;
}

/*
 * To write while the FPGA does is of no use to anybody.  A write also waits for the
 * fences of others, and an FPGA that stands still would not signal them.
 */
static bool can_sync(const struct actor *actor, const struct region *region)
{
	const struct capture *capture =
		find_capture((struct file *)&actor->file,
			     region_index(actor, region));

	return region->nr_fds && region->nr_maps && !region->borrowed &&
	       fenced(&actor->file, LIVE, region) == NO &&
	       (!capture || capture->done != NO);
}

static int bracket(int fd, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	return call(fd, DMA_BUF_IOCTL_SYNC, &sync);
}

static void write_some(struct actor *actor, struct region *region,
		       struct map *map)
{
	uint32_t offset = draw(actor, map->pages * PAGE);
	uint32_t at = map->page * PAGE + offset;
	uint8_t value = draw(actor, 256);

	if (!contents_write(&region->contents, at, value))
		return;
	*(volatile uint8_t *)(map->mem + offset) = value;
	touch(map, at / PAGE);
}

bool op_sync(struct actor *actor)
{
	struct region *region = draw_region(actor, can_sync);
	struct allowed allowed = { .success = true };
	struct capture *capture;
	struct map *map;
	uint64_t how;
	int fd;

	if (!region)
		return false;
	fd = fd_of(actor, region);
	map = &region->map[draw(actor, region->nr_maps)];
	how = map->writable ? DMA_BUF_SYNC_RW : DMA_BUF_SYNC_READ;
	say(actor, "sync %u, mapping at %u, %swrites",
	    region_index(actor, region), map->page,
	    map->writable ? "" : "no ");
	check_result(actor, bracket(fd, how | DMA_BUF_SYNC_START), &allowed);
	/* It has waited for the capture. */
	capture = find_capture(&actor->file, region_index(actor, region));
	if (capture)
		finished_up_to(&actor->file, capture);
	look_around(actor, region, map);
	if (map->writable)
		write_some(actor, region, map);
	check_result(actor, bracket(fd, how | DMA_BUF_SYNC_END), &allowed);
	return true;
}

/* Whether it is ready, with a fence that perhaps keeps it from that */
static enum known ready_but(enum known ready, enum known fence)
{
	if (fence == YES || ready == NO)
		return NO;
	return fence == PERHAPS ? PERHAPS : ready;
}

bool op_poll_region(struct actor *actor)
{
	struct region *region = draw_region(actor, has_fd);
	short events = draw(actor, 2) ? POLLIN : POLLOUT;
	unsigned int before = stage(actor);
	struct verdict verdict = { 0 };
	struct capture *capture;
	enum known ready = YES;
	struct pollfd pfd;
	int ret;

	if (!region)
		return false;
	say(actor, "poll region %u for %x", region_index(actor, region),
	    events);
	pfd = (struct pollfd){ .fd = fd_of(actor, region), .events = events };
	capture = find_capture(&actor->file, region_index(actor, region));
	ret = poll(&pfd, 1, 0);
	if (capture)
		ready = finished(capture, life(actor, before));
	else if (region->borrowed)
		ready = PERHAPS;
	/* A reader does not wait for other readers. */
	if (events == POLLOUT)
		ready = ready_but(ready, fenced(&actor->file,
						life(actor, before), region));
	within(&verdict, "ready", ret, ready == YES, ready != NO);
	within(&verdict, "events", pfd.revents, 0, events);
	check(actor, &verdict);
	if (ret && capture)
		finished_up_to(&actor->file, capture);
	return true;
}

void region_ask(struct actor *actor, struct region *region)
{
	struct allowed allowed = { .success = true };
	struct fpgabuf_region_info info = { 0 };
	unsigned int before = stage(actor);
	struct verdict verdict = { 0 };
	int ret;

	info.fd = fd_of(actor, region);
	ret = call(dev_of(actor), FPGABUF_IOC_REGION_INFO, &info);
	model_question(life(actor, before), &allowed);
	model_region_call(&actor->file, region, &allowed);
	check_result(actor, ret, &allowed);
	if (ret)
		return;
	model_region_info(&actor->file, life(actor, before), region,
			  region_index(actor, region), &info, &verdict);
	check(actor, &verdict);
}

bool op_region_info(struct actor *actor)
{
	struct region *region = draw_region(actor, has_fd);

	if (!region)
		return false;
	say(actor, "REGION_INFO %u", region_index(actor, region));
	region_ask(actor, region);
	return true;
}

/* Not to be queued here: there shall be room for others. */
static bool is_strange(const struct actor *actor, const struct region *region)
{
	return region->nr_fds && (region->borrowed ||
				  !same_device(&actor->file, region));
}

bool op_close(struct actor *actor)
{
	struct region *region = draw_region(actor, is_strange);
	unsigned int index;

	if (!region || draw(actor, 2))
		region = draw_region(actor, has_fd);
	if (!region)
		return false;
	index = draw(actor, region->nr_fds);
	say(actor, "close %u, one of %u", region_index(actor, region),
	    region->nr_fds);
	actor_close(actor, region->fd[index]);
	region->fd[index] = region->fd[--region->nr_fds];
	region_settle(actor, region);
	return true;
}

static bool can_hold(const struct actor *actor, const struct region *region)
{
	return is_mapped(actor, region) && !region->held && !region->borrowed;
}

bool op_hold(struct actor *actor)
{
	struct region *region = draw_region(actor, can_hold);
	struct allowed allowed = { .success = true };
	unsigned int page, pages, i;
	struct iovec iov;
	struct map *map;
	ssize_t n;

	if (!region)
		return false;
	map = &region->map[draw(actor, region->nr_maps)];
	page = draw(actor, map->pages);
	pages = 1 + draw(actor, map->pages - page < 4 ? map->pages - page : 4);
	say(actor, "vmsplice %u, %u pages", region_index(actor, region), pages);
	if (pipe2(region->pipe, O_CLOEXEC))
		diverge(actor, "no pipe: %d", errno);
	iov.iov_base = map->mem + (size_t)page * PAGE;
	iov.iov_len = (size_t)pages * PAGE;
	n = vmsplice(region->pipe[1], &iov, 1, 0);
	check_result(actor, n < 0 ? -errno : 0, &allowed);
	if (n != (ssize_t)iov.iov_len)
		diverge(actor, "%zd bytes in the pipe, expected %zu", n,
			iov.iov_len);
	region->held = pages;
	for (i = 0; i < pages; i++)
		touch(map, map->page + page + i);
	return true;
}

static bool is_held(const struct actor *actor, const struct region *region)
{
	(void)actor;
	return region->held || region->handle;
}

static void import_end(struct actor *actor, struct region *region)
{
	if (drmCloseBufferHandle(actor->card, region->handle))
		diverge(actor, "the import cannot be ended: %d", errno);
	region->handle = 0;
}

/* Whatever holds it but descriptors and mappings. */
void region_release(struct actor *actor, struct region *region)
{
	if (region->handle && !actor->child)
		import_end(actor, region);
	while (region->nr_pins && !actor->child)
		region_unregister(actor, region);
	if (!region->held)
		return;
	region->held = 0;
	actor_close(actor, region->pipe[0]);
	actor_close(actor, region->pipe[1]);
}

bool op_release(struct actor *actor)
{
	struct region *region = draw_region(actor, is_held);

	if (!region)
		return false;
	say(actor, "release %u", region_index(actor, region));
	region_release(actor, region);
	region_look(actor, region);
	return true;
}

/* Another device wants it, or has it. */
static bool can_import(const struct actor *actor, const struct region *region)
{
	return has_fd(actor, region) && !region->borrowed;
}

bool op_import(struct actor *actor)
{
	struct region *region = draw_region(actor, can_import);
	struct allowed allowed = { .success = true };
	int ret;

	if (!region)
		return false;
	if (region->handle) {
		say(actor, "end import of %u", region_index(actor, region));
		import_end(actor, region);
		return true;
	}
	say(actor, "import %u", region_index(actor, region));
	ret = drmPrimeFDToHandle(actor->card, fd_of(actor, region),
				 &region->handle);
	check_result(actor, ret ? -errno : 0, &allowed);
	return true;
}
