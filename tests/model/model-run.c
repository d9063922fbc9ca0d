// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model test: starts the processes, kills some, unbinds the driver now and
 * then, waits until enough has been done, and looks at what is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xf86drm.h>
#include <xf86drmMode.h>

#include "model.h"
#include "uring.h"

enum {
	OPERATIONS = 100000,
	/* Where the FPGA is a program, which takes its time. */
	OPERATIONS_BY_PROGRAM = 20000,
	/* Before them, or half as many if that is less: these fill caches. */
	WARM_UP = 10000,
	/* From one kill or unbind to the next; unbound for that many. */
	EVERY = 2500,
	UNBOUND = 200,
	/* The stacks of a few new kernel threads may be that many. */
	LOST_PAGES = 48,
};

static void check_hangs(void)
{
	uint64_t now = now_ns();
	unsigned int i;

	for (i = 0; i < ACTORS; i++) {
		uint64_t began = world->slot[i].began;

		if (began && now > began && now - began > HANGS_MS * 1000000ull)
			world_diverge(i, "operation %lu hangs",
				      world->slot[i].nr);
	}
}

/* Something has been done, or a second is over. */
static void wait_a_bit(void)
{
	struct pollfd pfd = { .fd = world->event, .events = POLLIN };
	uint64_t count;

	if (poll(&pfd, 1, 1000) == 1 &&
	    read(world->event, &count, sizeof(count)) != sizeof(count))
		world_diverge(0, "the event is broken");
	check_hangs();
	processes_check();
}

static bool wait_for(unsigned long total)
{
	while (world->total < total && !world->diverged)
		wait_a_bit();
	return !world->diverged;
}

/* In a process of its own, for it may hang. */
static void bind_or_unbind(int device, const char *what)
{
	char path[64], name[32];
	struct pollfd pfd = { .events = POLLIN };
	pid_t pid;
	int fd;

	snprintf(path, sizeof(path), DRIVER "%s", what);
	snprintf(name, sizeof(name), "fpgabuf.%d", world_platform(device));
	pid = fork();
	if (!pid) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		_exit(write(fd, name, strlen(name)) != (ssize_t)strlen(name));
	}
	pfd.fd = pidfd_open(pid, 0);
	if (poll(&pfd, 1, HANGS_MS) != 1)
		world_diverge(0, "%s of device %d hangs", what, device);
	else if (waitpid(pid, &fd, 0) != pid || fd)
		world_diverge(0, "%s of device %d fails", what, device);
	close(pfd.fd);
}

/* It has another number while somebody still has the old one. */
static void find_node(int device)
{
	char path[96];
	int node;

	for (node = 0; node < 100; node++) {
		snprintf(path, sizeof(path),
			 "/sys/bus/platform/devices/fpgabuf.%d/misc/fpgabuf%d",
			 world_platform(device), node);
		if (!access(path, F_OK))
			break;
	}
	if (node == 100)
		world_diverge(0, "device %d has no node", device);
	atomic_store(&world->device[device].node, node);
}

static void lock_gate(int device, int *gate)
{
	char path[32];

	snprintf(path, sizeof(path), "/tmp/model-gate%d", device);
	*gate = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (flock(*gate, LOCK_EX))
		world_diverge(0, "no lock for device %d", device);
}

static void unbind(int device)
{
	struct shared_device *shared = &world->device[device];
	int gate;

	lock_gate(device, &gate);
	atomic_fetch_add(&shared->stage, 1);
	close(gate);
	bind_or_unbind(device, "unbind");
	atomic_fetch_add(&shared->stage, 1);
	world_count(UNBIND);
}

static void rebind(int device)
{
	struct shared_device *shared = &world->device[device];

	atomic_fetch_add(&shared->stage, 1);
	bind_or_unbind(device, "bind");
	find_node(device);
	atomic_fetch_add(&shared->stage, 1);
	world_count(BIND);
}

static void disturb(uint64_t random)
{
	struct process *process = &world->process[(random >> 8) % PROCESSES];
	int device = (random >> 16) % DEVICES;

	if (random & 1) {
		process_kill(process);
		world_count(KILL);
		process_run(process);
		return;
	}
	unbind(device);
	wait_for(world->total + UNBOUND);
	rebind(device);
}

static void show_counts(void)
{
	unsigned int i;

	printf("\n    ");
	for (i = 0; i < KINDS; i++)
		printf("%lu %s%s", atomic_load(&world->count[i]), kind_names[i],
		       i % 8 == 7 ? ",\n    " : i + 1 < KINDS ? ", " : "\n");
	printf("    QUEUE without the queue: free %lu, taken %lu, unknown %lu"
	       "\n    %lu operations, %lu captures checked, and %lu that failed",
	       atomic_load(&world->rivals[NO]),
	       atomic_load(&world->rivals[YES]),
	       atomic_load(&world->rivals[PERHAPS]),
	       atomic_load(&world->total), atomic_load(&world->captures[0]),
	       atomic_load(&world->captures[1]));
}

static void show_log(const struct slot *slot)
{
	unsigned int i;

	for (i = 0; i < LOG_LINES; i++) {
		unsigned int at = (slot->next_line + i) % LOG_LINES;

		if (slot->line[at][0])
			printf("\n      %s", slot->line[at]);
	}
}

/* Who was first is still writing down what he has found. */
static void show_divergence(void)
{
	const struct slot *slot = &world->slot[world->culprit];
	int i;

	for (i = 0; i < 1000 && !world->told; i++)
		usleep(1000);
	printf("\n    seed %" PRIu64 ", actor %u (slot %u), after %lu operations of all:"
	       "\n    %s\n    its last operations:",
	       world->seed, slot->number, world->culprit,
	       atomic_load(&world->total), world->divergence);
	show_log(slot);
	CU_FAIL("divergence from the model");
}

static void end_all(void)
{
	struct process *process;

	atomic_store(&world->stop, true);
	for (process = world->process; process < world->process + PROCESSES;
	     process++) {
		if (!world->diverged)
			process_end(process);
	}
	for (process = world->process; process < world->process + PROCESSES;
	     process++) {
		kill(-process->pid, SIGKILL);
		process_reap(process);
		close(process->mailbox[0]);
		close(process->mailbox[1]);
	}
}

/* A dma-buf that has nothing to do with us. */
static int foreign_dmabuf(void)
{
	int fd, card = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
	uint32_t handle, pitch;
	uint64_t size;

	REQUIRE(card < 0 ? -errno : 0, 0);
	REQUIRE(drmModeCreateDumbBuffer(card, 64, 64, 32, 0, &handle, &pitch,
					&size), 0);
	REQUIRE(drmPrimeHandleToFD(card, handle, DRM_CLOEXEC, &fd), 0);
	close(card);
	return fd;
}

static uint64_t choose_seed(void)
{
	const char *text = getenv("FPGABUF_SEED");
	uint64_t seed;

	if (text && *text)
		return strtoull(text, NULL, 0);
	REQUIRE(getrandom(&seed, sizeof(seed), 0), sizeof(seed));
	/* Short enough to be typed */
	return seed % 1000000000;
}

static void world_make(uint64_t seed, unsigned long goal, bool by_program)
{
	unsigned int i;

	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(world == MAP_FAILED, false);
	world->seed = seed;
	world->goal = goal;
	world->by_program = by_program;
	world->event = eventfd(0, EFD_CLOEXEC);
	REQUIRE(world->event < 0 ? -errno : 0, 0);
	world->foreign = foreign_dmabuf();
	world->vgem_maps = vgem_maps();
	world->pins = uring_pins();
	for (i = 0; i < DEVICES; i++)
		find_node(i);
	for (i = 0; i < PROCESSES; i++)
		REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				   world->process[i].mailbox), 0);
}

static void world_end(void)
{
	close(world->event);
	close(world->foreign);
	munmap(world, sizeof(*world));
	world = NULL;
}

static void run(uint64_t seed, unsigned long goal, bool by_program)
{
	uint64_t random = seed, began = now_ns();
	unsigned long next = EVERY;
	unsigned int i;

	world_make(seed, goal, by_program);
	for (i = 0; i < DEVICES && by_program; i++)
		program_begin(i);
	for (i = 0; i < PROCESSES; i++)
		process_run(&world->process[i]);
	for (; next < goal && wait_for(next); next += EVERY) {
		random = mix(random);
		disturb(random);
	}
	wait_for(goal);
	end_all();
	for (i = 0; i < DEVICES && by_program; i++)
		program_end(i);
	if (world->diverged)
		show_divergence();
	else
		CU_ASSERT(world->total >= goal);
	show_counts();
	printf(" in %.1f s", (now_ns() - began) / 1e9);
}

static void check_nothing_left(void)
{
	unsigned int i;
	int dev;

	for (i = 0; i < DEVICES; i++) {
		dev = device_open(world->device[i].node);
		EXPECT(device_used(dev), 0);
		EXPECT(device_info(dev).queued, 0);
		close(dev);
	}
	CU_ASSERT(!dmabufs_left());
}

static long pages_after_drop(void)
{
	file_write("/proc/sys/vm/drop_caches", "3");
	/* The counters have per-CPU parts. */
	file_write("/proc/sys/vm/stat_refresh", "1");
	return known_pages();
}

static void calm_simulator(void)
{
	static const char * const zeros[] = {
		"stall", "packet", "fail_prep", "fail_submit", "fail_transfer",
	};
	char path[96];
	size_t i, j;

	for (i = 0; i < DEVICES; i++) {
		for (j = 0; j < ARRAY_SIZE(zeros); j++) {
			snprintf(path, sizeof(path),
				 "/sys/bus/platform/devices/fpgabuf-sim.%zu/%s",
				 i, zeros[j]);
			file_write(path, "0");
		}
		snprintf(path, sizeof(path),
			 "/sys/bus/platform/devices/fpgabuf-sim.%zu/source", i);
		file_write(path, "pattern");
	}
}

static bool run_and_look(uint64_t seed, unsigned long goal, bool by_program)
{
	bool good;

	calm_simulator();
	run(seed, goal, by_program);
	good = !world->diverged;
	if (good)
		check_nothing_left();
	world_end();
	calm_simulator();
	return good;
}

static void check_modules(void)
{
	EXPECT(module_unload("fpgabuf_test_remap"), 0);
	EXPECT(module_unload("fpgabuf"), 0);
	EXPECT(module_unload("fpgabuf_sim"), 0);
	EXPECT(modules_load(), 0);
}

static uint64_t begin_model(void)
{
	uint64_t seed = choose_seed();

	printf("\n    model: seed %" PRIu64, seed);
	/* What a killed process leaves behind is ours to wait for. */
	REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	return seed;
}

static void model(void)
{
	unsigned long goal = rounds(OPERATIONS);
	uint64_t seed = begin_model();
	long before, missing = 0;
	int i;

	if (!run_and_look(seed, goal < 2 * WARM_UP ? goal / 2 : WARM_UP, false))
		return;
	before = pages_after_drop();
	if (!run_and_look(seed, goal, false))
		return;
	for (i = 0; i < 100; i++) {
		missing = before - pages_after_drop();
		if (missing <= LOST_PAGES)
			break;
		usleep(100000);
	}
	printf("\n    %ld pages missing\n    ", missing);
	CU_ASSERT(missing <= LOST_PAGES);
	check_modules();
}

static void model_by_program(void)
{
	unsigned long goal = thorough() ? OPERATIONS :
					  rounds(OPERATIONS_BY_PROGRAM);

	REQUIRE(module_load("fpgabuf-user.ko",
			    "simulator=1 channels=2 stop_ms=20000"), 0);
	run_and_look(begin_model(), goal, true);
	EXPECT(module_unload("fpgabuf_test_remap"), 0);
	EXPECT(module_unload("fpgabuf"), 0);
	EXPECT(module_unload("fpgabuf_user"), 0);
	EXPECT(module_unload("fpgabuf_sim"), 0);
	EXPECT(modules_load(), 0);
}

static const struct test tests[] = {
	{ "100000 random operations of eight actors do what the contract says",
	  model },
	{ "20000 of them do so on channels whose hardware is a program",
	  model_by_program },
	{ }
};

SUITE(model,
	.title = "the model",
	.init = modules_load,
	.tests = tests)
