// SPDX-License-Identifier: GPL-2.0-only
/*
 * Capture through a PL330, the DMA controller of Cyclone V and Zynq, from two
 * registers: a counter that runs freely, and the FIFO of a serial port.  For a
 * kernel booted on smdkc210 with tests/platform/pl330/pl330.dtsi.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bed.h"

/* As pl330.dtsi has them */
#define COUNTER		"10050100.counter"
#define TOO_MUCH	"10050104.counter"
#define UART		"13800024.uart"

#define UART_BASE	0x13800000
#define UCON		(0x04 / 4)
#define UCON_RX_DMA	2
#define UFCON		(0x08 / 4)
#define UFCON_ENABLE	1
#define UFCON_RX_RESET	2
#define URXH		(0x24 / 4)

/* More than a PL330 moves in one go */
#define LARGE		(4 * MIB)

/* Has the serial port ask for DMA; it stays so when we are gone. */
static int uart_asks_for_dma(void)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
	volatile uint32_t *uart;

	if (fd < 0)
		return -errno;
	uart = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    UART_BASE);
	close(fd);
	if (uart == MAP_FAILED)
		return -errno;
	uart[UFCON] = UFCON_ENABLE | UFCON_RX_RESET;
	uart[UCON] = UCON_RX_DMA;
	/* QEMU's tells the DMA controller only now that it has nothing. */
	(void)uart[URXH];
	munmap((void *)uart, 4096);
	return 0;
}

static int load(void)
{
	int ret = module_load("fpgabuf.ko", "");

	return ret ?: uart_asks_for_dma();
}

/* Each value of the counter was read later than the one before. */
static bool counts(const uint32_t *values, size_t n, uint32_t *last)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if ((int32_t)(values[i] - *last) <= 0)
			return false;
		*last = values[i];
	}
	return true;
}

static bool is_zero(const uint8_t *mem, size_t size)
{
	return !size || (!mem[0] && !memcmp(mem, mem + 1, size - 1));
}

/* Captures that length so many times, from a counter that must not go back */
static void count(size_t size, size_t length, int times)
{
	int dev = node_open(COUNTER), fd = region_alloc(dev, size);
	uint8_t *mem = region_map(fd, size);
	struct fpgabuf_dequeue done;
	uint32_t last;
	int i;

	for (i = 0; i < times; i++) {
		done = capture_run(dev, fd, length);
		EXPECT(done.bytes, length);
		EXPECT(done.error, 0);
		sync_access(fd, true);
		if (!i)
			last = *(uint32_t *)mem - 1;
		CU_ASSERT(counts((uint32_t *)mem, length / 4, &last));
		CU_ASSERT(is_zero(mem + length, size - length));
		sync_access(fd, false);
	}
	munmap(mem, size);
	close(fd);
	close(dev);
}

static void counter(void)
{
	count(64 * KIB, 64 * KIB, 20);
}

static void counter_lengths(void)
{
	static const size_t lengths[] = { 4, 28, 32, 36, 4092, 4100, 65532 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		count(64 * KIB, lengths[i], 2);
}

static void counter_large(void)
{
	count(LARGE, LARGE, 1);
}

static void width(void)
{
	int dev = node_open(COUNTER), fd = region_alloc(dev, 4096);

	EXPECT(region_queue(dev, fd, 2, 0), -EINVAL);
	EXPECT(region_queue(dev, fd, 4094, 0), -EINVAL);
	close(fd);
	close(dev);
	dev = node_open(UART);
	fd = region_alloc(dev, 4096);
	EXPECT(region_queue(dev, fd, 1, 0), 0);
	EXPECT(capture_cancel(dev), 1);
	close(fd);
	close(dev);
}

/* All regions queued at once, and done in that order */
static void in_order(void)
{
	enum { REGIONS = 8 };
	int dev = node_open(COUNTER), fds[REGIONS], i;
	struct fpgabuf_dequeue done;
	uint32_t *mem, last = 0;

	for (i = 0; i < REGIONS; i++) {
		fds[i] = region_alloc(dev, 16 * KIB);
		REQUIRE(region_queue(dev, fds[i], 0, i), 0);
	}
	for (i = 0; i < REGIONS; i++) {
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.cookie, i);
		mem = region_map(fds[i], 16 * KIB);
		if (!i)
			last = mem[0] - 1;
		CU_ASSERT(counts(mem, 4 * KIB, &last));
		munmap(mem, 16 * KIB);
		close(fds[i]);
	}
	close(dev);
}

static void burst_refused(void)
{
	node_refused(TOO_MUCH, -EINVAL,
		     "fpgabuf,burst of 17: the DMA channel does 1 to 16");
}

/* Nobody sends: the channel waits, and can be stopped while it does. */
static void silence(void)
{
	int dev = node_open(UART), fd = region_alloc(dev, 4096), i;
	struct fpgabuf_queue queue = { .fd = fd, .timeout_ms = 200 };
	struct fpgabuf_dequeue done;

	for (i = 0; i < 2; i++) {
		REQUIRE(call(dev, FPGABUF_IOC_QUEUE, &queue), 0);
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.bytes, 0);
		EXPECT(done.error, -ETIMEDOUT);
		REQUIRE(region_queue(dev, fd, 0, 0), 0);
		EXPECT(capture_cancel(dev), 1);
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.bytes, 0);
		EXPECT(done.error, -ECANCELED);
	}
	close(fd);
	close(dev);
}

static void fact(const char *column, const char *value)
{
	printf("\ntable: PL330 | %s | %s", column, value);
}

/* Nor has it packets, and what is behind its bridges no IOMMU. */
static void told(void)
{
	int dev = node_open(UART);
	struct fpgabuf_info info = device_info(dev);

	EXPECT(info.capabilities, FPGABUF_CAP_EXACT_BYTES | FPGABUF_CAP_STOP |
	       DRIVER_CAPS);
	EXPECT(info.transfers, info.queue_depth);
	EXPECT(info.max_capture, 0);
	EXPECT(info.max_packet, 0);
	fact("binds", "yes");
	fact("queue", "many");
	fact("short packets", "ignored");
	fact("timeout", "exact");
	fact("stop", "yes");
	fact("gaps exact", "no");
	fact("IOMMU", "n/a");
	fact("limits", "any capture\n");
	close(dev);
}

static const struct test tests[] = {
	{ "what a counter was when it was read, again and again", counter },
	{ "captures of lengths that bursts do not divide", counter_lengths },
	{ "a capture larger than a PL330 moves in one go", counter_large },
	{ "captures queued at once are done in that order", in_order },
	{ "a length is a multiple of the register's width", width },
	{ "a burst that the channel cannot do is refused", burst_refused },
	{ "a serial port that nobody sends to: timeout, and cancel", silence },
	{ "INFO says what the channel can do", told },
	{ }
};

SUITE(pl330,
	.alone = true,
	.title = "a PL330",
	.init = load,
	.tests = tests)
