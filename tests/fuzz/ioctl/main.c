// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctl-fuzz [OPERATIONS [SEED [WORKERS]]] - fuzz the ioctls of the driver
 *
 * Runs in the virtual machine.  Each worker is a process with programs of its
 * own: it keeps those that reached something new, and varies them.  The kernel
 * says if it did not like it, in its log.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ioctl-fuzz.h"

#define MAX_WORKERS	8
#define MAX_CORPUS	8192

/* Whatever waits for a fence waits no longer than that. */
#define PATIENCE_US	100000

/**
 * struct result - what a worker has done; shared with the parent
 * @operations: how many
 * @programs: in so many programs
 * @kept: so many of them reached something new
 */
struct result {
	uint64_t operations;
	uint64_t programs;
	unsigned int kept;
};

/**
 * struct corpus - programs that reached something new, when they were made
 * @nr: how many
 * @program: the programs
 */
struct corpus {
	unsigned int nr;
	struct program program[MAX_CORPUS];
};

static struct corpus corpus;

static void on_alarm(int signal)
{
	(void)signal;
}

/* Every call that sleeps is woken now and then, and not begun again. */
static void be_impatient(void)
{
	const struct itimerval often = {
		.it_interval.tv_usec = PATIENCE_US,
		.it_value.tv_usec = PATIENCE_US,
	};
	const struct sigaction action = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

static const struct program *draw_kept(uint64_t *random)
{
	return &corpus.program[random_next(random) % corpus.nr];
}

static void next_program(struct program *p, uint64_t *random)
{
	if (!corpus.nr || random_next(random) % 8 == 0) {
		program_random(p, random);
		return;
	}
	*p = *draw_kept(random);
	program_vary(p, draw_kept(random), random);
}

/* When there is no room any more, another one has had its time. */
static void keep(const struct program *p, uint64_t *random)
{
	if (corpus.nr < MAX_CORPUS)
		corpus.program[corpus.nr++] = *p;
	else
		corpus.program[random_next(random) % MAX_CORPUS] = *p;
}

static void work(struct cover *cover, uint64_t operations, uint64_t seed,
		 struct result *result)
{
	uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	struct program p;

	cover_open(cover);
	be_impatient();
	while (result->operations < operations) {
		next_program(&p, &random);
		cover_begin(cover);
		result->operations += program_run(&p);
		result->programs++;
		if (cover_end(cover)) {
			keep(&p, &random);
			result->kept++;
		}
	}
	exit(EXIT_SUCCESS);
}

static bool all_fine(unsigned int workers)
{
	bool fine = true;
	int status;

	while (workers--) {
		if (wait(&status) < 0 || !WIFEXITED(status) ||
		    WEXITSTATUS(status)) {
			fprintf(stderr, "a worker ended with status %#x\n",
				status);
			fine = false;
		}
	}
	return fine;
}

static void report(const struct cover *cover, const struct result *result,
		   unsigned int workers, time_t begin)
{
	struct result sum = { 0 };
	unsigned int i;

	for (i = 0; i < workers; i++) {
		sum.operations += result[i].operations;
		sum.programs += result[i].programs;
		sum.kept += result[i].kept;
	}
	printf("%" PRIu64 " operations in %" PRIu64 " programs in %ld s, %u edges, %u programs kept\n",
	       sum.operations, sum.programs, (long)(time(NULL) - begin),
	       cover_edges(cover), sum.kept);
}

static uint64_t argument(int argc, char **argv, int n, uint64_t otherwise)
{
	return argc > n && *argv[n] ? strtoull(argv[n], NULL, 0) : otherwise;
}

static struct result *results_create(void)
{
	void *mem = mmap(NULL, MAX_WORKERS * sizeof(struct result),
			 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);

	if (mem == MAP_FAILED) {
		perror("ioctl-fuzz: mmap");
		exit(EXIT_FAILURE);
	}
	return mem;
}

int main(int argc, char **argv)
{
	uint64_t operations = argument(argc, argv, 1, 100000);
	uint64_t seed = argument(argc, argv, 2, time(NULL));
	unsigned int workers = argument(argc, argv, 3, 2), i;
	struct result *result = results_create();
	struct cover *cover = cover_create();
	time_t begin = time(NULL);
	bool fine;

	if (!workers || workers > MAX_WORKERS)
		return EXIT_FAILURE;
	printf("seed %" PRIu64 ", %u workers\n", seed, workers);
	puts(cover_guide());
	fflush(stdout);
	for (i = 0; i < workers; i++)
		if (!fork())
			work(cover, operations / workers, seed + i, &result[i]);
	fine = all_fine(workers);
	report(cover, result, workers, begin);
	return fine && devices_idle() ? EXIT_SUCCESS : EXIT_FAILURE;
}
