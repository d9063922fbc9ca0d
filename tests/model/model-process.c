// SPDX-License-Identifier: GPL-2.0-only
/* The model test: processes full of actors. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model.h"

/* Threads of each process, and the device of each thread. */
static const struct {
	unsigned int nr;
	int device[THREADS];
	bool alone[THREADS];
} layout[PROCESSES] = {
	{ 3, { 0, 0, 0 }, { false, false, false } },
	{ 3, { 0, 0, 0 }, { false, false, false } },
	{ 2, { 1, 0 }, { true, false } },
};

static unsigned int index_of(const struct process *process)
{
	return process - world->process;
}

static void process_main(unsigned int index)
{
	static struct actor actors[THREADS];
	pthread_t threads[THREADS];
	unsigned int i;

	for (i = 0; i < layout[index].nr; i++) {
		struct actor *actor = &actors[i];

		actor->process = index;
		actor->slot = index * THREADS + i;
		actor->alone = layout[index].alone[i];
		actor->file.device = layout[index].device[i];
		actor->seed = mix(world->seed +
				  world->slot[actor->slot].number);
		if (pthread_create(&threads[i], NULL, actor_main, actor))
			_exit(1);
	}
	for (i = 0; i < layout[index].nr; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

/* Every actor that ever lives has a number of its own. */
void process_run(struct process *process)
{
	unsigned int i, first = index_of(process) * THREADS;
	pid_t pid;

	for (i = first; i < first + THREADS; i++) {
		world->slot[i].number = process->generation * ACTORS + i;
		world->slot[i].nr = 0;
	}
	process->generation++;
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		process_main(index_of(process));
	}
	setpgid(pid, pid);
	process->pid = pid;
	process->pidfd = pidfd_open(pid, 0);
	if (process->pidfd < 0)
		world_diverge(first, "cannot be started");
}

/* It, and the children it may have, which are ours when it is dead. */
void process_reap(struct process *process)
{
	pid_t group = process->pid;

	while (waitpid(-group, NULL, 0) > 0)
		continue;
	close(process->pidfd);
	process->pid = 0;
}

/* Between the first and the last step others know that they know nothing. */
void process_kill(struct process *process)
{
	unsigned int i, first = index_of(process) * THREADS;

	atomic_store(&process->doomed, true);
	kill(-process->pid, SIGKILL);
	process_reap(process);
	for (i = 0; i < DEVICES; i++) {
		unsigned int holder = world->device[i].holder;

		if (holder && holder % ACTORS / THREADS == index_of(process))
			atomic_compare_exchange_strong(&world->device[i].holder,
						       &holder, 0);
	}
	for (i = first; i < first + THREADS; i++) {
		atomic_store(&world->slot[i].wants, 0);
		atomic_store(&world->slot[i].began, 0);
	}
	atomic_store(&process->doomed, false);
}

/* The actor that does not come to its end, or else the first. */
static unsigned int busy_slot(const struct process *process)
{
	unsigned int i, first = index_of(process) * THREADS;

	for (i = first; i < first + THREADS; i++)
		if (world->slot[i].began)
			return i;
	return first;
}

/* Has it ended by itself, and well?  Waits for that, but not for ever. */
void process_end(struct process *process)
{
	struct pollfd pfd = { .fd = process->pidfd, .events = POLLIN };
	siginfo_t info = { 0 };

	if (poll(&pfd, 1, HANGS_MS) != 1)
		world_diverge(busy_slot(process), "does not end");
	else if (waitid(P_PIDFD, process->pidfd, &info, WEXITED | WNOWAIT) ||
		 info.si_status)
		world_diverge(index_of(process) * THREADS, "ended with %d",
			      info.si_status);
}

/* None ends before it is told to. */
void processes_check(void)
{
	struct process *process;

	for (process = world->process; process < world->process + PROCESSES;
	     process++) {
		struct pollfd pfd = { .fd = process->pidfd, .events = POLLIN };

		if (poll(&pfd, 1, 0) == 1)
			process_end(process);
		if (pfd.revents)
			world_diverge(index_of(process) * THREADS,
				      "ended too early");
	}
}
