// SPDX-License-Identifier: GPL-2.0-only
/*
 * The FPGA behind a real DMA controller, or a model of one.  PROVIDER names the
 * row of the table below; BED is where its knobs are: a folder with a file for
 * each, or a PCI resource with 64 bits for each.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provider-bed.h"

#define POISON	0xa5

static const struct provider providers[] = {
	{
		.name = "axidma",
		.title = "AXI DMA",
		.device = "fpga-axidma",
		.packets = EXACT,
		.failure = TOLD,
		.stops = true,
		.stuck = true,
		.one = true,
	},
	{
		.name = "axidma-simple",
		.title = "AXI DMA without SG",
		.device = "fpga-axidma-simple",
		.packets = UNKNOWN,
		.failure = TOLD,
		.stops = true,
		.stuck = true,
		.one = true,
	},
	{
		.name = "axidma-delay",
		.title = "AXI DMA, 14 bits",
		.device = "fpga-axidma-delay",
		.packets = EXACT,
		.failure = TOLD,
		.stops = true,
		.stuck = true,
		.one = true,
	},
	{
		.name = "mcdma",
		.title = "AXI MCDMA",
		.device = "fpga-mcdma",
		.packets = EXACT,
		.failure = TOLD,
		.stops = true,
		.stuck = true,
		.one = true,
	},
	{
		.name = "msgdma",
		.title = "mSGDMA",
		.device = "fpga-msgdma",
		.packets = IGNORED,
		.failure = STOPS,
		.one = true,
	},
	{
		.name = "msgdma-resp",
		.title = "mSGDMA with responses",
		.device = "fpga-msgdma-resp",
		.packets = IGNORED,
		.failure = STOPS,
		.one = true,
	},
	/* With the patches of tests/kernel/providers, on the same models */
	{
		.name = "msgdma-fixed",
		.title = "mSGDMA, patched",
		.device = "fpga-msgdma",
		.packets = IGNORED,
		.failure = TOLD,
		.stops = true,
		.stuck = true,
		.one = false,
	},
	{
		.name = "msgdma-resp-fixed",
		.title = "mSGDMA with responses, patched",
		.device = "fpga-msgdma-resp",
		.packets = IGNORED,
		.failure = TOLD,
		.stops = true,
		.stuck = true,
		.one = false,
	},
	{
		.name = "axidmac",
		.title = "AXI-DMAC",
		.device = "fpga-axidmac",
		.packets = EXACT,
		.failure = UNNOTICED,
		.stops = true,
	},
	{
		.name = "axidmac-sg",
		.title = "AXI-DMAC with SG",
		.device = "fpga-axidmac-sg",
		.packets = UNKNOWN,
		.failure = UNNOTICED,
		.stops = true,
		.one = true,
	},
	/* The card of tests/platform/providers/pcie.sh */
	{
		.name = "xdma",
		.title = "XDMA",
		.device = "fpgabuf.1024",
		.packets = UNKNOWN,
		.failure = TOLD,
		.one = true,
	},
	{
		.name = "dwedma",
		.title = "DesignWare eDMA",
		.device = "fpgabuf.0",
		.packets = IGNORED,
		.failure = TOLD,
		.one = true,
	},
};

static const char * const names[KNOBS] = {
	"reset", "feed", "packet", "fail", "stuck", "eager", "position",
	"transfers", "pace",
};

const struct provider *provider;

static const char *folder;
static volatile uint64_t *registers;

static int find_provider(void)
{
	const char *name = getenv("PROVIDER");
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(providers); i++)
		if (!strcmp(providers[i].name, name))
			provider = &providers[i];
	return provider ? 0 : -ENOENT;
}

static int map_registers(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *map;

	if (fd < 0)
		return -errno;
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return -errno;
	registers = map;
	return 0;
}

static int find_knobs(void)
{
	const char *bed = getenv("BED");
	struct stat st;

	if (!bed || stat(bed, &st))
		return -ENOENT;
	if (!S_ISDIR(st.st_mode))
		return map_registers(bed);
	folder = bed;
	return 0;
}

/* For the suite: 0, or it cannot run. */
int provider_load(void)
{
	int ret = find_provider();

	if (!ret && access(DRIVER, F_OK))
		ret = module_load("fpgabuf.ko", "");
	return ret ?: find_knobs();
}

int provider_open(void)
{
	return node_open(provider->device);
}

/* A length of which a short packet can be the end */
uint64_t provider_length(int dev)
{
	uint64_t most = device_info(dev).max_packet;

	return most && most < SIZE ? most : SIZE;
}

void bed_set(enum knob knob, uint64_t value)
{
	char path[PATH_MAX], text[32];

	if (registers) {
		registers[knob] = value;
		return;
	}
	snprintf(path, sizeof(path), "%s/%s", folder, names[knob]);
	snprintf(text, sizeof(text), "%" PRIu64, value);
	file_write(path, text);
}

uint64_t bed_get(enum knob knob)
{
	char path[PATH_MAX];
	unsigned long value = 0;

	if (registers)
		return registers[knob];
	snprintf(path, sizeof(path), "%s/%s", folder, names[knob]);
	REQUIRE(file_read_line(path, "", &value), true);
	return value;
}

/* The stream from its beginning */
void bed_restart(uint64_t packet, uint64_t feed)
{
	bed_set(RESET, 1);
	bed_set(PACKET, packet);
	bed_set(FEED, feed);
}

/* A fact for the table of tests/platform/providers/run.sh */
void table(const char *column, const char *value)
{
	printf("\ntable: %s | %s | %s\n", provider->title, column, value);
}

struct slot slot_make(int dev, uint64_t size)
{
	struct slot slot = { .fd = region_alloc(dev, size), .size = size };

	slot.mem = region_map(slot.fd, size);
	return slot;
}

void slot_free(struct slot *slot)
{
	munmap(slot->mem, slot->size);
	close(slot->fd);
}

void slots_make(int dev, struct slot *slots, int n)
{
	int i;

	for (i = 0; i < n; i++)
		slots[i] = slot_make(dev, SIZE);
}

void slots_free(struct slot *slots, int n)
{
	int i;

	for (i = 0; i < n; i++)
		slot_free(&slots[i]);
}

/* What is still there afterwards did not come from the FPGA. */
void slot_poison(const struct slot *slot)
{
	sync_access(slot->fd, true);
	memset(slot->mem, POISON, slot->size);
	sync_access(slot->fd, false);
}

bool slot_is_poison(const struct slot *slot)
{
	return slot->mem[0] == POISON &&
	       !memcmp(slot->mem, slot->mem + 1, slot->size - 1);
}

int slot_queue(int dev, const struct slot *slot, uint64_t length,
	       uint64_t cookie, unsigned int timeout_ms)
{
	struct fpgabuf_queue queue = {
		.fd = slot->fd,
		.length = length,
		.cookie = cookie,
		.timeout_ms = timeout_ms,
	};

	return call(dev, FPGABUF_IOC_QUEUE, &queue);
}

/* Byte of the stream that is at the front of the region */
uint64_t slot_begin(const struct slot *slot)
{
	uint64_t word;

	memcpy(&word, slot->mem, sizeof(word));
	return word * sizeof(word);
}

/* Every byte that it claims came from the FPGA, one after the other. */
void slot_check(const struct slot *slot, const struct fpgabuf_dequeue *done)
{
	uint64_t begin = slot_begin(slot);

	if (!done->bytes)
		return;
	CU_ASSERT(done->bytes <= slot->size);
	EXPECT(begin + done->bytes <= bed_get(POSITION), true);
	CU_ASSERT(is_pattern(slot->mem, done->bytes, begin));
}

/* Until the FPGA is done with it; then it is queued. */
void slot_wait_free(int dev, const struct slot *slot)
{
	int i, ret = -EBUSY;

	for (i = 0; i < 500 && ret == -EBUSY; i++) {
		ret = slot_queue(dev, slot, 0, 0, 0);
		if (ret)
			usleep(10000);
	}
	REQUIRE(ret, 0);
}

/* From the beginning of the stream, several queued at a time */
void captures_right(int dev, int captures)
{
	struct fpgabuf_dequeue done;
	struct slot slots[QUEUED];
	struct slot *slot;
	int i;

	slots_make(dev, slots, QUEUED);
	bed_restart(SIZE, 0);
	for (i = 0; i < QUEUED && i < captures; i++)
		REQUIRE(slot_queue(dev, &slots[i], 0, i, 0), 0);
	bed_set(FEED, (uint64_t)captures * SIZE);
	for (i = 0; i < captures; i++) {
		slot = &slots[i % QUEUED];
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.cookie, i);
		EXPECT(done.error, 0);
		REQUIRE(done.bytes, SIZE);
		REQUIRE(is_pattern(slot->mem, SIZE, (uint64_t)i * SIZE), true);
		if (i + QUEUED < captures)
			REQUIRE(slot_queue(dev, slot, 0, i + QUEUED, 0), 0);
	}
	EXPECT(bed_get(FEED), 0);
	slots_free(slots, QUEUED);
}

/* The link in sysfs, and the last part of where it leads */
static void follow(const char *path, char *name, size_t size)
{
	char target[PATH_MAX];

	REQUIRE(!realpath(path, target), false);
	snprintf(name, size, "%s", strrchr(target, '/') + 1);
}

/* The device of the DMA controller, and the folder of its driver */
void provider_of(char *device, char *driver, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/bus/platform/devices/%s/dma:rx/device",
		 provider->device);
	follow(path, device, size);
	snprintf(path, sizeof(path),
		 "/sys/bus/platform/devices/%s/dma:rx/device/driver",
		 provider->device);
	REQUIRE(!realpath(path, target), false);
	snprintf(driver, size, "%s/", target);
}

/* provider_bind() - "bind" or "unbind" a device, by the folder of its driver */
void provider_bind(const char *what, const char *device, const char *driver)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", driver, what);
	file_write(path, device);
}

/* Is the FPGA bound? */
bool provider_there(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), DRIVER "%s", provider->device);
	return !access(path, F_OK);
}
