// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-recv: frames, files and disks, fed by the driver and fpgabuf-send */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"

#define FOLDER		"/tmp/recv"
#define FILE_NAME	FOLDER "/samples"
#define DISK		"/dev/vda"
#define DISK_SIZE	(16 * MIB)

/* Bytes of the header of a frame */
#define HEADER		72

/* And of the last one, which asks for a receipt */
#define LAST_HEADER	56

/* A receiver at the other end of the wire; @words begin behind its name. */
static struct program receiver(const char *const words[])
{
	struct program p = {
		.name = "recv",
		.argv = { "fpgabuf-recv", "--json", "--quiet", "--timeout",
			  "60", "--port-file", "/tmp/port", "10.77.0.2:0" },
		.peer = true,
	};
	unsigned int i;

	for (i = 0; words[i]; i++)
		p.argv[8 + i] = words[i];
	return p;
}

/* Returns when it listens; the address is good until the next call. */
static pid_t receiver_start(const struct program *p, const char **address)
{
	static char text[32];
	unsigned long port = 0;
	pid_t pid;
	int i;

	unlink("/tmp/port");
	pid = program_start(p);
	for (i = 0; i < 2000 && !file_read_line("/tmp/port", "", &port); i++)
		usleep(10000);
	snprintf(text, sizeof(text), "10.77.0.2:%lu", port);
	*address = text;
	return pid;
}

static struct program sender(const char *address, const char *bytes,
			     const char *region_size)
{
	return (struct program){
		.name = "send",
		.argv = { "fpgabuf-send", "--json", "--quiet", "--regions", "4",
			  "--region-size", region_size, "--bytes", bytes,
			  address },
	};
}

/*
 * Of an FPGA that does not wait, and has filled all regions in a few ticks of the
 * clock, while the sender may send one in 64 ms: the queue runs dry each time.
 */
static struct program hasty_sender(const char *address, const char *bytes)
{
	struct program p = sender(address, bytes, "64K");

	p.argv[10] = "--rate";
	p.argv[11] = "1M";
	sim_source("pattern");
	sim_set("lossy", 1);
	sim_set("rate", 64 * MIB);
	return p;
}

static void hasty_end(void)
{
	sim_set("lossy", 0);
	sim_set("rate", 0);
	sim_source("pattern");
}

/* A folder on a file system of its own, of that many bytes */
static void folder_make(const char *size)
{
	char options[32];

	snprintf(options, sizeof(options), "size=%s", size);
	mkdir(FOLDER, 0700);
	REQUIRE(mount("tmpfs", FOLDER, "tmpfs", 0, options) ? -errno : 0, 0);
}

static void folder_remove(void)
{
	EXPECT(umount2(FOLDER, MNT_DETACH), 0);
	EXPECT(rmdir(FOLDER), 0);
}

/* The file is the pattern from the beginning on, so many bytes of it. */
static void expect_pattern(const char *path, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *data = malloc(size + 1);
	size_t got = 0;
	ssize_t n;

	REQUIRE(fd < 0 ? -errno : 0, 0);
	while ((n = read(fd, data + got, size + 1 - got)) > 0)
		got += n;
	EXPECT(got, size);
	CU_ASSERT(is_pattern(data, got, 0));
	free(data);
	close(fd);
}

/* Every gap is told, and between two of them no sample is missing. */
static void framed_with_gaps(void)
{
	const struct program recv = receiver((const char *[]){
		"--framed", "--verify", "--bytes", "1000000", NULL
	});
	const char *address;
	struct program send;
	pid_t pid;

	pid = receiver_start(&recv, &address);
	send = hasty_sender(address, "1000000");
	send.argv[12] = "--framed";
	program_succeeded(&send, program_run(&send));
	program_succeeded(&recv, process_exit_code(pid));
	printf("\n    %llu captures, %llu gaps; %lu overflows",
	       program_count(&recv, "captures"), program_count(&recv, "gaps"),
	       (unsigned long)sim_get("overflows"));
	EXPECT(program_count(&recv, "captures"),
	       program_count(&send, "captures"));
	EXPECT(program_count(&recv, "gaps"), program_count(&send, "gaps"));
	EXPECT(program_count(&recv, "gaps") > 1, true);
	EXPECT(program_count(&recv, "skipped_captures"), 0);
	EXPECT(sim_get("lost") > 0, true);
	hasty_end();
}

/* Without the frames nobody knows of a gap, and the check must notice it. */
static void gaps_unframed(void)
{
	const struct program recv = receiver((const char *[]){
		"--verify", "--bytes", "1000000", NULL
	});
	const char *address;
	struct program send;
	pid_t pid;

	pid = receiver_start(&recv, &address);
	send = hasty_sender(address, "1000000");
	EXPECT(program_run(&send), 1);
	EXPECT(process_exit_code(pid), 1);
	program_says(&recv, " where the pattern has ");
	hasty_end();
}

static void check_part(unsigned int number, size_t *payload)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), FILE_NAME ".%06u", number);
	REQUIRE(stat(path, &st) ? -errno : 0, 0);
	/* As many whole captures as fit; the last has what is left. */
	EXPECT((size_t)st.st_size <= MIB, true);
	*payload += (size_t)st.st_size / (256 * KIB + HEADER) * 256 * KIB;
}

/* Three captures of 256 KiB and their headers go into 1 MiB, a fourth not. */
static void rotated(void)
{
	const struct program recv = receiver((const char *[]){
		"--framed", "--keep-frames", "--rotate-size", "1M", "--output",
		FILE_NAME, NULL
	});
	size_t payload = 0;
	const char *address;
	struct program send;
	unsigned int i;
	pid_t pid;

	folder_make("64M");
	sim_source("pattern");
	pid = receiver_start(&recv, &address);
	send = sender(address, "7864320", "256K");
	send.argv[10] = "--framed";
	program_succeeded(&send, program_run(&send));
	program_succeeded(&recv, process_exit_code(pid));
	EXPECT(program_count(&recv, "captures"), 30);
	EXPECT(program_count(&recv, "files"), 10);
	EXPECT(program_count(&recv, "written"),
	       7864320 + 30 * HEADER + LAST_HEADER);
	for (i = 1; i <= 10; i++)
		check_part(i, &payload);
	EXPECT(payload, 7864320);
	folder_remove();
}

/* Four senders of one device, one behind the other, would be no test. */
static void four_at_once(void)
{
	const struct program recv = receiver((const char *[]){
		"--framed", "--verify", "--connections", "4", "--output",
		FILE_NAME "-%c", NULL
	});
	const char *address;
	struct program send;
	char path[64];
	pid_t pid;
	int i;

	folder_make("64M");
	sim_source("pattern");
	pid = receiver_start(&recv, &address);
	send = sender(address, "5000003", "256K");
	for (i = 0; i < 3; i++)
		send.argv[10 + i] = address;
	send.argv[13] = "--framed";
	program_succeeded(&send, program_run(&send));
	program_succeeded(&recv, process_exit_code(pid));
	for (i = 1; i <= 4; i++) {
		snprintf(path, sizeof(path), FILE_NAME "-%d", i);
		expect_pattern(path, 5000003);
	}
	i = strstr(program_text(&recv, "out"),
		   "\"connections\": 4, \"failed\": 0, \"bytes\": 20000012,") !=
	    NULL;
	EXPECT(i, true);
	folder_remove();
}

/* tmpfs does since Linux 6.6. */
static bool takes_direct(void)
{
	int fd = open(FOLDER "/probe", O_CREAT | O_WRONLY | O_DIRECT |
		      O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	unlink(FOLDER "/probe");
	return fd >= 0;
}

/* Where there is a page cache and nothing else, the flag is not taken. */
static void in_memory(void)
{
	const struct program recv = receiver((const char *[]){
		"--output", FILE_NAME, "--bytes", "3000003", NULL
	});
	const char *address;
	struct program send;
	struct stat st;
	pid_t pid;

	folder_make("16M");
	sim_source("pattern");
	pid = receiver_start(&recv, &address);
	/* All of it is reserved before anything has come. */
	REQUIRE(stat(FILE_NAME, &st) ? -errno : 0, 0);
	EXPECT(st.st_size, 0);
	EXPECT(st.st_blocks * 512 >= 3000003, true);
	send = sender(address, "3000003", "256K");
	program_succeeded(&send, program_run(&send));
	program_succeeded(&recv, process_exit_code(pid));
	EXPECT(program_count(&recv, "written"), 3000003);
	EXPECT(program_count(&recv, "written_direct") > 0, takes_direct());
	expect_pattern(FILE_NAME, 3000003);
	folder_remove();
}

/* The flags in /proc of the descriptor that has the disk open, or -1 */
static long disk_flags(pid_t pid)
{
	char path[64], target[64];
	unsigned long flags;
	ssize_t n;
	FILE *f;
	int fd;

	for (fd = 3; fd < 16; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = 0;
		if (strcmp(target, DISK))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
		f = fopen(path, "re");
		REQUIRE(!f, false);
		n = fscanf(f, "pos: %*s flags: %lo", &flags);
		fclose(f);
		return n == 1 ? (long)flags : -1;
	}
	return -1;
}

static unsigned long cached_kib(void)
{
	unsigned long kib;

	REQUIRE(file_read_line("/proc/meminfo", "Buffers", &kib), true);
	return kib;
}

/* A block device that is written without the page cache growing */
static void direct_to_disk(void)
{
	const struct program recv = receiver((const char *[]){
		"--output", DISK, "--overwrite", NULL
	});
	unsigned long before;
	const char *address;
	struct program send;
	void *data = NULL;
	pid_t pid;
	int fd;

	sim_source("pattern");
	before = cached_kib();
	pid = receiver_start(&recv, &address);
	EXPECT(disk_flags(pid) & O_DIRECT, O_DIRECT);
	send = sender(address, "9437184", "256K");
	program_succeeded(&send, program_run(&send));
	program_succeeded(&recv, process_exit_code(pid));
	EXPECT(program_count(&recv, "written"), 9 * MIB);
	EXPECT(program_count(&recv, "written_direct"), 9 * MIB);
	EXPECT(cached_kib() < before + 4 * 1024, true);

	REQUIRE(posix_memalign(&data, 4096, 9 * MIB), 0);
	fd = open(DISK, O_RDONLY | O_DIRECT | O_CLOEXEC);
	REQUIRE(fd < 0 ? -errno : 0, 0);
	EXPECT(pread(fd, data, 9 * MIB, 0), 9 * MIB);
	CU_ASSERT(is_pattern(data, 9 * MIB, 0));
	close(fd);
	free(data);
}

/* Both ends fail; what has come is kept, and it is said how much that is. */
static void disk_full(const char *output, const char *bytes)
{
	const struct program recv = receiver((const char *[]){
		"--output", output, "--overwrite", NULL
	});
	const char *address;
	struct program send;
	char text[96];
	pid_t pid;

	sim_source("pattern");
	pid = receiver_start(&recv, &address);
	send = sender(address, bytes, "256K");
	EXPECT(program_run(&send), 1);
	EXPECT(process_exit_code(pid), 1);
	snprintf(text, sizeof(text), "cannot write %s: No space left", output);
	program_says(&recv, text);
	program_says(&recv, "  -> make room there");
	snprintf(text, sizeof(text), "%s keeps the first %llu bytes", output,
		 program_count(&recv, "written"));
	program_says(&recv, text);
}

static void file_system_full(void)
{
	const struct program recv = receiver((const char *[]){
		"--output", FILE_NAME, "--bytes", "20M", NULL
	});
	struct stat st;

	folder_make("8M");
	disk_full(FILE_NAME, "20971520");
	REQUIRE(stat(FILE_NAME, &st) ? -errno : 0, 0);
	/* The folder itself takes a page. */
	EXPECT((size_t)st.st_size <= 8 * MIB, true);
	EXPECT((size_t)st.st_size >= 8 * MIB - 8 * KIB, true);
	expect_pattern(FILE_NAME, st.st_size);

	/* Who says how much will come is told before it does. */
	EXPECT(unlink(FILE_NAME), 0);
	EXPECT(program_run(&recv), 1);
	program_says(&recv, "cannot reserve 20971520 bytes for " FILE_NAME);
	folder_remove();
}

static void block_device_full(void)
{
	const struct program recv = { .name = "recv" };

	disk_full(DISK, "25165824");
	EXPECT(program_count(&recv, "written"), DISK_SIZE);
	EXPECT(program_count(&recv, "written_direct"), DISK_SIZE);
}

/* Interrupted in the middle: both ends say what they have. */
static void interrupted(void)
{
	const struct program recv = receiver((const char *[]){
		"--framed", "--output", FILE_NAME, NULL
	});
	const char *address;
	struct program send;
	struct stat st;
	pid_t pid, other;
	int dev, i;

	folder_make("64M");
	dev = device_open(0);
	sim_source("pattern");
	sim_set("rate", MIB);
	pid = receiver_start(&recv, &address);
	send = sender(address, "1G", "64K");
	send.argv[10] = "--framed";
	other = program_start(&send);
	for (i = 0; i < 2000; i++) {
		if (!stat(FILE_NAME, &st) && st.st_size > 100000)
			break;
		usleep(10000);
	}
	EXPECT(kill(pid, SIGINT), 0);
	EXPECT(process_exit_code(pid), 1);
	EXPECT(process_exit_code(other), 1);
	sim_set("rate", 0);
	program_says(&recv, ": interrupted\n");
	REQUIRE(stat(FILE_NAME, &st) ? -errno : 0, 0);
	EXPECT(program_count(&recv, "written"), st.st_size);
	EXPECT(program_count(&recv, "bytes"), st.st_size);
	expect_pattern(FILE_NAME, st.st_size);
	EXPECT(device_used(dev), 0);
	close(dev);
	folder_remove();
}

/* Documentation/gallery.rst, with the simulated FPGA */
static void project(void)
{
	const struct program receive = receiver((const char *[]){
		"--framed", "--verify", NULL
	});
	struct program script = {
		.name = "project",
		.argv = { "env", "SIMULATED=1", "BYTES=8M", NULL, "sh",
			  "/gallery/cyclone5-tcp.sh", NULL },
	};
	char peer[48];
	const char *address;
	pid_t pid;

	sim_source("pattern");
	pid = receiver_start(&receive, &address);
	snprintf(peer, sizeof(peer), "PEER=%s", address);
	script.argv[3] = peer;
	program_succeeded(&script, program_run(&script));
	program_succeeded(&receive, process_exit_code(pid));
	EXPECT(program_count(&receive, "bytes"), 8 * MIB);
	EXPECT(program_count(&receive, "skipped_captures"), 0);
}

static const struct test tests[] = {
	{ "framed: every gap of a lossy FPGA is told, and between them nothing is "
	  "missing", framed_with_gaps },
	{ "unframed: the check finds such a gap", gaps_unframed },
	{ "files are rotated between captures", rotated },
	{ "four peers at once get every byte into a file of their own",
	  four_at_once },
	{ "a file in memory is written as the kernel lets it, space reserved",
	  in_memory },
	{ "a disk is written past the page cache", direct_to_disk },
	{ "a full file system: said, and every byte that fits is kept",
	  file_system_full },
	{ "the end of a disk: said, and every byte that fits is kept",
	  block_device_full },
	{ "interrupted: what has come is kept, nothing is left in the driver",
	  interrupted },
	{ "the project with TCP of the gallery delivers every byte", project },
	{ }
};

SUITE(recv,
	.title = "fpgabuf-recv",
	.init = modules_load,
	.tests = tests)
