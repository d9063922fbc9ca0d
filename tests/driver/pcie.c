// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCIe card with XDMA, which is a program on the host (tests/platform/providers/card).
 * For machines that tests/platform/providers/pcie.sh boots.
 *
 * The card sends a counter, or the file that is the first disk here as well.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "bed.h"

#define CARD_NAME	"0000:01:00.0"
#define CARD		"/sys/bus/pci/devices/" CARD_NAME "/"
#define CARD_ID		"10ee 9024"
#define CARD_DRIVER	"/sys/bus/pci/drivers/fpgabuf-xdma/"
#define CHANNELS	2
#define FILE_SIZE	(40 * MIB)
#define CHUNK		(4 * MIB)
#define TOO_LONG	(257 * MIB)	/* for a descriptor */

/* Registers of the FPGA, 64 bits each; see tests/platform/providers/card/fpga.c. */
enum knob {
	RESET, FEED, PACKET, FAIL, STUCK, EAGER, POSITION, TRANSFERS, PACE,
	STRAY, WRITEBACK, SOURCE, LACKING, WRITTEN,
};

#define ENDLESS	UINT64_MAX

static volatile uint64_t *knobs;
static char names[CHANNELS][256];

static volatile uint64_t *knob(int channel, enum knob n)
{
	return knobs + channel * 0x100 / 8 + n;
}

/* Named by number, so their order is that of the channels. */
static int find_devices(void)
{
	struct dirent **found;
	int n = scandir(CARD, &found, NULL, alphasort), i, channels = 0;

	for (i = 0; i < n; i++) {
		if (!strncmp(found[i]->d_name, "fpgabuf.", 8)) {
			if (channels < CHANNELS)
				snprintf(names[channels], sizeof(names[0]),
					 "%s", found[i]->d_name);
			channels++;
		}
		free(found[i]);
	}
	if (n >= 0)
		free(found);
	return channels;
}

static int map_knobs(void)
{
	int fd = open(CARD "resource2", O_RDWR | O_CLOEXEC);
	void *map;

	if (fd < 0)
		return -errno;
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return -errno;
	knobs = map;
	return 0;
}

/* No test runs yet, so nothing can be expected of it. */
static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* The card may be bound already; it is then bound anew. */
static int bind_card(void)
{
	int ret;

	if (access(CARD "driver", F_OK))
		return put(CARD_DRIVER "new_id", CARD_ID);
	ret = put(CARD_DRIVER "unbind", CARD_NAME);
	return ret ?: put(CARD_DRIVER "bind", CARD_NAME);
}

static int load_drivers(void)
{
	static const char * const modules[][2] = {
		{ "xdma.ko", "" },
		{ "fpgabuf.ko", "limit_mib=300" },
		{ "fpgabuf-xdma.ko", "" },
	};
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		ret = module_load(modules[i][0], modules[i][1]);
		if (ret && ret != -EEXIST)
			return ret;
	}
	ret = bind_card();
	if (ret)
		return ret;
	if (find_devices() != CHANNELS)
		return -ENODEV;
	return map_knobs();
}

static int load(void)
{
	int ret = load_drivers(), i;

	for (i = 0; !ret && i < CHANNELS; i++)
		*knob(i, RESET) = 1;
	return ret;
}

static void feed(int channel, uint64_t bytes)
{
	*knob(channel, RESET) = 1;
	*knob(channel, FEED) = bytes;
}

static void capture_counter(int channel)
{
	int dev = node_open(names[channel]), fd = region_alloc(dev, 64 * KIB);
	uint8_t *mem = region_map(fd, 64 * KIB);
	struct fpgabuf_dequeue done;
	int i;

	feed(channel, ENDLESS);
	for (i = 0; i < 4; i++) {
		done = capture_run(dev, fd, 0);
		EXPECT(done.error, 0);
		REQUIRE(done.bytes, 64 * KIB);
		sync_access(fd, true);
		CU_ASSERT(is_pattern(mem, 64 * KIB, i * 64 * KIB));
		sync_access(fd, false);
	}
	EXPECT(*knob(channel, POSITION), 4 * 64 * KIB);
	/* It says of each that it is done, where it may. */
	EXPECT(*knob(channel, WRITEBACK), 4);
	EXPECT(*knob(channel, STRAY), 0);
	*knob(channel, RESET) = 1;
	munmap(mem, 64 * KIB);
	close(fd);
	close(dev);
}

static void each_channel(void)
{
	int i;

	for (i = 0; i < CHANNELS; i++)
		capture_counter(i);
}

/* The xdma driver alone would give the first one that is free. */
static void bound_in_reverse(void)
{
	int i;

	for (i = 0; i < CHANNELS; i++)
		file_write(DRIVER "unbind", names[i]);
	for (i = CHANNELS - 1; i >= 0; i--)
		file_write(DRIVER "bind", names[i]);
	each_channel();
}

static void rebound(void)
{
	file_write(CARD_DRIVER "unbind", CARD_NAME);
	CU_ASSERT(access(CARD "driver", F_OK) < 0);
	file_write(CARD_DRIVER "bind", CARD_NAME);
	REQUIRE(find_devices(), CHANNELS);
	each_channel();
}

/*
 * Of a capture that takes several descriptors, the card would say in the right
 * place that the first is done, and of the others in memory of somebody else.
 */
static void in_pieces(void)
{
	struct fpgabuf_alloc alloc = {
		.size = TOO_LONG,
		.flags = FPGABUF_ALLOC_SCATTER,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int dev = node_open(names[0]), fd = region_alloc(dev, 64 * KIB), ret;
	struct fpgabuf_dequeue done;
	uint64_t where;

	feed(0, ENDLESS);
	capture_run(dev, fd, 0);
	where = *knob(0, WRITTEN);
	REQUIRE(call(dev, FPGABUF_IOC_ALLOC, &alloc), 0);
	ret = region_queue(dev, alloc.fd, 0, 0);
	if (ret) {
		EXPECT(ret, -EMSGSIZE);
	} else {
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.bytes, TOO_LONG);
	}
	EXPECT(*knob(0, WRITTEN), where);
	*knob(0, RESET) = 1;
	close(alloc.fd);
	close(fd);
	close(dev);
}

static void overridden(void)
{
	file_write(CARD_DRIVER "unbind", CARD_NAME);
	file_write(CARD_DRIVER "remove_id", CARD_ID);
	EXPECT(put(CARD_DRIVER "bind", CARD_NAME), -ENODEV);
	file_write(CARD "driver_override", "fpgabuf-xdma");
	file_write(CARD_DRIVER "bind", CARD_NAME);
	REQUIRE(find_devices(), CHANNELS);
	each_channel();
	file_write(CARD "driver_override", "\n");
	file_write(CARD_DRIVER "unbind", CARD_NAME);
	file_write(CARD_DRIVER "new_id", CARD_ID);
	REQUIRE(find_devices(), CHANNELS);
}

static void refused_with_remedy(void)
{
	static const struct {
		int lacking;
		int error;
		const char *reason;
	} cases[] = {
		{ 1, -EOPNOTSUPP, "set the number of H2C channels" },
		{ 2, -ENODEV, "set the number of C2H channels" },
		{ 4, -ENODEV, "is this a card with that IP" },
	};
	size_t i;

	file_write(CARD_DRIVER "unbind", CARD_NAME);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int log = kmsg_open();

		*knob(0, LACKING) = cases[i].lacking;
		EXPECT(put(CARD_DRIVER "bind", CARD_NAME), cases[i].error);
		EXPECT(kmsg_count(log, cases[i].reason), 1);
		close(log);
	}
	*knob(0, RESET) = 1;
	file_write(CARD_DRIVER "bind", CARD_NAME);
	REQUIRE(find_devices(), CHANNELS);
	each_channel();
}

/* What the file has there, or stops the test */
/*
 * Nothing ends its descriptor, not even a reset of the card: that needs RESET, which
 * stands for its power here, and then a reset by the driver that finds it busy.
 */
static void unbound_though_stuck(void)
{
	int dev = node_open(names[0]), fd = region_alloc(dev, 64 * KIB);
	struct fpgabuf_dequeue done;

	*knob(0, RESET) = 1;
	*knob(0, STUCK) = 1;
	REQUIRE(region_queue(dev, fd, 0, 0), 0);
	file_write(CARD_DRIVER "unbind", CARD_NAME);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.error, -ENODEV);
	EXPECT(done.bytes, 0);
	close(fd);
	close(dev);
	EXPECT(put(CARD_DRIVER "bind", CARD_NAME), -EBUSY);
	*knob(0, RESET) = 1;
	file_write(CARD_DRIVER "bind", CARD_NAME);
	REQUIRE(find_devices(), CHANNELS);
	each_channel();
}

static void compare(const void *mem, int file, uint64_t position)
{
	void *want = mmap(NULL, CHUNK, PROT_READ, MAP_PRIVATE, file, position);

	REQUIRE(want == MAP_FAILED, false);
	CU_ASSERT(!memcmp(mem, want, CHUNK));
	munmap(want, CHUNK);
}

static void whole_file(void)
{
	int dev = node_open(names[0]), file = open("/dev/vda", O_RDONLY);
	int fds[FILE_SIZE / CHUNK];
	struct fpgabuf_dequeue done;
	size_t i;

	REQUIRE(file >= 0, true);
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = region_alloc(dev, CHUNK);
		REQUIRE(region_queue(dev, fds[i], 0, i), 0);
	}
	*knob(0, RESET) = 1;
	*knob(0, SOURCE) = 1;
	*knob(0, FEED) = ENDLESS;
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		uint8_t *mem = region_map(fds[i], CHUNK);

		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.cookie, i);
		EXPECT(done.error, 0);
		EXPECT(done.bytes, CHUNK);
		compare(mem, file, i * CHUNK);
		munmap(mem, CHUNK);
		close(fds[i]);
	}
	EXPECT(*knob(0, POSITION), FILE_SIZE);
	EXPECT(*knob(0, STRAY), 0);
	*knob(0, RESET) = 1;
	close(file);
	close(dev);
}

static const struct test tests[] = {
	{ "each channel of the card captures its own counter", each_channel },
	{ "channels keep their numbers, bound in whatever order",
	  bound_in_reverse },
	{ "a card that is unbound and bound again works", rebound },
	{ "a capture that would have the card write elsewhere is refused",
	  in_pieces },
	{ "a card is bound by driver_override as well", overridden },
	{ "a card that cannot be used is refused, with the remedy",
	  refused_with_remedy },
	{ "a card that does not stop can be unbound, and waits for a reset",
	  unbound_though_stuck },
	{ "40 MiB are captured, and are the file that the card sends",
	  whole_file },
	{ }
};

SUITE(pcie,
	.alone = true,
	.title = "a PCIe card",
	.init = load,
	.tests = tests)

/*
 * Until a capture ends with ENODEV; what came before has to be right.  The host
 * waits for the line, and then has the machine give up the card.
 */
static bool capture_until_gone(int dev, const int *fds, uint8_t * const *mems,
			       size_t size, int *queued)
{
	struct fpgabuf_dequeue done;
	uint64_t position = 0;
	int i, err;

	for (i = 0; i < 100000; i++) {
		if (capture_get(dev, &done))
			return false;
		if (done.error)
			return done.error == -ENODEV;
		if (done.bytes != size ||
		    !is_pattern(mems[done.cookie], size, position))
			return false;
		position += size;
		if (!i)
			puts("\nremove the card");
		/* It may go at any moment, also at this one. */
		err = region_queue_wait(dev, fds[done.cookie], 0, done.cookie);
		if (err && err != -ENODEV)
			return false;
		*queued -= !!err;
	}
	return false;
}

static void removed(void)
{
	enum { REGIONS = 4, SIZE = 256 * KIB };
	int dev = node_open(names[0]), fds[REGIONS], i, rest = 0;
	int queued = REGIONS;
	struct fpgabuf_dequeue done;
	uint8_t *mems[REGIONS];

	for (i = 0; i < REGIONS; i++) {
		fds[i] = region_alloc(dev, SIZE);
		mems[i] = region_map(fds[i], SIZE);
		REQUIRE(region_queue(dev, fds[i], 0, i), 0);
	}
	*knob(0, PACE) = 1000000;
	*knob(0, FEED) = ENDLESS;
	CU_ASSERT(capture_until_gone(dev, fds, mems, SIZE, &queued));
	while (!capture_get(dev, &done)) {
		EXPECT(done.error, -ENODEV);
		rest++;
	}
	EXPECT(rest, queued - 1);
	EXPECT(capture_get(dev, &done), -ENODEV);
	EXPECT(region_queue(dev, fds[0], 0, 0), -ENODEV);
	for (i = 0; i < REGIONS; i++) {
		munmap(mems[i], SIZE);
		close(fds[i]);
	}
	close(dev);
	for (i = 0; !access(CARD, F_OK) && i < 1000; i++)
		usleep(10000);
	CU_ASSERT(access(CARD, F_OK) < 0);
}

static const struct test removal_tests[] = {
	{ "a card that is removed in mid-capture: ENODEV", removed },
	{ }
};

SUITE(removal,
	.alone = true,
	.title = "the removal of a PCIe card",
	.init = load,
	.tests = removal_tests)

/* Where there is no such call (i386) there are no such cards in the tests either. */
#ifndef SYS_kexec_file_load
#define SYS_kexec_file_load	-1
#endif

#define MARK		" fpgabuf_kexec"
#define KERNEL		"/boot/vmlinuz"
#define INITRD		"/tmp/initramfs"
#define LEFT_AT		(MIB + 256 * KIB)

/* That of this kernel, but for the mark that tells the next one apart */
static void load_kernel(void)
{
	int kernel = open(KERNEL, O_RDONLY | O_CLOEXEC);
	int initrd = open(INITRD, O_RDONLY | O_CLOEXEC);
	char arguments[4096];
	FILE *f = fopen("/proc/cmdline", "r");

	REQUIRE(kernel >= 0 && initrd >= 0 && f, true);
	REQUIRE(fgets(arguments, sizeof(arguments) - sizeof(MARK), f) != NULL,
		true);
	fclose(f);
	strcpy(arguments + strcspn(arguments, "\n"), MARK);
	REQUIRE(syscall(SYS_kexec_file_load, kernel, initrd,
			strlen(arguments) + 1, arguments, 0) ? -errno : 0, 0);
	close(initrd);
	close(kernel);
}

/*
 * The first channel is in the middle of a descriptor, and the second one waits for
 * the data of its first.
 */
static void leave_captures(void)
{
	int dev = node_open(names[0]), other = node_open(names[1]), i;
	struct fpgabuf_dequeue done;

	for (i = 0; i < 2; i++)
		REQUIRE(region_queue(dev, region_alloc(dev, MIB), 0, i), 0);
	*knob(0, FEED) = LEFT_AT;
	REQUIRE(capture_get(dev, &done), 0);
	for (i = 0; *knob(0, POSITION) < LEFT_AT && i < 10000; i++)
		usleep(1000);
	REQUIRE(region_queue(other, region_alloc(other, MIB), 0, 0), 0);
}

/* CUnit will not come to say that it passed. */
static void start_kernel(void)
{
	load_kernel();
	leave_captures();
	puts("passed");
	tcdrain(STDOUT_FILENO);
	reboot(RB_KEXEC);
	EXPECT(errno, 0);
}

static const struct test kexec_tests[] = {
	{ "a kernel is started while the card captures", start_kernel },
	{ }
};

SUITE(kexec,
	.alone = true,
	.title = "kexec with a PCIe card",
	.init = load,
	.tests = kexec_tests)

static bool bus_master(void)
{
	int fd = open(CARD "config", O_RDONLY | O_CLOEXEC);
	uint16_t command = 0;

	REQUIRE(pread(fd, &command, sizeof(command), 4), sizeof(command));
	close(fd);
	return command & 4;
}

/*
 * It cannot, as it is no bus master; and when it is one again, it has forgotten
 * what it was at, however much its FPGA sends.
 */
static void next_kernel(void)
{
	int i;

	EXPECT(bus_master(), false);
	REQUIRE(load_drivers(), 0);
	EXPECT(bus_master(), true);
	for (i = 0; i < CHANNELS; i++)
		*knob(i, FEED) = ENDLESS;
	EXPECT(*knob(0, POSITION), LEFT_AT);
	EXPECT(*knob(1, POSITION), 0);
	EXPECT(*knob(0, STRAY), 0);
}

static void next_captures(void)
{
	REQUIRE(knobs != NULL, true);
	each_channel();
}

static const struct test next_tests[] = {
	{ "after kexec the card writes nothing into the next kernel",
	  next_kernel },
	{ "and captures what that kernel wants", next_captures },
	{ }
};

SUITE(after_kexec,
	.alone = true,
	.title = "the next kernel with a PCIe card",
	.tests = next_tests)
