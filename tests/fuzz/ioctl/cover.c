// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the programs have reached
 *
 * With KCOV: which pairs of places in the driver followed each other.  The rest
 * of the kernel is not what is to be explored.  Without it: which results of
 * calls followed each other, which is a much coarser guide.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ioctl-fuzz.h"

#define KCOV		"/sys/kernel/debug/kcov"
#define MAP_BITS	18
#define MAP_SIZE	(1U << MAP_BITS)
#define TRACE_WORDS	(64U << 10)
#define MAX_RANGES	4

/**
 * struct range - where a module of ours is
 * @begin: its first byte
 * @end: behind its last byte
 */
struct range {
	uint64_t begin;
	uint64_t end;
};

/**
 * struct cover - what has been reached
 * @map: a byte for each pair seen; shared by all workers
 * @edges: how many there are; likewise
 * @trace: KCOV's buffer: the length, then addresses; NULL without KCOV
 * @range: the driver
 * @nr_ranges: how many modules that is
 * @fresh: this program has reached something new
 * @last: where the last result led to, without KCOV
 */
struct cover {
	uint8_t *map;
	unsigned int *edges;
	unsigned long *trace;
	struct range range[MAX_RANGES];
	unsigned int nr_ranges;
	bool fresh;
	uint64_t last;
};

static struct cover the_cover;

static void *shared(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED) {
		perror("ioctl-fuzz: mmap");
		exit(EXIT_FAILURE);
	}
	return mem;
}

/* Before the workers are forked. */
struct cover *cover_create(void)
{
	the_cover.map = shared(MAP_SIZE);
	the_cover.edges = shared(sizeof(*the_cover.edges));
	return &the_cover;
}

static void find_modules(struct cover *c)
{
	FILE *f = fopen("/proc/modules", "r");
	unsigned long size, begin;
	char line[256], name[64];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %lu %*s %*s %*s %lx", name, &size,
			   &begin) != 3 || strncmp(name, "fpgabuf", 7) ||
		    c->nr_ranges == MAX_RANGES)
			continue;
		c->range[c->nr_ranges++] = (struct range){
			.begin = begin,
			.end = begin + size,
		};
	}
	if (f)
		fclose(f);
}

/* In each worker: KCOV belongs to a thread. */
void cover_open(struct cover *c)
{
	int fd = open(KCOV, O_RDWR | O_CLOEXEC);
	void *trace = MAP_FAILED;

	if (fd < 0 && errno == ENOENT)
		return;
	find_modules(c);
	if (fd >= 0 && !ioctl(fd, KCOV_INIT_TRACE, (unsigned long)TRACE_WORDS))
		trace = mmap(NULL, TRACE_WORDS * sizeof(*c->trace),
			     PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (!c->nr_ranges || trace == MAP_FAILED ||
	    ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC)) {
		perror("ioctl-fuzz: " KCOV);
		exit(EXIT_FAILURE);
	}
	c->trace = trace;
}

/* What the workers will be guided by, in a sentence */
const char *cover_guide(void)
{
	if (!access(KCOV, R_OK | W_OK))
		return "guided by KCOV: an edge is a pair of places in the driver";
	return "no " KCOV " in this kernel: not guided by the driver, only by what its calls return; an edge is a pair of results";
}

static void reached(struct cover *c, uint64_t from, uint64_t to)
{
	uint64_t hash = (from * 31 + to) * UINT64_C(0x9e3779b97f4a7c15);
	uint8_t *seen = &c->map[hash >> (64 - MAP_BITS)];

	if (__atomic_exchange_n(seen, 1, __ATOMIC_RELAXED))
		return;
	__atomic_add_fetch(c->edges, 1, __ATOMIC_RELAXED);
	c->fresh = true;
}

static bool ours(const struct cover *c, uint64_t address)
{
	unsigned int i;

	for (i = 0; i < c->nr_ranges; i++)
		if (address >= c->range[i].begin && address < c->range[i].end)
			return true;
	return false;
}

void cover_begin(struct cover *c)
{
	c->fresh = false;
	c->last = 0;
	if (c->trace)
		__atomic_store_n(&c->trace[0], 0, __ATOMIC_RELAXED);
}

/* The last call has returned that: 0 or a negative errno. */
void cover_result(unsigned int call, int result)
{
	struct cover *c = &the_cover;
	uint64_t here = call << 8 | (uint8_t)-result;

	if (c->trace)
		return;
	reached(c, c->last, here);
	c->last = here;
}

static void read_trace(struct cover *c)
{
	unsigned long i, n = __atomic_load_n(&c->trace[0], __ATOMIC_RELAXED);
	uint64_t from = 0;

	for (i = 1; i <= n && i < TRACE_WORDS; i++) {
		if (!ours(c, c->trace[i]))
			continue;
		reached(c, from, c->trace[i]);
		from = c->trace[i];
	}
}

/* Has the program reached something new? */
bool cover_end(struct cover *c)
{
	if (c->trace)
		read_trace(c);
	return c->fresh;
}

unsigned int cover_edges(const struct cover *c)
{
	return *c->edges;
}
