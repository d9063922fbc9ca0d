// SPDX-License-Identifier: GPL-2.0-only
/*
 * A day of fpgabuf-record, in a guest whose time passes at once when it is idle
 *
 * While samples come, a timer of the simulated FPGA runs, and time takes time.  So they
 * come for a moment, and then none for a while, as with a radar.  Now and then the
 * recorder stands still; what has no room in its regions is lost.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gaps.h"
#include "program.h"

#define FOLDER	"/tmp/day"

/* Samples are words of the pattern.  They come for that long, so often. */
#define RATE		131072
#define RATE_TEXT	"131072"
#define BURST_NS	50000000LL
#define PERIOD		10
#define PERIOD_NS	(PERIOD * 1000000000LL)
#define BURSTS_PER_HOUR	(3600 / PERIOD)

/* Seconds until the next file */
#define ROTATE		120
#define ROTATE_TEXT	"120"

/* A file and its metadata are checked when this one is there: then they are complete. */
#define CHECK_BEHIND	2

/**
 * struct day - what happens
 * @start_ns: when the first burst comes, of CLOCK_MONOTONIC
 * @recorder: the process
 * @stop: the burst with which it stops
 * @go_on: the last one before it goes on
 * @within: it goes on while samples come
 * @files: how many were checked
 * @lost: what the FPGA has lost before it stopped
 * @gaps: what was lost, and found
 */
struct day {
	int64_t start_ns;
	pid_t recorder;
	unsigned int stop;
	unsigned int go_on;
	bool within;
	unsigned int files;
	uint64_t lost;
	struct gaps gaps;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void wait_until(int64_t ns)
{
	const struct timespec t = {
		.tv_sec = ns / 1000000000,
		.tv_nsec = ns % 1000000000,
	};

	REQUIRE(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL), 0);
}

static void file_name(char (*name)[64], unsigned int number, const char *what)
{
	snprintf(*name, sizeof(*name), FOLDER "/x.%06u.sigmf-%s", number, what);
}

static bool file_is_there(unsigned int number)
{
	char name[64];

	file_name(&name, number, "data");
	return !access(name, F_OK);
}

static void check_next_file(struct day *day)
{
	char data[64], meta[64];

	day->files++;
	file_name(&data, day->files, "data");
	file_name(&meta, day->files, "meta");
	gaps_check(&day->gaps, data, meta);
}

/* Before they make room for others */
static void check_files(struct day *day, unsigned int behind)
{
	while (file_is_there(day->files + 1 + behind))
		check_next_file(day);
}

/* Some are too short for a loss. */
static void plan_stop(struct day *day, unsigned int burst)
{
	day->stop = burst + 5 + rand() % 20;
	day->go_on = day->stop + rand() % 4;
	day->within = rand() % 2;
}

/* Losses that follow each other are one. */
static void note_loss(struct day *day)
{
	const uint64_t lost = sim_get("lost");

	if (lost != day->lost)
		gaps_add(&day->gaps, (lost - day->lost) / 8);
	day->lost = lost;
	EXPECT(sim_get("overflows"), day->gaps.count);
}

static void go_on(const struct day *day)
{
	REQUIRE(kill(day->recorder, SIGCONT), 0);
}

static void burst(struct day *day, unsigned int number)
{
	const int64_t begin_ns = day->start_ns + number * PERIOD_NS;

	wait_until(begin_ns);
	if (number == day->stop)
		REQUIRE(kill(day->recorder, SIGSTOP), 0);
	sim_set("stall", 0);
	wait_until(begin_ns + BURST_NS / 2);
	if (number == day->go_on && day->within)
		go_on(day);
	wait_until(begin_ns + BURST_NS);
	sim_set("stall", 1);
	if (number != day->go_on)
		return;
	note_loss(day);
	if (!day->within)
		go_on(day);
	plan_stop(day, number);
}

static void tell_hour(const struct day *day, unsigned int number)
{
	printf("\n    hour %u: %u files checked, %u losses, %u gaps found",
	       number, day->files, day->gaps.count, day->gaps.found);
	fflush(stdout);
}

/* Samples come behind the last loss: else it is no gap.  Returns how many bursts came. */
static unsigned int bursts(struct day *day, unsigned int least)
{
	unsigned int n;

	for (n = 0; n < least || n >= day->stop; n++) {
		burst(day, n);
		check_files(day, CHECK_BEHIND);
		if (n % BURSTS_PER_HOUR == BURSTS_PER_HOUR - 1)
			tell_hour(day, n / BURSTS_PER_HOUR + 1);
	}
	burst(day, n++);
	return n;
}

static void expect_summary(const struct day *day, const struct program *p,
			   unsigned int count)
{
	const struct gaps *g = &day->gaps;
	const unsigned int seconds = count * PERIOD, took = g->last - g->first;

	EXPECT(g->found, g->count);
	EXPECT(g->bytes, sim_position() - sim_get("lost"));
	EXPECT(program_count(p, "written"), g->bytes);
	EXPECT(program_count(p, "gaps"), g->count);
	EXPECT(program_count(p, "hw_missing_samples"), sim_get("lost") / 8);
	EXPECT(program_count(p, "hw_gaps_untold"), 0);
	EXPECT(program_count(p, "hw_gaps_empty"), 0);
	EXPECT(program_count(p, "files"), day->files);
	EXPECT(program_count(p, "files_removed") > 0, true);
	EXPECT(day->files <= seconds / ROTATE + 1, true);
	EXPECT(day->files >= seconds / (ROTATE + 5 * PERIOD), true);
	EXPECT(g->count >= count / 36, true);
	EXPECT(took <= seconds, true);
	EXPECT(took >= seconds - 2 * ROTATE, true);
	printf("\n    %u s: %llu captures, %llu bytes, %u files, %llu of them removed; %u gaps, %u of them at the start of a file",
	       seconds, program_count(p, "captures"),
	       (unsigned long long)g->bytes, day->files,
	       program_count(p, "files_removed"), g->count, g->at_start);
}

static void fpga_set_up(void)
{
	sim_set("stall", 1);
	sim_source("pattern");
	sim_set("lossy", 1);
	sim_set("rate", RATE * 8);
}

static void fpga_reset(void)
{
	sim_set("rate", 0);
	sim_set("lossy", 0);
	sim_set("stall", 0);
	sim_source("pattern");
}

static void recorded(void)
{
	static const struct program record = {
		.name = "record",
		.argv = { "fpgabuf-record", "--json", "--quiet",
			  "--region-size", "16K", "--regions", "4",
			  "--sigmf", "--datatype", "ci32_le",
			  "--sample-rate", RATE_TEXT,
			  "--hw-time", "0:u64_le:" RATE_TEXT,
			  "--rotate-time", ROTATE_TEXT, "--max-disk", "4M",
			  FOLDER "/x", NULL },
	};
	static struct day day;
	const char *hours = getenv("FPGABUF_DAY_HOURS");
	unsigned int count;

	REQUIRE(hours != NULL, true);
	memset(&day, 0, sizeof(day));
	srand(24);
	mkdir(FOLDER, 0700);
	REQUIRE(mount("tmpfs", FOLDER, "tmpfs", 0, "size=8M") ? -errno : 0, 0);
	fpga_set_up();
	plan_stop(&day, 0);
	day.recorder = program_start(&record);
	day.start_ns = now_ns() + PERIOD_NS;
	count = bursts(&day, atoi(hours) * BURSTS_PER_HOUR);
	REQUIRE(kill(day.recorder, SIGINT), 0);
	program_succeeded(&record, process_exit_code(day.recorder));
	check_files(&day, 0);
	expect_summary(&day, &record, count);
	fpga_reset();
	EXPECT(umount(FOLDER) ? -errno : 0, 0);
}

/* A capture may take as long as the recorder stands still, and longer. */
static int load(void)
{
	int ret = module_load("fpgabuf.ko", "timeout_ms=3600000");

	return ret ? ret : module_load("fpgabuf-sim.ko", "");
}

static const struct test tests[] = {
	{ "every loss of the FPGA is a gap in the metadata of its file, and nothing else is",
	  recorded },
	{ }
};

SUITE(day, .title = "a day of a recording", .alone = true,
      .init = load, .tests = tests)
