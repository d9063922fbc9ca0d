// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tests of the writer.
 */
#include "tests.h"

/* Captures until the paces of stream and memory change */
#define PACE_CAPTURES 20

static void start(struct program *program, struct bench *bench,
		  uint32_t config)
{
	*program = (struct program){ .bench = bench };
	register_write(bench, REG_CONFIG, config);
}

static uint32_t status_of(const struct program *program)
{
	return register_read(program->bench, REG_STATUS);
}

static void first(struct bench *bench, unsigned int scale)
{
	uint64_t addr = bench->memory.base + 4096 - 8 * bench->beat_bytes;
	struct program program;

	(void)scale;
	start(&program, bench, CONFIG_IRQ);
	bench->stream.packet_beats = 16;
	bench->stream.left = 21;
	bench->stream.valid = 60;
	bench->memory.w_ready = 60;
	program_queue(&program, addr, 64 * bench->beat_bytes);
	program_wait(&program);
	bench_check(bench->memory.answered == 2);
	program_check(&program);
	bench_check(program.status & STATUS_LAST);
}

static void registers(struct bench *bench, unsigned int scale)
{
	unsigned int reg;

	(void)scale;
	bench_check(register_read(bench, REG_ID) == 0x46504257);
	bench_check(register_read(bench, REG_VERSION) >> 24 == 1);
	bench_check((register_read(bench, REG_VERSION) & 0xff) == 2);
	bench_check(register_read(bench, REG_CONTROL) == 0);
	bench_check(register_read(bench, REG_STATUS) ==
		    (STATUS_QUIET | STATUS_READY));
	for (reg = REG_ADDR_LO; reg <= REG_LENGTH; reg += 4)
		register_write(bench, reg, 0x12345678 * reg);
	register_write(bench, REG_CONFIG, ~0U);
	register_strobed(bench, REG_ADDR_LO, 0, 0x7);
	register_write(bench, REG_ID, 0);
	register_write(bench, 0x24, 1);
	for (reg = REG_ADDR_LO; reg <= REG_LENGTH; reg += 4)
		bench_check(register_read(bench, reg) == 0x12345678 * reg);
	bench_check(register_read(bench, REG_CONFIG) ==
		    (CONFIG_DROP | CONFIG_IRQ));
	bench_check(register_read(bench, REG_ID) == 0x46504257);
	bench_check(register_read(bench, 0x24) == 0);
}

/* refused - GO is, and that is all that happens */
static void check_refused(struct bench *bench, uint64_t addr, uint32_t bytes)
{
	uint32_t status = register_read(bench, REG_STATUS);

	program_request(bench, addr, bytes);
	bench_check(register_read(bench, REG_STATUS) ==
		    (status | STATUS_REFUSED));
	register_write(bench, REG_STATUS, STATUS_REFUSED);
	bench_check(register_read(bench, REG_STATUS) == status);
}

static void refused(struct bench *bench, unsigned int scale)
{
	uint64_t end = 1ULL << bench->addr_width;
	uint64_t addr = bench->memory.base;
	uint32_t beat = bench->beat_bytes;
	struct program program;

	(void)scale;
	start(&program, bench, 0);
	check_refused(bench, addr, 0);
	check_refused(bench, addr + 1, beat);
	check_refused(bench, addr, beat + beat / 2);
	check_refused(bench, end, beat);
	check_refused(bench, end - beat, 2 * beat);
	program_queue(&program, addr, beat);
	program_queue(&program, addr + beat, beat);
	check_refused(bench, addr, beat);
}

static const unsigned int paces[] = { 5, 30, 60, 95, 100 };

static unsigned int random_pace(struct bench *bench)
{
	return paces[random_below(&bench->random,
				  sizeof(paces) / sizeof(*paces))];
}

static void random_paces(struct bench *bench)
{
	bench->stream.valid = random_pace(bench);
	bench->memory.aw_ready = random_pace(bench);
	bench->memory.w_ready = random_pace(bench);
	bench->memory.answers = random_pace(bench);
	bench->memory.pauses = random_below(&bench->random, 2);
	bench->memory.paused = false;
	bench->memory.order = random_below(&bench->random, 3);
}

/* Most are short; some are longer than any packet. */
static unsigned int random_beats(struct bench *bench)
{
	static const unsigned int bounds[] = { 4, 64, 300, 300, 1500 };

	return bounds[random_below(&bench->random,
				   sizeof(bounds) / sizeof(*bounds))];
}

static void keep_queued(struct program *program)
{
	while (program->queued < program->checked + 2)
		program_queue_random(program, random_beats(program->bench));
}

/* The program is late now and then, and both captures have ended. */
static void dawdle(struct bench *bench)
{
	unsigned int bound = random_chance(&bench->random, 10) ? 3000 : 50;

	bench_steps(bench, random_below(&bench->random, bound));
}

/* capture_one - with others queued meanwhile, and other paces now and then */
static void capture_one(struct program *program)
{
	if (program->checked % PACE_CAPTURES == 0)
		random_paces(program->bench);
	keep_queued(program);
	program_wait(program);
	dawdle(program->bench);
	program_check(program);
}

/* Nothing that the stream has given is missing. */
static void stop_and_check(struct program *program)
{
	register_write(program->bench, REG_CONTROL, CONTROL_STOP);
	program_wait_quiet(program);
	while (program->checked < program->queued)
		program_check(program);
	bench_check(status_of(program) == (STATUS_QUIET | STATUS_READY));
}

static void check_all_there(const struct program *program)
{
	bench_check(program->next_beat == program->bench->stream.next);
	bench_check(program->next_end == program->bench->stream.count);
}

static void packets(struct bench *bench, unsigned int scale)
{
	struct program program;

	start(&program, bench, CONFIG_IRQ);
	bench->stream.packet_beats = 400;
	while (program.next_end < scale)
		capture_one(&program);
	stop_and_check(&program);
	check_all_there(&program);
}

static void full_speed(struct bench *bench, unsigned int scale)
{
	const uint32_t bytes = 1024 * bench->beat_bytes;
	struct program program;
	uint64_t waited, cycle;

	(void)scale;
	start(&program, bench, CONFIG_IRQ);
	program_queue(&program, bench->memory.base, bytes);
	program_queue(&program, bench->memory.base + bytes, bytes);
	bench->stream.valid = 100;
	bench_steps(bench, 2);
	waited = bench->stream.waited;
	cycle = bench->cycle;
	while (program.checked < 30) {
		program_wait(&program);
		program_check(&program);
		program_queue(&program,
			      bench->memory.base + program.queued % 2 * bytes,
			      bytes);
	}
	bench_check(bench->stream.waited == waited);
	bench_check(bench->stream.next >= bench->cycle - cycle);
}

/* The stream has no end, and nothing can hold it back. */
static void overrun(struct bench *bench, unsigned int scale)
{
	unsigned int i, overruns = 0;
	struct program program;

	start(&program, bench, CONFIG_IRQ | CONFIG_DROP);
	for (i = 0; i < scale; i++) {
		capture_one(&program);
		overruns += !!(program.status & STATUS_OVERRUN);
	}
	bench_check(bench->stream.waited == 0);
	bench_check(overruns > scale / 10 && overruns < scale - scale / 10);
}

static void waits(struct bench *bench, unsigned int scale)
{
	struct program program;

	(void)scale;
	start(&program, bench, CONFIG_IRQ);
	bench->stream.valid = 100;
	bench_steps(bench, 200);
	bench_check(bench->stream.next == 0);
	program_queue(&program, bench->memory.base, 10 * bench->beat_bytes);
	program_wait(&program);
	program_check(&program);
	bench_steps(bench, 200);
	check_all_there(&program);
}

/* Not a clock of it writes, though there is a stream. */
static void check_stays_quiet(struct bench *bench)
{
	unsigned int i;

	for (i = 0; i < 100; i++) {
		bench_step(bench);
		bench_check(!bench->pins.awvalid && !bench->pins.wvalid);
	}
	bench_check(memory_idle(&bench->memory, &bench->pins));
}

static void stop(struct bench *bench, unsigned int scale)
{
	struct program program;
	unsigned int i;

	start(&program, bench, CONFIG_IRQ);
	bench->stream.packet_beats = 400;
	for (i = 0; i < scale; i++) {
		random_paces(bench);
		if (random_chance(&bench->random, 90))
			keep_queued(&program);
		bench_steps(bench, random_below(&bench->random, 500));
		stop_and_check(&program);
		check_stays_quiet(bench);
		check_all_there(&program);
	}
}

/* It stops whether the stream goes on or not. */
static void silent(struct bench *bench, unsigned int scale)
{
	const uint32_t bytes = 64 * bench->beat_bytes;
	struct program program;

	(void)scale;
	start(&program, bench, 0);
	program_queue(&program, bench->memory.base, bytes);
	program_queue(&program, bench->memory.base + bytes, bytes);
	bench->stream.valid = 100;
	while (bench->stream.next < 3)
		bench_step(bench);
	bench->stream.valid = 0;
	stop_and_check(&program);
	bench_check(program.status & STATUS_STOPPED);
	check_all_there(&program);
}

static void never_quiet(struct bench *bench, unsigned int scale)
{
	struct program program;
	unsigned int i;

	(void)scale;
	start(&program, bench, CONFIG_IRQ);
	bench->stream.valid = 100;
	bench->memory.answers = 0;
	program_queue(&program, bench->memory.base, 64 * bench->beat_bytes);
	bench_steps(bench, 500);
	register_write(bench, REG_CONTROL, CONTROL_STOP);
	for (i = 0; i < 100; i++)
		bench_check((status_of(&program) &
			     (STATUS_BUSY | STATUS_QUIET | STATUS_DONE |
			      STATUS_READY)) == STATUS_BUSY);
	check_refused(bench, bench->memory.base, bench->beat_bytes);
	bench_check(!bench->pins.irq);
	bench->memory.answers = 100;
	program_wait_quiet(&program);
	program_check(&program);
	check_all_there(&program);
}

static void errors(struct bench *bench, unsigned int scale)
{
	unsigned int i, failed = 0;
	struct program program;

	start(&program, bench, CONFIG_IRQ);
	bench->stream.packet_beats = 400;
	bench->memory.errors = 20;
	for (i = 0; i < scale; i++) {
		capture_one(&program);
		failed += !!(program.status & STATUS_ERROR);
	}
	bench_check(failed > scale / 10 && failed < scale - scale / 10);
}

static void interrupt(struct bench *bench, unsigned int scale)
{
	struct program program;

	(void)scale;
	start(&program, bench, 0);
	program_queue(&program, bench->memory.base, 8 * bench->beat_bytes);
	program_queue(&program, bench->memory.base + 4096, bench->beat_bytes);
	bench->stream.valid = 100;
	while (status_of(&program) & STATUS_BUSY)
		bench_check(!bench->pins.irq);
	bench_check(!bench->pins.irq);
	register_write(bench, REG_CONFIG, CONFIG_IRQ);
	bench_check(bench->pins.irq);
	program_check(&program);
	bench_check(bench->pins.irq);
	program_check(&program);
	bench_check(!bench->pins.irq);
	register_write(bench, REG_STATUS, STATUS_DONE);
	bench_check(status_of(&program) == (STATUS_QUIET | STATUS_READY));
}

const struct test tests[] = {
	{ "first", "a packet is captured in bursts that end at 4 KiB", first },
	{ "registers", "the registers read back what was written", registers },
	{ "refused", "a GO that is not possible is refused and changes nothing",
	  refused },
	{ "packets",
	  "packets at random paces: every byte, BYTES and LAST are right",
	  packets },
	{ "speed", "at full speed no beat waits, within or between captures",
	  full_speed },
	{ "overrun", "with DROP, OVERRUN is set if beats are lost, and only then",
	  overrun },
	{ "waits", "without DROP the stream waits for a capture", waits },
	{ "stop", "stopped at random moments, it has all bytes and stays quiet",
	  stop },
	{ "silent", "it stops while the stream is silent", silent },
	{ "unanswered", "it is not quiet as long as memory does not answer",
	  never_quiet },
	{ "errors", "an error of memory is told of the capture that had it",
	  errors },
	{ "interrupt", "the interrupt is high while a capture is to be seen",
	  interrupt },
	{}
};
