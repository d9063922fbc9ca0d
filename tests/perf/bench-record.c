// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to record to an NVMe disk: instructions of fpgabuf-record, of the driver
 * and of the kernel; and of dd.  No test: prints JSON for tests/perf/record.sh.
 *
 * Each is counted with some captures and with twice as many, as in bench-pipeline.c.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <linux/capability.h>

#include "bench.h"
#include "program.h"

#define FOLDER	"/tmp/record"
#define FILE	FOLDER "/samples"

static const size_t sizes[] = { 2 * MIB, 64 * KIB };

/* How often at first */
static unsigned int captures_of(size_t size)
{
	return size >= MIB ? 128 : 1024;
}

static char size_text[24], count_text[24], block_text[32], blocks_text[32];

static const struct program recorder = {
	.name = "record",
	.argv = { "fpgabuf-record", "--json", "--overwrite", "--regions", "16",
		  "--region-size", size_text, "--count", count_text, FILE,
		  NULL },
};

/* Zeros that the kernel makes, and no FPGA */
static const struct program dd = {
	.name = "dd",
	.argv = { "dd", "if=/dev/zero", "of=" FILE, "oflag=direct",
		  "conv=notrunc,fsync", block_text, blocks_text, NULL },
};

static void run(const struct program *p, size_t size, unsigned int captures)
{
	snprintf(size_text, sizeof(size_text), "%zu", size);
	snprintf(count_text, sizeof(count_text), "%u", captures);
	snprintf(block_text, sizeof(block_text), "bs=%zu", size);
	snprintf(blocks_text, sizeof(blocks_text), "count=%u", captures);
	program_succeeded(p, program_run(p));
}

static void count(const struct program *p, size_t size, unsigned int captures)
{
	bench_mark(true);
	run(p, size, captures);
	bench_mark(false);
}

static void measure(const char *how, const struct program *p, size_t size)
{
	const unsigned int captures = captures_of(size);

	/* The first one makes the file. */
	run(p, size, 2 * captures);
	count(p, size, captures);
	count(p, size, 2 * captures);
	printf("\nrecord {\"how\":\"%s\",\"size\":%zu,\"captures\":%u}", how,
	       size, captures);
}

static void measure_sizes(const char *how, const struct program *p)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		measure(how, p, sizes[i]);
}

static bool is_registered(void)
{
	return strstr(program_text(&recorder, "out"),
		      "\"registered_buffers\": true");
}

/* From now on no memory can be locked, so none is registered. */
static void lock_nothing(void)
{
	const struct rlimit nothing = { 0, 0 };

	REQUIRE(setrlimit(RLIMIT_MEMLOCK, &nothing), 0);
	REQUIRE(prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK, 0, 0, 0), 0);
}

static void costs(void)
{
	const struct program mkfs = {
		.name = "mkfs",
		.argv = { "mkfs.ext4", "-Fqm0", "/dev/nvme0n1", NULL },
	};

	REQUIRE(program_run(&mkfs), 0);
	mkdir(FOLDER, 0700);
	REQUIRE(mount("/dev/nvme0n1", FOLDER, "ext4", 0, ""), 0);
	sim_source("nothing");
	sim_set("burst", UINT32_MAX);
	measure_sizes("dd", &dd);
	measure_sizes("fpgabuf-record", &recorder);
	if (is_registered()) {
		lock_nothing();
		measure_sizes("not registered", &recorder);
		CU_ASSERT_FALSE(is_registered());
	}
	umount(FOLDER);
	printf("\n");
}

static const struct test tests[] = {
	{ "instructions to record, by size", costs },
	{ }
};

SUITE(recording,
	.alone = true,
	.title = "recording",
	.init = modules_load,
	.tests = tests)
