// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a capture costs if the FPGA is a program behind fpgabuf-user, and what if it is
 * the simulator, which is a part of the kernel.  Neither writes anything, so that all
 * that is counted is the way of a capture: QUEUE, the transfer, DEQUEUE.  Booted with
 * --icount, on one processor, like cost.c.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "user-bed.h"

enum { ROUNDS = 200, REPEAT = 5 };

/* The program: each piece has come as soon as it is given. */
static void program_main(void *depth)
{
	int door = user_open(*(unsigned int *)depth, FPGABUF_USER_NODE_ONLY);
	struct fpgabuf_user_event piece;

	for (;;) {
		REQUIRE(user_event(door, &piece), 0);
		REQUIRE(user_done(door, piece.id, piece.length, 0), 0);
	}
}

static void capture_rounds(struct user_bed *bed, int flight)
{
	int i;

	for (i = 0; i < flight; i++)
		user_queue(bed, i);
	for (i = 0; i < ROUNDS; i++) {
		user_expect_capture(bed, i % flight, 0, bed->size);
		user_queue(bed, i % flight);
	}
	for (; i < ROUNDS + flight; i++)
		user_expect_capture(bed, i % flight, 0, bed->size);
}

/* Instructions for each capture, the least of several runs */
static uint64_t capture_cost(struct user_bed *bed, int flight)
{
	uint64_t best = UINT64_MAX, start, cost;
	int i;

	for (i = 0; i < REPEAT; i++) {
		start = bench_clock();
		capture_rounds(bed, flight);
		cost = (bench_clock() - start) / (ROUNDS + flight);
		if (cost < best)
			best = cost;
	}
	return best;
}

static uint64_t cost_of_simulator(size_t size, int flight)
{
	struct user_bed bed;
	uint64_t cost;

	sim_source("nothing");
	user_bed_open_on(&bed, device_open(0), size);
	cost = capture_cost(&bed, flight);
	user_bed_close(&bed);
	return cost;
}

static uint64_t cost_of_program(size_t size, unsigned int flight)
{
	struct user_bed bed;
	uint64_t cost;
	pid_t pid;

	pid = process_start(program_main, &flight);
	user_bed_open(&bed, size);
	cost = capture_cost(&bed, flight);
	user_bed_close(&bed);
	EXPECT(kill(pid, SIGKILL), 0);
	REQUIRE(waitpid(pid, NULL, 0), pid);
	return cost;
}

static void table(void)
{
	static const size_t sizes[] = { 4 * KIB, 64 * KIB, 2 * MIB };
	static const int flights[] = { 1, USER_REGIONS };
	size_t i, j;

	printf("\n%8s %10s %10s %10s", "KiB", "in flight", "simulator",
	       "program");
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (j = 0; j < ARRAY_SIZE(flights); j++)
			printf("\n%8zu %10d %10llu %10llu", sizes[i] / KIB,
			       flights[j],
			       (unsigned long long)cost_of_simulator(sizes[i],
								     flights[j]),
			       (unsigned long long)cost_of_program(sizes[i],
								   flights[j]));
	printf("\n");
}

static const struct test tests[] = {
	{ "instructions for a capture, by what the FPGA is", table },
	{ }
};

SUITE(door,
	.alone = true,
	.title = "door",
	.init = user_load,
	.done = user_unload,
	.tests = tests)
