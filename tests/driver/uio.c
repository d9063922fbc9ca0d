// SPDX-License-Identifier: GPL-2.0-only
/*
 * fpgabuf-uio on a DMA master that is real for this kernel: QEMU's device edu, with
 * the kernel's uio_pci_generic.  It takes 100 ms for each capture.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"
#include "user-bed.h"

#define PCI	"/sys/bus/pci/devices/"
#define NEW_ID	"/sys/bus/pci/drivers/uio_pci_generic/new_id"
#define UIO	"/dev/uio0"
#define EDU	"1234 11e8"
#define MAPPING	"/sys/class/uio/uio0/maps/map0"

/* Bytes of a region, and of a capture */
#define SIZE	(4 * KIB)
#define LENGTH	2048

/* Its registers, and where its buffer is for them */
#define DMA_FROM	0x80
#define DMA_TO		0x88
#define DMA_COUNT	0x90
#define DMA_COMMAND	0x98
#define DMA_RUN		0x1
#define BUFFER		0x40000

static struct user_bed bed;
static char folder[300], resource[320];
static uint8_t samples[LENGTH];

static unsigned long hex_in(const char *device, const char *name)
{
	char path[320], text[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), PCI "%s/%s", device, name);
	f = fopen(path, "re");
	if (f) {
		if (!fgets(text, sizeof(text), f))
			text[0] = 0;
		fclose(f);
	}
	return strtoul(text, NULL, 16);
}

static bool find_edu(void)
{
	DIR *dir = opendir(PCI);
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		found = hex_in(entry->d_name, "vendor") == 0x1234 &&
			hex_in(entry->d_name, "device") == 0x11e8;
		if (found)
			snprintf(folder, sizeof(folder), PCI "%s",
				 entry->d_name);
	}
	if (dir)
		closedir(dir);
	snprintf(resource, sizeof(resource), "%s/resource0", folder);
	return found;
}

/* The driver has it until the machine goes down. */
static int bind_edu(void)
{
	ssize_t size = strlen(EDU), n;
	int fd;

	if (!access(UIO, R_OK | W_OK))
		return 0;
	fd = open(NEW_ID, O_WRONLY | O_CLOEXEC);
	n = write(fd, EDU, size);
	close(fd);
	return n == size && !access(UIO, R_OK | W_OK) ? 0 : -ENODEV;
}

static int edu_init(void)
{
	random_fill(samples, LENGTH, 1);
	if (!find_edu())
		return -ENODEV;
	return bind_edu() ?: user_load();
}

/*
 * A card that may not write to memory is one whose program has not set this bit;
 * uio_pci_generic takes it back whenever the device is closed.
 */
static void let_master(void)
{
	char path[320];
	uint8_t command;
	int fd;

	snprintf(path, sizeof(path), "%s/config", folder);
	fd = open(path, O_RDWR | O_CLOEXEC);
	REQUIRE(fd < 0 ? -errno : 0, 0);
	EXPECT(pread(fd, &command, 1, 4), 1);
	command |= 4;
	EXPECT(pwrite(fd, &command, 1, 4), 1);
	close(fd);
}

static volatile uint32_t *registers(void)
{
	int fd = open(resource, O_RDWR | O_CLOEXEC);
	void *mem;

	REQUIRE(fd < 0 ? -errno : 0, 0);
	mem = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	REQUIRE(mem == MAP_FAILED, false);
	return mem;
}

/* What it will write: taken from a region, whose address the channel tells. */
static void fill_buffer(void)
{
	volatile uint32_t *reg = registers();
	struct fpgabuf_user_event piece;
	int i, door = user_open(1, 0);

	user_queue(&bed, 0);
	piece = user_expect(door, FPGABUF_USER_START, 0);
	master_write(piece.addr, samples, LENGTH);
	reg[DMA_FROM / 4] = piece.addr;
	reg[DMA_TO / 4] = BUFFER;
	reg[DMA_COUNT / 4] = LENGTH;
	reg[DMA_COMMAND / 4] = DMA_RUN;
	for (i = 0; i < 20000 && reg[DMA_COMMAND / 4] & DMA_RUN; i++)
		usleep(1000);
	REQUIRE(i < 20000, true);
	munmap((void *)reg, 4096);
	EXPECT(user_done(door, piece.id, LENGTH, 0), 0);
	user_expect_capture(&bed, 0, 0, LENGTH);
	close(door);
}

static void begin(void)
{
	user_bed_open(&bed, SIZE);
	let_master();
	fill_buffer();
}

static void end(void)
{
	user_bed_close(&bed);
	user_expect_nothing_held();
}

static void queue(int i)
{
	memset(bed.mem[i], 0, SIZE);
	REQUIRE(region_queue(bed.dev, bed.fds[i], LENGTH, i), 0);
}

static void expect_samples(int i)
{
	static const uint8_t nothing[SIZE - LENGTH];

	user_expect_capture(&bed, i, 0, LENGTH);
	CU_ASSERT(!memcmp(bed.mem[i], samples, LENGTH));
	CU_ASSERT(!memcmp((uint8_t *)bed.mem[i] + LENGTH, nothing,
			  SIZE - LENGTH));
}

/* As many captures, some of them waiting */
static void capture(int nr)
{
	int i;

	for (i = 0; i < 4; i++)
		queue(i);
	for (i = 0; i < nr; i++) {
		expect_samples(i % 4);
		if (i + 4 < nr)
			queue(i % 4);
	}
}

static const struct program by_interrupt = {
	.name = "uio",
	.argv = { "fpgabuf-uio", "--json", "--uio", UIO, "--registers",
		  resource, "--poll", "10000", "/edu.master", NULL },
};

/* Where the driver of UIO has the registers, too */
static const struct program by_mapping = {
	.name = "uio",
	.argv = { "fpgabuf-uio", "--json", "--uio", UIO, "/edu.master", NULL },
};

/* The same, and looks often enough */
static const struct program by_both = {
	.name = "uio",
	.argv = { "fpgabuf-uio", "--json", "--uio", UIO, "--registers",
		  resource, "/edu.master", NULL },
};

static const struct program by_polling = {
	.name = "uio",
	.argv = { "fpgabuf-uio", "--json", "--registers", resource,
		  "/edu.master", NULL },
};

static void stop(const struct program *program, pid_t pid)
{
	EXPECT(kill(pid, SIGTERM), 0);
	EXPECT(process_exit_code(pid), 0);
	if (strstr(program_text(program, "out"), "\"quiet\": true"))
		return;
	printf("\n    %s", program_text(program, "err"));
	CU_FAIL("it does not say that it is quiet");
}

static void interrupts(void)
{
	pid_t pid;

	begin();
	pid = program_start(&by_interrupt);
	capture(20);
	stop(&by_interrupt, pid);
	EXPECT(program_count(&by_interrupt, "pieces"), 20);
	EXPECT(program_count(&by_interrupt, "bytes"), 20 * LENGTH);
	EXPECT(program_count(&by_interrupt, "interrupts"), 20);
	EXPECT(program_count(&by_interrupt, "stops"), 0);
	end();
}

static void mapping(void)
{
	pid_t pid;

	if (access(MAPPING, F_OK)) {
		skip("uio_pci_generic of this kernel maps nothing");
		return;
	}
	begin();
	pid = program_start(&by_mapping);
	capture(4);
	stop(&by_mapping, pid);
	EXPECT(program_count(&by_mapping, "pieces"), 4);
	end();
}

static void polling(void)
{
	pid_t pid;

	begin();
	pid = program_start(&by_polling);
	capture(8);
	stop(&by_polling, pid);
	EXPECT(program_count(&by_polling, "pieces"), 8);
	EXPECT(program_count(&by_polling, "interrupts"), 0);
	end();
}

static void wait_for_given(void)
{
	int i;

	for (i = 0; i < 20000 && !user_attribute("given"); i++)
		usleep(1000);
	REQUIRE(i < 20000, true);
}

/* The master is at work when the capture is cut; it is waited for. */
static void canceled(void)
{
	unsigned long long stops, whole;
	pid_t pid;

	begin();
	pid = program_start(&by_both);
	queue(0);
	wait_for_given();
	EXPECT(capture_cancel(bed.dev), 1);
	user_expect_capture(&bed, 0, -ECANCELED, 0);
	user_expect_nothing_held();
	capture(4);
	stop(&by_both, pid);
	/*
	 * The program hears of the stop before it lets the master begin, while that is
	 * at work, or when it has just been done.
	 */
	stops = program_count(&by_both, "stops");
	whole = program_count(&by_both, "pieces") +
		program_count(&by_both, "withdrawn");
	EXPECT(stops <= 1, true);
	EXPECT(whole == 5 || (whole == 4 && stops), true);
	end();
}

static void killed(void)
{
	int status;
	pid_t pid;

	begin();
	pid = program_start(&by_polling);
	queue(0);
	wait_for_given();
	EXPECT(kill(pid, SIGKILL), 0);
	REQUIRE(waitpid(pid, &status, 0), pid);
	EXPECT(user_attribute("held"), LENGTH);
	pid = program_start(&by_polling);
	user_expect_capture(&bed, 0, -EIO, 0);
	user_expect_nothing_held();
	capture(4);
	stop(&by_polling, pid);
	EXPECT(program_count(&by_polling, "stops"), 1);
	end();
}

/* It ends when the master does, and not before. */
static void ended_at_work(void)
{
	volatile uint32_t *reg;
	pid_t pid;

	begin();
	reg = registers();
	pid = program_start(&by_polling);
	queue(0);
	wait_for_given();
	stop(&by_polling, pid);
	EXPECT(reg[DMA_COMMAND / 4] & DMA_RUN, 0);
	user_expect_capture(&bed, 0, -EIO, 0);
	munmap((void *)reg, 4096);
	end();
}

static void too_long(void)
{
	pid_t pid;

	begin();
	pid = program_start(&by_polling);
	REQUIRE(region_queue(bed.dev, bed.fds[0], 0, 0), 0);
	user_expect_capture(&bed, 0, -EIO, 0);
	program_wait_for(&by_polling, "err", "capture at most 2048 bytes");
	capture(4);
	stop(&by_polling, pid);
	EXPECT(program_count(&by_polling, "refused"), 1);
	end();
}

/* Neither touches the master. */
static void refused(void)
{
	static const struct program other = {
		.name = "other",
		.argv = { "fpgabuf-uio", "--registers", resource, "/edu.master",
			  NULL },
	};
	static const struct program no_map = {
		.name = "other",
		.argv = { "fpgabuf-uio", "--uio", UIO, "--map", "4",
			  "/edu.master", NULL },
	};
	int door = user_open(0, 0);

	EXPECT(program_run(&other), 1);
	program_says(&other, "another program drives this channel");
	EXPECT(program_run(&no_map), 1);
	program_says(&no_map, "has no mapping 4");
	close(door);
}

static const struct test tests[] = {
	{ "20 captures by interrupts alone, byte for byte", interrupts },
	{ "registers where UIO has them", mapping },
	{ "8 captures by polling", polling },
	{ "a capture that is cut is answered when the master is quiet", canceled },
	{ "killed at work: memory is kept, the next one stops the master",
	  killed },
	{ "told to end at work, it waits for the master", ended_at_work },
	{ "a capture that the master cannot fill is refused", too_long },
	{ "a channel that has a program, a mapping that is not there: a message",
	  refused },
	{ }
};

SUITE(uio,
	.title = "fpgabuf-uio, on QEMU's DMA master",
	.alone = true,
	.init = edu_init,
	.done = user_unload,
	.tests = tests)
