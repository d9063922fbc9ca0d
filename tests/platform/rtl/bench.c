// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts the writer, the stream and the memory together, and runs the clock.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "program.h"

#define RESET_CYCLES 3

/* For bench_fail() */
static const struct bench *current;

void bench_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(" (cycle %llu)\n", (unsigned long long)current->cycle);
	exit(1);
}

void bench_step(struct bench *bench)
{
	stream_step(&bench->stream, &bench->pins);
	memory_step(&bench->memory, &bench->pins);
	writer_clock(bench->writer, &bench->pins);
	bench->cycle++;
	stream_drive(&bench->stream, &bench->pins);
	memory_drive(&bench->memory, &bench->pins);
}

void bench_steps(struct bench *bench, unsigned int cycles)
{
	while (cycles--)
		bench_step(bench);
}

static void reset(struct bench *bench)
{
	unsigned int i;

	for (i = 0; i < RESET_CYCLES; i++)
		writer_clock(bench->writer, &bench->pins);
	bench->pins.rst_n = 1;
	writer_clock(bench->writer, &bench->pins);
}

/*
 * The memory ends where addresses end, or, if they are longer than a word, lies
 * around the place where the upper word changes.
 */
static uint64_t memory_base(unsigned int addr_width)
{
	if (addr_width == 32)
		return (1ULL << 32) - MEMORY_BYTES;
	return (0x12ULL << 32) - MEMORY_BYTES / 2;
}

struct bench *bench_open(uint64_t seed, const char *trace)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	uint32_t version;

	if (!bench)
		abort();
	current = bench;
	bench->random.state = seed;
	bench->writer = writer_new(random_next(&bench->random), trace);
	reset(bench);
	stream_init(&bench->stream, &bench->random, 1);
	memory_init(&bench->memory, &bench->random, 1, 0);
	version = register_read(bench, REG_VERSION);
	bench->beat_bytes = 1U << (version >> 16 & 0xff);
	bench->addr_width = version >> 8 & 0xff;
	bench->stream.beat_bytes = bench->beat_bytes;
	memory_init(&bench->memory, &bench->random, bench->beat_bytes,
		    memory_base(bench->addr_width));
	return bench;
}

void bench_close(struct bench *bench)
{
	writer_free(bench->writer);
	stream_free(&bench->stream);
	free(bench);
}
