// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "uio/window.h"
#include "common/message.h"

#define NO_LIMIT	UINT64_MAX

/* The byte of PCI's command register that has "INTx is disabled", and the bit */
#define COMMAND_HIGH	5
#define INTX_DISABLE	0x04

static int failed(const char *what, const char *path)
{
	int err = errno;

	message("cannot %s %s: %s", what, path, strerror(err));
	if (err == ENOENT && !strncmp(path, "/dev/uio", 8))
		remedy("is a driver of UIO bound to the master? see `ls /dev/uio*`");
	else if (err == EACCES || err == EPERM)
		remedy("become root, or have udev give you the device");
	return -err;
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);

	return fd < 0 ? failed("open", path) : fd;
}

static const char *name_of(const char *uio)
{
	const char *slash = strrchr(uio, '/');

	return slash ? slash + 1 : uio;
}

/* Of a mapping of UIO, from sysfs */
static int map_attribute(const struct window_place *place, const char *name,
			 uint64_t *value)
{
	char path[256];
	int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/uio/%s/maps/map%u/%s",
		 name_of(place->uio), place->map, name);
	f = fopen(path, "re");
	if (f) {
		n = fscanf(f, "%" SCNx64, value);
		fclose(f);
	}
	if (n == 1)
		return 0;
	message("%s has no mapping %u", place->uio, place->map);
	remedy("see /sys/class/uio/*/maps; the registers of a PCI card are a file resource0 of its device in /sys, for --registers");
	return -ENOENT;
}

/* The range that there is, and where @fd has it */
struct range {
	int fd;
	uint64_t at, skip, size;
};

static int uio_range(const struct window_place *place, int uio,
		     struct range *range)
{
	int err = map_attribute(place, "size", &range->size);

	range->fd = uio;
	range->at = place->map * sysconf(_SC_PAGESIZE);
	return err ?: map_attribute(place, "offset", &range->skip);
}

/* A character device such as /dev/mem has no size. */
static int file_range(const struct window_place *place, struct range *range)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	struct stat stat;

	range->fd = open_file(place->file);
	if (range->fd < 0)
		return range->fd;
	if (fstat(range->fd, &stat))
		return failed("look at", place->file);
	range->at = place->offset & ~(page - 1);
	range->skip = 0;
	range->size = NO_LIMIT;
	if (S_ISREG(stat.st_mode))
		range->size = (uint64_t)stat.st_size > range->at ?
			      stat.st_size - range->at : 0;
	return 0;
}

static uint64_t skip_of(const struct window_place *place,
			const struct range *range)
{
	return place->file ? place->offset - range->at :
			     range->skip + place->offset;
}

static int map(const struct window_place *place, const struct range *range,
	       uint32_t size, struct window *w)
{
	const char *path = place->file ?: place->uio;
	uint64_t skip = skip_of(place, range);
	/* UIO counts from the register on, and we map from the page on. */
	uint64_t room = place->file ? range->size : range->size + range->skip;

	if (room < skip || room - skip < size) {
		message("%s ends before the %u bytes of registers do", path, size);
		remedy("is this the right one, and --offset?");
		return -EINVAL;
	}
	w->mapped = skip + size;
	w->memory = mmap(NULL, w->mapped, PROT_READ | PROT_WRITE, MAP_SHARED,
			 range->fd, range->at);
	if (w->memory == MAP_FAILED) {
		w->memory = NULL;
		return failed("map", path);
	}
	w->first = (volatile uint8_t *)w->memory + skip;
	if ((uintptr_t)w->first % w->width == 0)
		return 0;
	message("the registers begin at no multiple of %u bytes", w->width);
	remedy("give another --offset");
	return -EINVAL;
}

static int open_uio(const char *uio, struct window *w)
{
	char path[256];

	w->uio = open_file(uio);
	if (w->uio < 0)
		return w->uio;
	snprintf(path, sizeof(path), "/sys/class/uio/%s/device/config",
		 name_of(uio));
	w->config = open(path, O_RDWR | O_CLOEXEC);
	return 0;
}

static int map_place(const struct window_place *place, uint32_t size,
		     struct window *w)
{
	struct range range = { .fd = -1 };
	int err = place->uio ? open_uio(place->uio, w) : 0;

	if (err)
		return err;
	err = place->file ? file_range(place, &range) :
			    uio_range(place, w->uio, &range);
	if (!err)
		err = map(place, &range, size, w);
	if (place->file && range.fd >= 0)
		close(range.fd);
	return err;
}

int window_open(const struct window_place *place, uint32_t size,
		unsigned int width, bool big_endian, struct window *window)
{
	int err;

	*window = (struct window){
		.width = width,
		.swap = big_endian != (__BYTE_ORDER == __BIG_ENDIAN),
		.uio = -1,
		.config = -1,
	};
	if (width > sizeof(long)) {
		message("this processor does not access 64 bits at once");
		remedy("describe the registers with width 32");
		return -EINVAL;
	}
	err = map_place(place, size, window);
	if (err)
		window_close(window);
	return err;
}

void window_close(struct window *window)
{
	if (window->memory)
		munmap(window->memory, window->mapped);
	if (window->config >= 0)
		close(window->config);
	if (window->uio >= 0)
		close(window->uio);
	window->memory = NULL;
	window->config = -1;
	window->uio = -1;
}

static uint64_t swapped(const struct window *w, uint64_t value)
{
	return w->swap ? __builtin_bswap64(value) >> (64 - 8 * w->width) :
			 value;
}

static uint64_t window_read(void *arg, uint32_t offset)
{
	const struct window *w = arg;
	volatile void *at = w->first + offset;
	uint64_t value;

	switch (w->width) {
	case 1:
		value = *(volatile uint8_t *)at;
		break;
	case 2:
		value = *(volatile uint16_t *)at;
		break;
	case 4:
		value = *(volatile uint32_t *)at;
		break;
	default:
		value = *(volatile uint64_t *)at;
	}
	return swapped(w, value);
}

static void window_write(void *arg, uint32_t offset, uint64_t value)
{
	const struct window *w = arg;
	volatile void *at = w->first + offset;

	value = swapped(w, value);
	switch (w->width) {
	case 1:
		*(volatile uint8_t *)at = value;
		break;
	case 2:
		*(volatile uint16_t *)at = value;
		break;
	case 4:
		*(volatile uint32_t *)at = value;
		break;
	default:
		*(volatile uint64_t *)at = value;
	}
}

struct registers window_registers(struct window *window)
{
	return (struct registers){ window_read, window_write, window };
}

/* uio_pci_generic disables INTx at each interrupt, and leaves the rest to us. */
static bool enable_intx(const struct window *w)
{
	uint8_t command;

	if (pread(w->config, &command, 1, COMMAND_HIGH) != 1)
		return false;
	command &= ~INTX_DISABLE;
	return pwrite(w->config, &command, 1, COMMAND_HIGH) == 1;
}

/* ENOSYS: its driver leaves it to us, or has interrupts that stay enabled. */
void window_arm(struct window *window)
{
	const int32_t enable = 1;

	if (window->uio < 0 || window->armed)
		return;
	window->armed = true;
	window->rearm = write(window->uio, &enable, sizeof(enable)) ==
			sizeof(enable);
	window->interrupts = window->rearm || errno == ENOSYS;
	if (window->interrupts && !window->rearm && window->config >= 0)
		window->rearm = window->interrupts = enable_intx(window);
}

bool window_take(struct window *window)
{
	int32_t count;

	window->armed = !window->rearm;
	window->interrupts = read(window->uio, &count, sizeof(count)) ==
			     sizeof(count);
	return window->interrupts;
}
