// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program that captures.
 */
#include "program.h"

/* Cycles; nothing takes so long unless it hangs. */
#define PATIENCE 1000000

/* How soon the program does the next thing, in percent */
#define HASTE 70

static bool soon(struct bench *bench)
{
	return random_chance(&bench->random, HASTE);
}

/* handshake_step - a clock
 * @valid, @ready: of a channel; valid goes away if it was taken
 */
static bool handshake_step(struct bench *bench, uint8_t *valid,
			   const uint8_t *ready)
{
	bool taken = *valid && *ready;

	bench_step(bench);
	if (taken)
		*valid = 0;
	return taken;
}

/* The writer takes both at once, whichever came first. */
static void write_request(struct bench *bench)
{
	struct pins *pins = &bench->pins;
	unsigned int i;

	for (i = 0; i < PATIENCE; i++) {
		pins->lite_awvalid |= soon(bench);
		pins->lite_wvalid |= soon(bench);
		if (pins->lite_awready != pins->lite_wready)
			bench_fail("AWREADY and WREADY differ");
		if (handshake_step(bench, &pins->lite_awvalid,
				   &pins->lite_awready)) {
			pins->lite_wvalid = 0;
			return;
		}
	}
	bench_fail("a register cannot be written");
}

/* await_answer - take it
 * @valid, @ready: of the channel
 */
static void await_answer(struct bench *bench, const uint8_t *valid,
			 uint8_t *ready)
{
	unsigned int i;
	bool taken;

	for (i = 0; i < PATIENCE; i++) {
		*ready = soon(bench);
		taken = *valid && *ready;
		if (taken)
			return;
		bench_step(bench);
	}
	bench_fail("a register does not answer");
}

void register_strobed(struct bench *bench, unsigned int reg, uint32_t value,
		      unsigned int strobe)
{
	struct pins *pins = &bench->pins;

	pins->lite_awaddr = reg;
	pins->lite_wdata = value;
	pins->lite_wstrb = strobe;
	write_request(bench);
	await_answer(bench, &pins->lite_bvalid, &pins->lite_bready);
	bench_check(pins->lite_bresp == 0);
	bench_step(bench);
	pins->lite_bready = 0;
}

void register_write(struct bench *bench, unsigned int reg, uint32_t value)
{
	register_strobed(bench, reg, value, 0xf);
}

static void read_request(struct bench *bench)
{
	struct pins *pins = &bench->pins;
	unsigned int i;

	for (i = 0; i < PATIENCE; i++) {
		pins->lite_arvalid |= soon(bench);
		if (handshake_step(bench, &pins->lite_arvalid,
				   &pins->lite_arready))
			return;
	}
	bench_fail("a register cannot be read");
}

uint32_t register_read(struct bench *bench, unsigned int reg)
{
	struct pins *pins = &bench->pins;
	uint32_t value;

	pins->lite_araddr = reg;
	read_request(bench);
	await_answer(bench, &pins->lite_rvalid, &pins->lite_rready);
	bench_check(pins->lite_rresp == 0);
	value = pins->lite_rdata;
	bench_step(bench);
	pins->lite_rready = 0;
	return value;
}

void program_request(struct bench *bench, uint64_t addr, uint32_t bytes)
{
	register_write(bench, REG_ADDR_LO, addr);
	register_write(bench, REG_ADDR_HI, addr >> 32);
	register_write(bench, REG_LENGTH, bytes);
	register_write(bench, REG_CONTROL, CONTROL_GO);
}

void program_queue(struct program *program, uint64_t addr, uint32_t bytes)
{
	unsigned int place = program->queued++ % 2;

	memory_allow(&program->bench->memory, place, addr, bytes);
	program->captures[place] = (struct capture){ addr, bytes };
	program_request(program->bench, addr, bytes);
	bench_check(!(register_read(program->bench, REG_STATUS) &
		      STATUS_REFUSED));
}

/* At the end of the half now and then, where addresses may end as well */
void program_queue_random(struct program *program, unsigned int beats)
{
	struct bench *bench = program->bench;
	unsigned int beat = bench->beat_bytes, half = MEMORY_BYTES / 2;
	uint64_t addr = bench->memory.base + program->queued % 2 * half;
	uint32_t bytes = (1 + random_below(&bench->random, beats)) * beat;
	unsigned int rest = (half - bytes) / beat;

	if (random_chance(&bench->random, 95))
		rest = random_below(&bench->random, rest + 1);
	program_queue(program, addr + rest * beat, bytes);
}

static void check_complete(const struct program *program)
{
	if (memory_pending(&program->bench->memory, program->checked % 2,
			   &program->bench->pins))
		bench_fail("DONE before all is in memory");
}

void program_wait(struct program *program)
{
	struct bench *bench = program->bench;
	unsigned int i;

	for (i = 0; i < PATIENCE && !bench->pins.irq; i++)
		bench_step(bench);
	if (!bench->pins.irq)
		bench_fail("a capture does not end");
	check_complete(program);
}

static uint64_t beat_at(struct bench *bench, uint64_t addr)
{
	uint64_t data = 0;
	unsigned int i;

	for (i = 0; i < bench->beat_bytes; i++)
		data |= (uint64_t)*memory_at(&bench->memory, addr + i) << 8 * i;
	return data;
}

static void check_untouched(const struct program *program,
			    const struct capture *capture)
{
	uint32_t i;

	for (i = program->bytes; i < capture->bytes; i++)
		bench_check(*memory_at(&program->bench->memory,
				       capture->addr + i) == MEMORY_UNTOUCHED);
}

/* Bytes of beats that follow each other in the stream */
static void check_bytes(const struct program *program,
			const struct capture *capture)
{
	unsigned int beat_bytes = program->bench->beat_bytes;
	uint64_t data = 0;
	uint32_t i;

	for (i = 0; i < program->bytes; i++) {
		if (i % beat_bytes == 0)
			data = stream_data(program->next_beat + i / beat_bytes,
					   beat_bytes);
		if (*memory_at(&program->bench->memory, capture->addr + i) !=
		    (uint8_t)(data >> i % beat_bytes * 8))
			bench_fail("byte %u of %u is wrong", i, program->bytes);
	}
}

static uint64_t whole_beats(const struct program *program)
{
	unsigned int beat_bytes = program->bench->beat_bytes;

	bench_check(program->bytes % beat_bytes == 0);
	return program->bytes / beat_bytes;
}

/* check_last - a packet ends with the capture; gives its beats */
static uint64_t check_last(struct program *program)
{
	const struct stream *stream = &program->bench->stream;
	const struct packet_end *end = &stream->ends[program->next_end];
	uint64_t beats;

	bench_check(program->next_end < stream->count);
	beats = end->beat - program->next_beat + 1;
	bench_check(program->bytes ==
		    (beats - 1) * stream->beat_bytes + end->bytes);
	bench_check(!(program->status & STATUS_STOPPED));
	program->next_end++;
	return beats;
}

/* check_full - no packet ends; gives its beats */
static uint64_t check_full(const struct program *program,
			   const struct capture *capture)
{
	const struct stream *stream = &program->bench->stream;
	uint64_t beats = whole_beats(program);

	bench_check(program->next_end == stream->count ||
		    stream->ends[program->next_end].beat >=
			    program->next_beat + beats);
	bench_check(program->status & STATUS_STOPPED ||
		    program->bytes == capture->bytes);
	return beats;
}

static void check_exact(struct program *program, const struct capture *capture)
{
	uint64_t beats;

	if (!(program->status & STATUS_ERROR))
		check_bytes(program, capture);
	beats = program->status & STATUS_LAST ? check_last(program) :
						check_full(program, capture);
	bench_check(!(program->status & STATUS_OVERRUN));
	program->next_beat += beats;
}

/* Every gap is confessed, and no gap is invented.  There are no packets. */
static void check_gaps(struct program *program, const struct capture *capture)
{
	unsigned int beat_bytes = program->bench->beat_bytes;
	uint64_t i, beat, beats = whole_beats(program);
	bool gap = false;

	for (i = 0; i < beats; i++) {
		beat = stream_number(beat_at(program->bench,
					     capture->addr + i * beat_bytes),
				     beat_bytes);
		bench_check(beat >= program->next_beat &&
			    beat < program->bench->stream.next);
		gap |= beat != program->next_beat;
		program->next_beat = beat + 1;
	}
	bench_check(gap == !!(program->status & STATUS_OVERRUN));
}

static void acknowledge(struct program *program)
{
	memory_allow(&program->bench->memory, program->checked++ % 2, 0, 0);
	register_write(program->bench, REG_STATUS, STATUS_DONE);
}

void program_check(struct program *program)
{
	const struct capture *capture =
		&program->captures[program->checked % 2];
	struct bench *bench = program->bench;

	program->status = register_read(bench, REG_STATUS);
	bench_check(program->status & STATUS_DONE);
	check_complete(program);
	program->bytes = register_read(bench, REG_BYTES);
	bench_check(program->bytes <= capture->bytes);
	check_untouched(program, capture);
	bench_check(bench->memory.failed[program->checked % 2] ==
		    !!(program->status & STATUS_ERROR));
	if (register_read(bench, REG_CONFIG) & CONFIG_DROP)
		check_gaps(program, capture);
	else
		check_exact(program, capture);
	acknowledge(program);
}

void program_wait_quiet(struct program *program)
{
	struct bench *bench = program->bench;
	unsigned int i;

	for (i = 0; i < PATIENCE; i++)
		if (register_read(bench, REG_STATUS) & STATUS_QUIET)
			break;
	if (i == PATIENCE)
		bench_fail("not quiet");
	if (!memory_idle(&bench->memory, &bench->pins))
		bench_fail("QUIET while it writes");
}
