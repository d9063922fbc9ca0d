// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-record: to disks and file systems, fed by the driver */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <linux/fs.h>

#include "program.h"
#include "uring.h"

/* As tests/driver/run.sh has them; the second one is slow. */
#define DISK		"/dev/nvme0n1"
#define SLOW_DISK	"/dev/nvme1n1"

#define FOLDER		"/tmp/record"
#define FILE_NAME	FOLDER "/samples"
#define REGION		(256 * KIB)

/* A recorder of regions of 256 KiB; @words come behind its name, the file too. */
static struct program recorder(const char *const words[])
{
	struct program p = {
		.name = "record",
		.argv = { "fpgabuf-record", "--json", "--region-size", "256K" },
	};
	unsigned int i;

	for (i = 0; words[i]; i++)
		p.argv[4 + i] = words[i];
	return p;
}

static void make_fs(const char *program, const char *disk)
{
	/* No block is kept for root. */
	const struct program p = {
		.name = "mkfs",
		.argv = { program, !strcmp(program, "mkfs.ext4") ? "-Fqm0" :
								   "-v",
			  disk },
	};

	/* A test that has failed may have left it. */
	umount2(FOLDER, MNT_DETACH);
	REQUIRE(program_run(&p), 0);
}

static void folder_mount(const char *disk, const char *type,
			 const char *options)
{
	mkdir(FOLDER, 0700);
	REQUIRE(mount(disk, FOLDER, type, 0, options) ? -errno : 0, 0);
}

static void folder_of_ext4(const char *disk)
{
	make_fs("mkfs.ext4", disk);
	folder_mount(disk, "ext4", "");
}

static void folder_remove(void)
{
	EXPECT(umount(FOLDER) ? -errno : 0, 0);
	EXPECT(rmdir(FOLDER), 0);
}

/* Pages of the file in the page cache: what was copied, and not written past it */
static size_t cached_pages(const char *path)
{
	static unsigned char in_core[1 << 20];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t i, count = 0, pages;
	struct stat st;
	void *mem;

	REQUIRE(fd < 0 ? -errno : 0, 0);
	fstat(fd, &st);
	pages = (st.st_size + 4095) / 4096;
	REQUIRE(pages <= sizeof(in_core), true);
	mem = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	REQUIRE(mem == MAP_FAILED, false);
	REQUIRE(mincore(mem, st.st_size, in_core) ? -errno : 0, 0);
	for (i = 0; i < pages; i++)
		count += in_core[i] & 1;
	munmap(mem, st.st_size);
	close(fd);
	return count;
}

/*
 * How often the pattern does not go on from one region to the next; the bytes of each
 * must be the pattern.  @size is set to the size of the file.
 */
static unsigned int breaks_in(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t *data = malloc(REGION), next = 0;
	unsigned int breaks = 0;
	ssize_t n;

	REQUIRE(fd < 0 ? -errno : 0, 0);
	*size = 0;
	while ((n = read(fd, data, REGION)) > 0) {
		/* The first bytes may have been lost, too. */
		breaks += *size && n >= 8 && data[0] * 8 != next;
		next = n >= 8 ? data[0] * 8 : next;
		CU_ASSERT(is_pattern(data, n, next));
		next += n;
		*size += n;
	}
	EXPECT(n, 0);
	free(data);
	close(fd);
	return breaks;
}

static size_t pattern_size(const char *path)
{
	size_t size;

	EXPECT(breaks_in(path, &size), 0);
	return size;
}

/* At the full speed of the simulator */
static void to_disk(void)
{
	const struct program p = recorder((const char *[]){
		"--bytes", thorough() ? "4G" : "64M", FILE_NAME, NULL
	});
	const unsigned long long size = thorough() ? 4ULL << 30 : 64 * MIB;
	double before, after;

	folder_of_ext4(DISK);
	sim_source("pattern");
	before = free_kib();
	program_succeeded(&p, program_run(&p));
	after = free_kib();
	EXPECT(program_count(&p, "written"), size);
	EXPECT(program_count(&p, "written_direct"), size);
	EXPECT(!strstr(program_text(&p, "out"), "\"io_uring\": true"), false);
	printf("\n    %.2f bytes copied for each; memory %+.0f KiB",
	       (double)cached_pages(FILE_NAME) * 4096 / size, after - before);
	EXPECT(cached_pages(FILE_NAME), 0);
	EXPECT(pattern_size(FILE_NAME), size);
	folder_remove();
}

static bool is_registered(const struct program *p)
{
	return strstr(program_text(p, "out"), "\"registered_buffers\": true");
}

/* The driver lets the pins of the registration be, however often it captures there. */
static void registered(void)
{
	const struct program p = recorder((const char *[]){
		"--count", "256", "--regions", "4", "--rotate-size", "16M",
		FILE_NAME, NULL
	});
	const bool can = uring_pins();

	folder_of_ext4(DISK);
	sim_source("pattern");
	program_succeeded(&p, program_run(&p));
	EXPECT(program_count(&p, "written"), 256 * REGION);
	EXPECT(program_count(&p, "written_direct"), 256 * REGION);
	EXPECT(pattern_size(FILE_NAME ".000004"), 16 * MIB);
	EXPECT(is_registered(&p), can);
	/* Nothing but the registration has the pages; otherwise a write may, a while. */
	if (can)
		EXPECT(program_count(&p, "busy_retries"), 0);
	else
		printf("\n    skipped: this kernel cannot register regions");
	folder_remove();
}

/* What the disk itself has, not what memory has of it */
static void is_on_disk(void)
{
	const struct program p = recorder((const char *[]){
		"--bytes", "5000003", FILE_NAME, NULL
	});

	folder_of_ext4(DISK);
	sim_source("pattern");
	program_succeeded(&p, program_run(&p));
	EXPECT(umount(FOLDER) ? -errno : 0, 0);
	file_write("/proc/sys/vm/drop_caches", "3");
	folder_mount(DISK, "ext4", "");
	EXPECT(pattern_size(FILE_NAME), 5000003);
	EXPECT(program_count(&p, "written_direct"), 5000003 / 4096 * 4096);
	folder_remove();
}

static void in_memory(void)
{
	const struct program p = recorder((const char *[]){
		"--bytes", "5000003", FILE_NAME, NULL
	});
	const char *said;
	bool direct;

	folder_mount("tmpfs", "tmpfs", "size=32M");
	sim_source("pattern");
	program_succeeded(&p, program_run(&p));
	EXPECT(pattern_size(FILE_NAME), 5000003);
	direct = program_count(&p, "written_direct");
	said = strstr(program_text(&p, "err"), "through the page cache");
	/* tmpfs takes the flag since Linux 6.6.  It is said once. */
	EXPECT(!said, direct);
	EXPECT(said && strstr(said + 1, "through the page cache"), false);
	folder_remove();
}

static void on_fat(void)
{
	const struct program p = recorder((const char *[]){
		"--bytes", "5000003", "--rotate-size", "1M", FILE_NAME, NULL
	});
	char path[64];
	size_t size, sum = 0;
	int i;

	make_fs("mkfs.fat", DISK);
	folder_mount(DISK, "vfat", "");
	sim_source("pattern");
	program_succeeded(&p, program_run(&p));
	EXPECT(program_count(&p, "files"), 5);
	for (i = 1; i <= 5; i++) {
		snprintf(path, sizeof(path), FILE_NAME ".%06d", i);
		EXPECT(breaks_in(path, &size), 0);
		sum += size;
	}
	EXPECT(sum, 5000003);
	folder_remove();
}

/* Leaves so many bytes free. */
static void fill_up(uint64_t left)
{
	struct statvfs st;
	int fd = open(FOLDER "/ballast", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	REQUIRE(fd < 0 ? -errno : 0, 0);
	REQUIRE(statvfs(FOLDER, &st), 0);
	REQUIRE(fallocate(fd, 0, 0, (uint64_t)st.f_bavail * st.f_frsize - left) ?
		-errno : 0, 0);
	close(fd);
}

static void expect_full(void)
{
	const struct program p = recorder((const char *[]){ FILE_NAME, NULL });
	size_t size;

	sim_source("pattern");
	EXPECT(program_run(&p), 1);
	program_says(&p, "No space left on device");
	EXPECT(!strstr(program_text(&p, "out"), "\"ok\": false"), false);
	EXPECT(!strstr(program_text(&p, "out"), "No space left"), false);
	size = pattern_size(FILE_NAME);
	printf("\n    %zu bytes", size);
	EXPECT(size % REGION, 0);
	EXPECT(size >= 2 * MIB, true);
}

static void disk_full(void)
{
	folder_of_ext4(DISK);
	fill_up(5 * MIB + 12345);
	expect_full();
	folder_remove();
	folder_mount("tmpfs", "tmpfs", "size=5M");
	expect_full();
	folder_remove();
}

/* Nothing is captured that cannot be kept. */
static void too_much(void)
{
	const struct program p = recorder((const char *[]){
		"--bytes", "16M", FILE_NAME, NULL
	});

	folder_of_ext4(DISK);
	fill_up(5 * MIB);
	sim_source("pattern");
	EXPECT(program_run(&p), 1);
	program_says(&p, "cannot reserve 16777216 bytes");
	EXPECT(access(FILE_NAME, F_OK), -1);
	EXPECT(sim_position(), 0);
	folder_remove();
}

static void wait_for_size(const char *path, off_t size)
{
	struct stat st = { 0 };
	int i;

	for (i = 0; i < 6000 && st.st_size < size; i++) {
		usleep(5000);
		if (stat(path, &st))
			st.st_size = 0;
	}
	EXPECT(st.st_size >= size, true);
}

/*
 * The kernel ends the io_uring of a program that was killed when that has gone, and
 * until then it writes.  A lease for writing is for a file that nobody else has open.
 */
static void wait_for_close(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC), i, err = 0;

	REQUIRE(fd < 0 ? -errno : 0, 0);
	for (i = 0; i < 2000; i++) {
		err = fcntl(fd, F_SETLEASE, F_WRLCK) ? -errno : 0;
		if (err != -EAGAIN)
			break;
		usleep(10000);
	}
	EXPECT(err, 0);
	close(fd);
}

/* At any moment; what is behind the last whole capture is good as well. */
static void killed_once(unsigned int i)
{
	const struct program p = recorder((const char *[]){
		"--quiet", "--overwrite", FILE_NAME, NULL
	});
	pid_t pid;

	unlink(FILE_NAME);
	sim_source("pattern");
	pid = program_start(&p);
	wait_for_size(FILE_NAME, i * 3 * REGION / 2 + 1);
	kill(pid, SIGKILL);
	process_exit_code(pid);
	wait_for_close(FILE_NAME);
	EXPECT(pattern_size(FILE_NAME) > i * 3 * REGION / 2, true);
}

static void killed(void)
{
	unsigned int i;

	folder_of_ext4(DISK);
	for (i = 0; i < rounds(20); i++)
		killed_once(i);
	folder_remove();
	folder_mount("tmpfs", "tmpfs", "size=400M");
	for (i = 0; i < rounds(10); i++)
		killed_once(i);
	folder_remove();
}

/* Nothing can be written until @frozen is false again. */
static void folder_freeze(bool frozen)
{
	int fd = open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	REQUIRE(fd < 0 ? -errno : 0, 0);
	EXPECT(ioctl(fd, frozen ? FIFREEZE : FITHAW, 0) ? -errno : 0, 0);
	close(fd);
}

static void wait_for_loss(void)
{
	int i;

	for (i = 0; i < 2000 && !sim_get("lost"); i++)
		usleep(10000);
	EXPECT(i < 2000, true);
}

/* The FPGA does not wait while the disk stands still. */
static void record_with_loss(const struct program *p, const char *file)
{
	pid_t pid;

	folder_of_ext4(SLOW_DISK);
	sim_source("pattern");
	sim_set("lossy", 1);
	sim_set("rate", 16 * MIB);
	pid = program_start(p);
	wait_for_size(file, REGION);
	folder_freeze(true);
	wait_for_loss();
	folder_freeze(false);
	program_succeeded(p, process_exit_code(pid));
	sim_set("lossy", 0);
	sim_set("rate", 0);
}

/*
 * The FPGA does not wait, and the disk takes a part of what comes; for a while nothing,
 * as the machine may be slower than the disk.
 */
static void slow_disk(void)
{
	const struct program p = recorder((const char *[]){
		"--count", "60", "--regions", "4", FILE_NAME, NULL
	});
	unsigned int breaks;
	size_t size;

	record_with_loss(&p, FILE_NAME);
	breaks = breaks_in(FILE_NAME, &size);
	printf("\n    %llu gaps, %llu of them because of the disk",
	       program_count(&p, "gaps"), program_count(&p, "gaps_of_disk"));
	EXPECT(size, 60 * REGION);
	EXPECT(program_count(&p, "gaps") >= breaks, true);
	EXPECT(program_count(&p, "gaps_of_disk") > 0, true);
	program_says(&p, "the disk does not keep up");
	sim_source("pattern");
	folder_remove();
}

/* A file that is synced does not hold up the next. */
static void max_disk(void)
{
	const struct program p = recorder((const char *[]){
		"--count", "64", "--rotate-size", "1M", "--max-disk", "4M",
		"--sync", "1", FILE_NAME, NULL
	});
	folder_of_ext4(DISK);
	sim_source("pattern");
	program_succeeded(&p, program_run(&p));
	EXPECT(program_count(&p, "files"), 16);
	EXPECT(program_count(&p, "files_removed"), 12);
	EXPECT(access(FILE_NAME ".000012", F_OK), -1);
	EXPECT(access(FILE_NAME ".000013", F_OK), 0);
	folder_remove();
}

#define RULES		8U
#define CAPTURES	64U
#define BEFORE		3U
#define AFTER		2U
#define WORDS		(REGION / 8)

/* The words of the pattern that are triggers */
static void pick(uint32_t *words, char (*rules)[40])
{
	unsigned int i;

	for (i = 0; i < RULES; i++) {
		words[i] = 1 + rand() % (CAPTURES * WORDS - 1);
		snprintf(rules[i], sizeof(rules[i]), "--trigger=u32_le==%u",
			 words[i]);
	}
}

static bool is_wanted(const uint32_t *words, unsigned int capture)
{
	unsigned int i;

	for (i = 0; i < RULES; i++)
		if (capture + BEFORE >= words[i] / WORDS &&
		    capture <= words[i] / WORDS + AFTER)
			return true;
	return false;
}

/* Each wanted capture is there, and is what was captured, and nothing else is. */
static void check_windows(const uint32_t *words)
{
	int fd = open(FILE_NAME, O_RDONLY | O_CLOEXEC);
	uint64_t *data = malloc(REGION);
	unsigned int i;

	REQUIRE(fd < 0 ? -errno : 0, 0);
	for (i = 0; i < CAPTURES; i++) {
		if (!is_wanted(words, i))
			continue;
		REQUIRE(read(fd, data, REGION), (ssize_t)REGION);
		CU_ASSERT(is_pattern(data, REGION, (uint64_t)i * REGION));
	}
	EXPECT(read(fd, data, REGION), 0);
	free(data);
	close(fd);
}

/*
 * At full speed, and with so few regions that the FPGA is waiting for those that are
 * kept: each time it waits is a gap, in which nothing is missing.
 */
static void triggers_once(void)
{
	uint32_t words[RULES];
	char rules[RULES][40];
	struct program p = recorder((const char *[]){
		"--count", "64", "--overwrite", "--before", "3", "--after",
		"2", "--regions", "6", FILE_NAME, rules[0], rules[1],
		rules[2], rules[3], rules[4], rules[5], rules[6], rules[7],
		NULL
	});

	pick(words, rules);
	sim_source("pattern");
	program_succeeded(&p, program_run(&p));
	EXPECT(program_count(&p, "captures"), CAPTURES);
	check_windows(words);
}

static void triggers(void)
{
	unsigned int i, runs = thorough() ? 1000 / RULES : rounds(20);

	srand(23);
	folder_of_ext4(DISK);
	for (i = 0; i < runs; i++)
		triggers_once();
	printf("\n    %u random samples", runs * RULES);
	folder_remove();
}

#define META		FOLDER "/x.sigmf-meta"
#define META_AGAIN	FOLDER "/y.sigmf-meta"

/* Whether it is the same, but for the program that has written it; @lines counts. */
static bool is_same_meta(unsigned int *lines)
{
	FILE *one = fopen(META, "re"), *other = fopen(META_AGAIN, "re");
	char a[512], b[512];
	bool same = one && other;

	*lines = 0;
	while (same && fgets(a, sizeof(a), one)) {
		same = fgets(b, sizeof(b), other);
		if (!strstr(a, "core:recorder"))
			same = same && !strcmp(a, b);
		++*lines;
	}
	same = same && !fgets(b, sizeof(b), other);
	if (one)
		fclose(one);
	if (other)
		fclose(other);
	return same;
}

static bool is_same_data(const char *name, const char *other)
{
	int fds[] = { open(name, O_RDONLY | O_CLOEXEC),
		      open(other, O_RDONLY | O_CLOEXEC) };
	char *a = malloc(REGION), *b = malloc(REGION);
	bool same = fds[0] >= 0 && fds[1] >= 0;
	ssize_t n = 1;

	while (same && n > 0) {
		n = read(fds[0], a, REGION);
		same = n >= 0 && read(fds[1], b, REGION) == n &&
		       !memcmp(a, b, n);
	}
	free(a);
	free(b);
	close(fds[0]);
	close(fds[1]);
	return same;
}

/* The simulator loses samples while the disk stands still. */
static void replay(void)
{
	const struct program p = recorder((const char *[]){
		"--count", "40", "--regions", "4", "--sigmf", "--datatype",
		"ru32_le", "--sample-rate", "4000000", FOLDER "/x", NULL
	});
	const struct program again = recorder((const char *[]){
		"--replay", META, "--sigmf", FOLDER "/y", NULL
	});
	unsigned long long gaps;
	size_t size;
	unsigned int lines;

	record_with_loss(&p, FOLDER "/x.sigmf-data");
	gaps = program_count(&p, "gaps");
	EXPECT(gaps > 0, true);
	EXPECT(program_run(&again), 0);
	EXPECT(program_count(&again, "gaps"), gaps);
	EXPECT(breaks_in(FOLDER "/x.sigmf-data", &size) <= gaps, true);
	EXPECT(size, 40 * REGION);
	EXPECT(is_same_data(FOLDER "/x.sigmf-data", FOLDER "/y.sigmf-data"),
	       true);
	EXPECT(is_same_meta(&lines), true);
	printf("\n    %llu gaps, %u lines of metadata", gaps, lines);
	sim_source("pattern");
	folder_remove();
}

/* Documentation/gallery.rst, with the simulated FPGA */
static void project(void)
{
	const struct program script = {
		.name = "project",
		.argv = { "env", "BYTES=8M", "FOLDER=" FOLDER, "sh",
			  "/gallery/zynq-record.sh", NULL },
	};
	struct stat st;

	folder_of_ext4(DISK);
	sim_source("pattern");
	program_succeeded(&script, program_run(&script));
	EXPECT(pattern_size(FOLDER "/capture.sigmf-data"), 8 * MIB);
	EXPECT(stat(FOLDER "/capture.sigmf-meta", &st), 0);
	CU_ASSERT(st.st_size > 0);
	folder_remove();
}

static const struct test tests[] = {
	{ "a disk reads the captures themselves, and nothing is copied",
	  to_disk },
	{ "the regions are registered once, and captured into again and again",
	  registered },
	{ "when it has ended, all is on the disk", is_on_disk },
	{ "without a disk it writes through the page cache, and says so once",
	  in_memory },
	{ "FAT will do", on_fat },
	{ "on a full disk the file ends behind the last whole capture",
	  disk_full },
	{ "what has no room is not begun", too_much },
	{ "killed at any time, it leaves samples without a hole and no more",
	  killed },
	{ "if the disk is too slow, every loss is a gap, and it says why",
	  slow_disk },
	{ "the oldest files make room", max_disk },
	{ "a replay has the same samples and the same gaps", replay },
	{ "windows around random samples are exact, at full speed", triggers },
	{ "the project with a disk of the gallery records every byte, with metadata",
	  project },
	{ }
};

SUITE(record, .title = "fpgabuf-record on disks", .alone = true,
      .init = modules_load, .tests = tests)
