// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-uio: descriptions of masters, and the driving of their registers */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "lib/suite.h"
#include "process.h"
#include "register-model.h"
#include "uio/description.h"
#include "uio/drive.h"
#include "uio/options.h"
#include "uio/steps.h"
#include "uio/window.h"
#include "common/message.h"

#define ADDR	UINT64_C(0x12345000)
#define LENGTH	4096

/* More looks than anything takes */
#define PATIENCE	1000

/* What the channel was told */
struct answer {
	uint64_t id;
	uint32_t bytes;
	int error;
};

/**
 * struct bed - a master, and who drives it
 * @answers, @count: of done
 * @quiets: how often quiet was said, and @too_early: while the master might write
 */
static struct bed {
	struct master master;
	struct model model;
	struct drive drive;
	struct answer answers[16];
	unsigned int count, quiets, too_early;
	uint64_t last_id;
} bed;

static int take_done(void *arg, uint64_t id, uint32_t bytes, int error)
{
	(void)arg;
	bed.answers[bed.count++ % 16] = (struct answer){ id, bytes, error };
	return 0;
}

static int take_quiet(void *arg)
{
	(void)arg;
	bed.quiets++;
	bed.too_early += model_may_write(&bed.model);
	return 0;
}

static void bed_begin(const struct model_kind *kind)
{
	char path[256];

	memset(&bed, 0, sizeof(bed));
	model_init(&bed.model, kind);
	snprintf(path, sizeof(path), MASTERS_DIR "/%s", kind->name);
	CU_ASSERT_EQUAL_FATAL(description_read(path, &bed.master), 0);
	bed.drive = (struct drive){
		.master = &bed.master,
		.registers = model_registers(&bed.model),
		.answers = { take_done, take_quiet, NULL },
	};
	CU_ASSERT(drive_identify(&bed.drive));
	CU_ASSERT_EQUAL(drive_begin(&bed.drive), 0);
}

static void bed_end(void)
{
	CU_ASSERT_EQUAL(bed.model.violations, 0);
	CU_ASSERT_EQUAL(bed.too_early, 0);
}

static void event(uint32_t type, uint32_t flags, uint64_t id, uint64_t addr,
		  uint32_t length)
{
	const struct fpgabuf_user_event event = {
		.type = type,
		.flags = flags,
		.id = id,
		.addr = addr,
		.length = length,
	};

	CU_ASSERT_EQUAL(drive_event(&bed.drive, &event), 0);
}

static void give(uint64_t addr, uint32_t length)
{
	event(FPGABUF_USER_START, 0, ++bed.last_id, addr, length);
}

static void look(void)
{
	CU_ASSERT_EQUAL(drive_look(&bed.drive), 0);
}

static void look_until_quiet(void)
{
	unsigned int i;

	for (i = 0; i < PATIENCE && !drive_quiet(&bed.drive); i++) {
		look();
		usleep(10);
	}
	CU_ASSERT(drive_quiet(&bed.drive));
}

static void expect_answer(uint64_t id, uint32_t bytes, int error)
{
	const struct answer *answer = &bed.answers[(bed.count - 1) % 16];

	CU_ASSERT_FATAL(bed.count > 0);
	CU_ASSERT_EQUAL(answer->id, id);
	CU_ASSERT_EQUAL(answer->bytes, bytes);
	CU_ASSERT_EQUAL(answer->error, error);
}

/* A whole capture, whatever was before */
static void capture(uint64_t addr, uint32_t length, uint32_t bytes)
{
	unsigned int before = bed.count, n = bed.model.begun;

	give(addr, length);
	look();
	CU_ASSERT_EQUAL_FATAL(bed.model.begun, n + 1);
	CU_ASSERT_EQUAL(bed.model.addr[0], addr);
	CU_ASSERT_EQUAL(bed.model.length[0], length);
	look();
	CU_ASSERT_EQUAL(bed.count, before);
	model_end(&bed.model, bytes, false);
	CU_ASSERT(model_interrupt(&bed.model) ||
		  !strcmp(bed.model.kind->name, "litex"));
	look();
	CU_ASSERT_EQUAL(bed.count, before + 1);
	expect_answer(bed.last_id, bytes, 0);
	/* It is acknowledged, and told once. */
	CU_ASSERT_FALSE(model_interrupt(&bed.model));
	look();
	CU_ASSERT_EQUAL(bed.count, before + 1);
	CU_ASSERT(drive_quiet(&bed.drive));
}

static void for_each(void (*test)(const struct model_kind *kind))
{
	const struct model_kind *kind;

	for (kind = model_kinds; kind->name; kind++) {
		bed_begin(kind);
		test(kind);
		bed_end();
	}
}

static void captures(const struct model_kind *kind)
{
	unsigned int i;
	uint32_t length;

	for (i = 1; i <= 100; i++) {
		length = i * 37 * kind->align % 16000 + kind->align;
		length -= length % kind->align;
		capture(ADDR + i * LENGTH, length,
			kind->short_bytes ? length - length / 3 /
			kind->align * kind->align : length);
	}
	if (kind->high)
		capture(UINT64_C(0x8765432100), LENGTH, LENGTH);
	CU_ASSERT_EQUAL(bed.drive.counts.pieces, 100 + kind->high);
	CU_ASSERT_EQUAL(bed.drive.counts.stops, 0);
}

static void test_captures(void)
{
	for_each(captures);
}

static void several(const struct model_kind *kind)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		give(ADDR + i * LENGTH, LENGTH);
	look();
	CU_ASSERT_EQUAL(bed.model.count, kind->depth);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(bed.model.addr[0], ADDR + i * LENGTH);
		model_end(&bed.model, LENGTH, false);
		look();
		expect_answer(i + 1, LENGTH, 0);
	}
	CU_ASSERT_EQUAL(bed.count, 3);
}

static void test_several(void)
{
	for_each(several);
}

static void errors(const struct model_kind *kind)
{
	if (!kind->errors)
		return;
	give(ADDR, LENGTH);
	look();
	model_end(&bed.model, kind->short_bytes ? 64 : LENGTH, true);
	look();
	expect_answer(1, kind->short_bytes ? 64 : 0, -EIO);
	CU_ASSERT_EQUAL(bed.drive.counts.errors, 1);
	capture(ADDR, LENGTH, LENGTH);
}

static void test_errors(void)
{
	for_each(errors);
}

/* It is told of the stop of all that it was given, and some of it had not begun. */
static void stop_all(unsigned int nr)
{
	uint64_t id;

	for (id = bed.last_id - nr + 1; id <= bed.last_id; id++)
		event(FPGABUF_USER_STOP, 0, id, ADDR, LENGTH);
}

static void stopped(const struct model_kind *kind)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		give(ADDR + i * LENGTH, LENGTH);
	look();
	stop_all(2);
	look();
	/* Without a stop of its own it ends when it is full. */
	if (!kind->stops) {
		for (i = 0; i < 10; i++)
			look();
		CU_ASSERT_EQUAL(bed.quiets, 0);
		model_end(&bed.model, LENGTH, false);
	}
	look_until_quiet();
	CU_ASSERT_EQUAL(bed.quiets, 1);
	CU_ASSERT_EQUAL(bed.drive.counts.stops, 1);
	CU_ASSERT_EQUAL(bed.drive.counts.pieces, 0);
	capture(ADDR, LENGTH, LENGTH);
}

static void test_stop(void)
{
	for_each(stopped);
}

/* A program that has died has left it running. */
static void inherited(const struct model_kind *kind)
{
	struct model busy;

	give(ADDR, LENGTH);
	look();
	busy = bed.model;
	bed_begin(kind);
	bed.model = busy;
	bed.drive.ready = false;
	event(FPGABUF_USER_START, FPGABUF_USER_INHERITED, 1, ADDR, LENGTH);
	CU_ASSERT_FALSE(drive_quiet(&bed.drive));
	look();
	if (!kind->stops)
		model_end(&bed.model, LENGTH, false);
	look_until_quiet();
	CU_ASSERT_EQUAL(bed.quiets, 1);
	bed.last_id = 1;
	capture(ADDR, LENGTH, LENGTH);
}

static void test_inherited(void)
{
	for_each(inherited);
}

static void test_abandoned(void)
{
	bed_begin(&model_kinds[0]);
	event(FPGABUF_USER_STOP,
	      FPGABUF_USER_INHERITED | FPGABUF_USER_ABANDONED, 1, ADDR, LENGTH);
	CU_ASSERT_FALSE(drive_quiet(&bed.drive));
	look_until_quiet();
	CU_ASSERT_EQUAL(bed.quiets, 1);
	CU_ASSERT_EQUAL(bed.count, 0);
	bed_end();
}

/* A piece that the master does not know of is answered at once. */
static void test_stop_of_waiting(void)
{
	bed_begin(&model_kinds[1]);
	give(ADDR, LENGTH);
	give(ADDR + LENGTH, LENGTH);
	look();
	event(FPGABUF_USER_STOP, 0, 2, ADDR + LENGTH, LENGTH);
	expect_answer(2, 0, 0);
	CU_ASSERT_EQUAL(bed.drive.counts.withdrawn, 1);
	CU_ASSERT_EQUAL(bed.drive.counts.stops, 0);
	model_end(&bed.model, LENGTH, false);
	look();
	expect_answer(1, LENGTH, 0);
	CU_ASSERT(drive_quiet(&bed.drive));
	bed_end();
}

static const struct model_kind *kind_of(const char *name)
{
	const struct model_kind *kind = model_kinds;

	while (strcmp(kind->name, name))
		kind++;
	return kind;
}

/* It halts: what it was given fails, it is reset, and goes on. */
static void test_fault(void)
{
	bed_begin(kind_of("axidma"));
	give(ADDR, LENGTH);
	look();
	bed.model.error = true;
	bed.model.running = false;
	look_until_quiet();
	CU_ASSERT_EQUAL(bed.quiets, 1);
	CU_ASSERT_EQUAL(bed.drive.counts.faults, 1);
	capture(ADDR, LENGTH, LENGTH);
	bed_end();

	bed_begin(kind_of("writer"));
	give(ADDR, LENGTH);
	look();
	bed.model.refused = true;
	look_until_quiet();
	CU_ASSERT_EQUAL(bed.quiets, 1);
	capture(ADDR, LENGTH, LENGTH);
	bed_end();
}

/* In order, and the master hears nothing of it. */
static void test_unfit(void)
{
	bed_begin(kind_of("axidma"));
	give(ADDR, LENGTH);
	give(ADDR, 0x4000);
	give(ADDR + 4, LENGTH);
	give(ADDR, LENGTH + 4);
	give(UINT64_C(1) << 32, LENGTH);
	give(ADDR, 8);
	look();
	CU_ASSERT_EQUAL(bed.count, 0);
	model_end(&bed.model, LENGTH, false);
	look();
	CU_ASSERT_EQUAL_FATAL(bed.count, 5);
	CU_ASSERT_EQUAL(bed.answers[1].error, -EINVAL);
	CU_ASSERT_EQUAL(bed.answers[2].error, -EINVAL);
	CU_ASSERT_EQUAL(bed.answers[3].error, -EINVAL);
	CU_ASSERT_EQUAL(bed.answers[4].error, -EIO);
	CU_ASSERT_EQUAL(bed.drive.counts.refused, 4);
	CU_ASSERT_EQUAL(bed.model.length[0], 8);
	model_end(&bed.model, 8, false);
	look();
	expect_answer(6, 8, 0);
	bed_end();
}

/* A master that says so, or whose description is wrong */
static void test_too_many_bytes(void)
{
	bed_begin(&model_kinds[0]);
	give(ADDR, LENGTH);
	look();
	model_end(&bed.model, LENGTH + 1, false);
	look();
	expect_answer(1, 0, -EIO);
	bed_end();
}

static void test_identify(void)
{
	static const struct model_kind *const other = &model_kinds[1];

	bed_begin(&model_kinds[0]);
	model_init(&bed.model, other);
	CU_ASSERT_FALSE(drive_identify(&bed.drive));
	bed_end();
}

static int parse(const char *text, struct master *master,
		 struct master_error *error)
{
	return master_parse(text, strlen(text), master, error);
}

#define WHOLE								\
	"registers 16\nstart write 0 $addr\nstart write 4 $len\n"	\
	"done 8 1 = 1\nbytes whole\nquiet 8 2 = 2\n"

static void test_defaults(void)
{
	struct master_error error;
	struct master m;

	CU_ASSERT_EQUAL(parse("# of people\n\n  " WHOLE, &m, &error), 0);
	CU_ASSERT_EQUAL(m.window, 16);
	CU_ASSERT_EQUAL(m.width, 4);
	CU_ASSERT_EQUAL(m.depth, 1);
	CU_ASSERT_EQUAL(m.alignment, 1);
	CU_ASSERT_EQUAL(m.address_bits, 64);
	CU_ASSERT_EQUAL(m.start.count, 2);
	CU_ASSERT_EQUAL(m.start.step[1].value.kind, VALUE_LENGTH);
	CU_ASSERT_FALSE(m.error.given);
	CU_ASSERT_EQUAL(parse(WHOLE "width 16\norder big\ninit set 14 0x8000 # behind\n"
			      "stop wait 2 0xff != 0 20",
			      &m, &error), 0);
	CU_ASSERT_EQUAL(m.width, 2);
	CU_ASSERT(m.big_endian);
	CU_ASSERT_EQUAL(m.init.step[0].kind, STEP_SET);
	CU_ASSERT(m.stop.step[0].until.differs);
	CU_ASSERT_EQUAL(m.stop.step[0].ms, 20);
}

/* Each is told with its line, and by a word that leads to it. */
static void test_wrong(void)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *why;
	} wrong[] = {
		{ "", 0, "registers is missing" },
		{ "registers 16\n", 0, "start is missing" },
		{ "registers 16\nstart write 0 1", 0, "done is missing" },
		{ "registers 16\nstart write 0 1\ndone 0 1 = 1", 0,
		  "bytes is missing" },
		{ "registers 16\nstart write 0 1\ndone 0 1 = 1\nbytes whole", 0,
		  "quiet is missing" },
		{ "\n\nregister 16", 3, "register: there is no such word" },
		{ "registers", 1, "is missing" },
		{ "registers x", 1, "x is no number" },
		{ "registers 0x", 1, "0x is no number" },
		{ "registers 16x", 1, "16x is no number" },
		{ "registers -1", 1, "-1 is no number" },
		{ "registers 0", 1, "is not from 1" },
		{ "registers 99999999999999999999", 1, "is no number" },
		{ "registers 16 32", 1, "more than belongs there: 32" },
		{ "width 24", 1, "8, 16, 32 or 64" },
		{ "width 128", 1, "is not from" },
		{ "order middle", 1, "little or big" },
		{ "depth 0", 1, "is not from" },
		{ "depth 257", 1, "is not from" },
		{ "alignment 3", 1, "power of two" },
		{ "longest 4294967296", 1, "is not from" },
		{ "address-bits 65", 1, "is not from" },
		{ "done 0 1 1", 1, "= or !=" },
		{ "done 0 1 =", 1, "a value is missing" },
		{ "done 0 1 = 2", 1, "bits that the mask does not have" },
		{ "done 0 1 = 1\ndone 0 1 = 1", 2, "there already" },
		{ "quiet never\nquiet never", 2, "there already" },
		{ "bytes whole\nbytes whole", 2, "there already" },
		{ "quiet soon", 1, "is no number" },
		{ "quiet after", 1, "milliseconds is missing" },
		{ "quiet after 0", 1, "is not from" },
		{ "bytes some", 1, "whole, count, remaining or end" },
		{ "bytes count 0", 1, "a mask is missing" },
		{ "bytes count 0 1 >> 2", 1, "or << and a number" },
		{ "bytes count 0 1 << 32", 1, "is not from" },
		{ "init", 1, "a step is missing" },
		{ "init jump 0 1", 1, "write, set, clear, echo or wait" },
		{ "init write 0", 1, "what to write is missing" },
		{ "init write 0 $size", 1, "$addr or $len" },
		{ "init write 0 $addr>>64", 1, ">> and 0 to 63" },
		{ "init write 0 $addr>>", 1, ">> and 0 to 63" },
		{ "init write 0 $address", 1, ">> and 0 to 63" },
		{ "init wait 0 1 = 1", 1, "milliseconds is missing" },
		{ "a b c d e f g h i", 1, "too many words" },
		{ "a012345678901234567890123456789012", 1, "too long" },
		{ "a\001", 1, "no text" },
		{ WHOLE "error 16 1 = 1", 0, "not in the window" },
		{ WHOLE "registers 18\nerror 16 1 = 1", 0, "not in the window" },
		{ WHOLE "error 13 1 = 1", 0, "not at a multiple" },
		{ WHOLE "width 64\norder big\nerror 12 1 = 1", 0,
		  "not at a multiple" },
		{ WHOLE "ack write 0 $len", 0, "for start alone" },
		{ WHOLE "depth 2", 0, "accept is missing" },
		{ WHOLE "alignment 8\nlongest 4", 0, "less than alignment" },
	};
	struct master_error error;
	struct master m = { .window = 42 };
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CU_ASSERT_EQUAL(parse(wrong[i].text, &m, &error), -EINVAL);
		CU_ASSERT_EQUAL(error.line, wrong[i].line);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.why, wrong[i].why));
		if (!strstr(error.why, wrong[i].why))
			printf("\n    %s: %s", wrong[i].text, error.why);
	}
	CU_ASSERT_EQUAL(m.window, 42);
}

static void test_too_many_steps(void)
{
	char text[MASTER_STEPS * 16 + 32] = "";
	struct master_error error;
	struct master m;
	int i;

	for (i = 0; i <= MASTER_STEPS; i++)
		strcat(text, "init write 0 1\n");
	CU_ASSERT_EQUAL(parse(text, &m, &error), -EINVAL);
	CU_ASSERT_EQUAL(error.line, MASTER_STEPS + 1);
}

/* Registers that are memory */
static uint64_t plain_read(void *arg, uint32_t offset)
{
	return ((uint32_t *)arg)[offset / 4];
}

static void plain_write(void *arg, uint32_t offset, uint64_t value)
{
	((uint32_t *)arg)[offset / 4] = value;
}

static void test_steps(void)
{
	uint32_t words[4] = { 0xf0, 0xf0, 0xf0, 0 };
	const struct registers registers = { plain_read, plain_write, words };
	struct master_error error;
	struct master m;

	CU_ASSERT_EQUAL(parse(WHOLE "init set 0 0x0f\ninit clear 4 0x30\n"
			      "init echo 8 0x9f\ninit wait 8 0x90 = 0x90 1\n"
			      "init write 12 7\n", &m, &error), 0);
	CU_ASSERT_EQUAL(steps_run(&m.init, &registers, 0, 0), 0);
	CU_ASSERT_EQUAL(words[0], 0xff);
	CU_ASSERT_EQUAL(words[1], 0xc0);
	CU_ASSERT_EQUAL(words[2], 0x90);
	CU_ASSERT_EQUAL(words[3], 7);
	words[2] = 0;
	CU_ASSERT_EQUAL(parse(WHOLE "init wait 8 1 = 1 1\ninit write 12 8",
			      &m, &error), 0);
	CU_ASSERT_EQUAL(steps_run(&m.init, &registers, 0, 0), -ETIMEDOUT);
	CU_ASSERT_EQUAL(words[3], 7);
	CU_ASSERT_EQUAL(parse("registers 16\ndone 0 1 = 1\nbytes whole\n"
			      "quiet never\nstart write 0 $addr>>32\n"
			      "start write 4 $addr>>4\nstart write 8 $len>>2",
			      &m, &error), 0);
	CU_ASSERT_EQUAL(steps_run(&m.start, &registers,
				  UINT64_C(0x123456780), 400), 0);
	CU_ASSERT_EQUAL(words[0], 1);
	CU_ASSERT_EQUAL(words[1], 0x12345678);
	CU_ASSERT_EQUAL(words[2], 100);
}

/* A description, and registers that are memory */
static uint32_t plain[16];

static void bed_plain(const char *text)
{
	struct master_error error;

	memset(&bed, 0, sizeof(bed));
	memset(plain, 0, sizeof(plain));
	CU_ASSERT_EQUAL_FATAL(parse(text, &bed.master, &error), 0);
	bed.drive = (struct drive){
		.master = &bed.master,
		.registers = { plain_read, plain_write, plain },
		.answers = { take_done, take_quiet, NULL },
	};
}

#define FRAME	"registers 64\nstart write 0 $addr\ndone 4 1 = 1\nack write 4 0\n"

static void bytes_are(const char *how, uint32_t value, uint32_t bytes,
		      int error)
{
	char text[256];

	snprintf(text, sizeof(text), FRAME "quiet never\nbytes %s", how);
	bed_plain(text);
	give(ADDR, LENGTH);
	look();
	plain[1] = 1;
	plain[2] = value;
	look();
	expect_answer(1, bytes, error);
}

static void test_bytes(void)
{
	bytes_are("count 8 0xffff", 0x50040, 0x40, 0);
	bytes_are("count 8 0xffff << 3", 0x40, 0x200, 0);
	bytes_are("count 8 0xffff << 3", 0xffff, 0, -EIO);
	bytes_are("remaining 8 0xffff", 96, LENGTH - 96, 0);
	bytes_are("remaining 8 0xffff", LENGTH + 1, 0, -EIO);
	bytes_are("end 8 0xffffffff", ADDR + 100, 100, 0);
	bytes_are("end 8 0xffffffff", ADDR, 0, 0);
	bytes_are("end 8 0xffffffff", ADDR - 1, 0, -EIO);
	bytes_are("whole", 0, LENGTH, 0);
}

/* Where nothing tells it, quiet is not said, until somebody who knows does. */
static void test_never_quiet(void)
{
	unsigned int i;

	bed_plain(FRAME "bytes whole\nquiet never");
	give(ADDR, LENGTH);
	look();
	stop_all(1);
	for (i = 0; i < 100; i++)
		look();
	CU_ASSERT_EQUAL(bed.quiets, 0);
	CU_ASSERT_FALSE(drive_quiet(&bed.drive));
	CU_ASSERT_FALSE(drive_hopeful(&bed.drive));
	bed.drive.assume_quiet = true;
	CU_ASSERT(drive_hopeful(&bed.drive));
	look();
	CU_ASSERT_EQUAL(bed.quiets, 1);
	CU_ASSERT(drive_quiet(&bed.drive));
}

/* Not before the time is over */
static void test_quiet_after(void)
{
	bed_plain(FRAME "bytes whole\nquiet after 60000");
	give(ADDR, LENGTH);
	look();
	stop_all(1);
	look();
	CU_ASSERT_EQUAL(bed.quiets, 0);
	bed.drive.quiet_ns = 0;
	look();
	CU_ASSERT_EQUAL(bed.quiets, 1);
}

static void test_init_in_vain(void)
{
	bed_plain(FRAME "bytes whole\nquiet never\ninit wait 12 1 = 1 1");
	CU_ASSERT_EQUAL(drive_begin(&bed.drive), -ETIMEDOUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(message_last(), "init"));
	plain[3] = 1;
	CU_ASSERT_EQUAL(drive_begin(&bed.drive), 0);
	bed_plain(FRAME "start wait 12 1 = 1 1\nbytes whole\nquiet never");
	give(ADDR, LENGTH);
	CU_ASSERT_EQUAL(drive_look(&bed.drive), -ETIMEDOUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(message_last(), "start"));
}

static int window_of(const char *file, uint64_t offset, uint32_t size,
		     unsigned int width, bool big, struct window *window)
{
	const struct window_place place = { .file = file, .offset = offset };

	return window_open(&place, size, width, big, window);
}

/* As the registers of a PCI card are a file in /sys */
static void test_window(void)
{
	static const uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	int fd = memfd_create("registers", MFD_CLOEXEC);
	struct registers r;
	struct window w;
	uint8_t seen[8];
	char path[64];

	CU_ASSERT_FATAL(fd >= 0 && !ftruncate(fd, 8192));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CU_ASSERT_EQUAL(pwrite(fd, bytes, 8, 4096 + 64), 8);

	CU_ASSERT_EQUAL_FATAL(window_of(path, 4096 + 64, 8, 4, false, &w), 0);
	r = window_registers(&w);
	CU_ASSERT_EQUAL(r.read(r.arg, 0), 0x04030201);
	CU_ASSERT_EQUAL(r.read(r.arg, 4), 0x08070605);
	r.write(r.arg, 4, UINT64_C(0x1122334455667788));
	window_close(&w);
	CU_ASSERT_EQUAL(pread(fd, seen, 8, 4096 + 64), 8);
	CU_ASSERT_EQUAL(memcmp(seen, "\1\2\3\4\x88\x77\x66\x55", 8), 0);

	CU_ASSERT_EQUAL_FATAL(window_of(path, 4096 + 64, 8, 2, true, &w), 0);
	r = window_registers(&w);
	CU_ASSERT_EQUAL(r.read(r.arg, 0), 0x0102);
	r.write(r.arg, 6, 0xabcd);
	window_close(&w);
	CU_ASSERT_EQUAL(pread(fd, seen, 8, 4096 + 64), 8);
	CU_ASSERT_EQUAL(memcmp(seen + 6, "\xab\xcd", 2), 0);

	CU_ASSERT_EQUAL_FATAL(window_of(path, 4096 + 64, 8, 1, true, &w), 0);
	r = window_registers(&w);
	CU_ASSERT_EQUAL(r.read(r.arg, 1), 2);
	window_close(&w);

	/* The last word, and past it; and a place that no word begins at */
	CU_ASSERT_EQUAL(window_of(path, 8188, 4, 4, false, &w), 0);
	window_close(&w);
	CU_ASSERT_EQUAL(window_of(path, 8188, 8, 4, false, &w), -EINVAL);
	CU_ASSERT_EQUAL(window_of(path, 16384, 4, 4, false, &w), -EINVAL);
	CU_ASSERT_EQUAL(window_of(path, 2, 4, 4, false, &w), -EINVAL);
	CU_ASSERT_EQUAL(window_of("/nowhere", 0, 4, 4, false, &w), -ENOENT);
	close(fd);
}

static void test_window_64(void)
{
	int fd = memfd_create("registers", MFD_CLOEXEC);
	struct registers r;
	struct window w;
	char path[64];

	CU_ASSERT_FATAL(fd >= 0 && !ftruncate(fd, 4096));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (sizeof(long) < 8) {
		CU_ASSERT_EQUAL(window_of(path, 0, 8, 8, false, &w), -EINVAL);
	} else {
		CU_ASSERT_EQUAL_FATAL(window_of(path, 0, 8, 8, true, &w), 0);
		r = window_registers(&w);
		r.write(r.arg, 0, UINT64_C(0x0102030405060708));
		CU_ASSERT_EQUAL(w.first[0], 1);
		CU_ASSERT_EQUAL(w.first[7], 8);
		CU_ASSERT_EQUAL(r.read(r.arg, 0), UINT64_C(0x0102030405060708));
		window_close(&w);
	}
	close(fd);
}

/* A device of UIO that is none has no mappings, and says what to do. */
static void test_no_uio(void)
{
	struct window_place place = { .uio = "/dev/null" };
	struct window w;

	CU_ASSERT_EQUAL(window_open(&place, 4, 4, false, &w), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(message_last(), "has no mapping 0"));
	place.uio = "/dev/uio-none";
	CU_ASSERT_EQUAL(window_open(&place, 4, 4, false, &w), -ENOENT);
}

static int options(struct uio_options *o, const char *words)
{
	static char copy[256];
	char *argv[16] = { (char *)"fpgabuf-uio" };
	int argc = 1;
	char *word;

	snprintf(copy, sizeof(copy), "%s", words);
	for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	optind = 0;
	return uio_options_parse(argc, argv, o);
}

static void test_options(void)
{
	static const char * const bad[] = {
		"", "--uio /dev/uio0", "a b --uio /dev/uio0", "a",
		"a -u /dev/uio0 --map 5", "a -r f --offset x",
		"a -u /dev/uio0 --poll 10001", "a -u /dev/uio0 --strange",
	};
	struct uio_options o;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(options(&o, bad[i]), EXIT_USAGE);
	CU_ASSERT_EQUAL(options(&o, "--check a"), -1);
	CU_ASSERT(o.check);
	CU_ASSERT_EQUAL(options(&o, "a -u /dev/uio1 --map 2 -r f --offset 4K -c d --poll 0.5 --assume-quiet --json"),
			-1);
	CU_ASSERT_STRING_EQUAL(o.master, "a");
	CU_ASSERT_STRING_EQUAL(o.place.uio, "/dev/uio1");
	CU_ASSERT_EQUAL(o.place.map, 2);
	CU_ASSERT_STRING_EQUAL(o.place.file, "f");
	CU_ASSERT_EQUAL(o.place.offset, 4096);
	CU_ASSERT_STRING_EQUAL(o.channel, "d");
	CU_ASSERT_EQUAL(o.poll_us, 500);
	CU_ASSERT(o.assume_quiet && o.json && !o.check);
}

static int run(struct process *p, const char *words)
{
	char copy[512], *argv[16] = { (char *)"tools/fpgabuf-uio" };
	int argc = 1;
	char *word;

	snprintf(copy, sizeof(copy), "%s", words);
	for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return process_run(p, argv);
}

static void test_program(void)
{
	static struct process p;

	CU_ASSERT_EQUAL(run(&p, "--check " MASTERS_DIR "/writer"), EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "is right"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "alignment=8"));
	CU_ASSERT_EQUAL(run(&p, "--check --json " MASTERS_DIR "/litex"),
			EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"quiet\": \"after a time\""));
	CU_ASSERT_EQUAL(run(&p, "--check --json nothing"), EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "\"ok\": false"));
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "cannot read nothing"));
	CU_ASSERT_EQUAL(run(&p, "--check /proc/self/status"), EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "/proc/self/status:1: "));
	CU_ASSERT_EQUAL(run(&p, "--check /dev/zero"), EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "it is no description"));
	CU_ASSERT_EQUAL(run(&p, "--uio /dev/uio99 " MASTERS_DIR "/writer"),
			EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "cannot open /dev/uio99"));
	CU_ASSERT_EQUAL(run(&p, "--help"), EXIT_OK);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "Usage: fpgabuf-uio"));
}

/* Registers that do not look like those, and a channel that is not there */
static void test_wrong_device(void)
{
	static struct process p;
	char path[] = "/tmp/fpgabuf-unit-XXXXXX", words[256];
	const uint32_t id = 0x46504257;
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0 && !ftruncate(fd, 4096));
	snprintf(words, sizeof(words), "--registers %s " MASTERS_DIR "/writer",
		 path);
	CU_ASSERT_EQUAL(run(&p, words), EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "these are not the registers of"));
	CU_ASSERT_EQUAL(pwrite(fd, &id, sizeof(id), 0), sizeof(id));
	snprintf(words, sizeof(words),
		 "--registers %s -c /nowhere " MASTERS_DIR "/writer", path);
	CU_ASSERT_EQUAL(run(&p, words), EXIT_FAILED);
	CU_ASSERT_PTR_NOT_NULL(strstr(p.output, "load the module fpgabuf-user"));
	close(fd);
	unlink(path);
}

static const struct test tests[] = {
	{ "each shipped master captures, one after the other, byte for byte",
	  test_captures },
	{ "each gets as many at once as it takes, in order", test_several },
	{ "an error is that of its capture, and the next one goes well",
	  test_errors },
	{ "quiet is not said while a stopped master may write", test_stop },
	{ "what a dead program has left is stopped first", test_inherited },
	{ "so is what only memory waits for", test_abandoned },
	{ "a piece that was not begun is answered at once",
	  test_stop_of_waiting },
	{ "a master that halted is reset, and goes on", test_fault },
	{ "a piece that it cannot fill is refused, in order", test_unfit },
	{ "more bytes than there is room for are an error",
	  test_too_many_bytes },
	{ "other registers are noticed before anything is written",
	  test_identify },
	{ "a description: what it means", test_defaults },
	{ "a wrong description: its line, and why", test_wrong },
	{ "more steps than there can be are noticed", test_too_many_steps },
	{ "steps write, set, clear, echo and wait", test_steps },
	{ "bytes are counted, remaining, behind an end, or all", test_bytes },
	{ "where nothing tells that it is quiet, it is not said",
	  test_never_quiet },
	{ "nor before its time", test_quiet_after },
	{ "a register that does not become what it should is told of",
	  test_init_in_vain },
	{ "registers in a file, of each width and order", test_window },
	{ "registers of 64 bits, where the processor has them",
	  test_window_64 },
	{ "no UIO device: the message says what to do", test_no_uio },
	{ "options", test_options },
	{ "the program reads a description, or says what is wrong",
	  test_program },
	{ "the program does not touch what it does not know",
	  test_wrong_device },
	{ }
};

SUITE(uio, .title = "fpgabuf-uio", .tests = tests)
