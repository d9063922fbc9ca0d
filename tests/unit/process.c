// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net.h"
#include "process.h"

static void __attribute__((noreturn))
child(int out, char *const argv[], void (*prepare)(const void *),
      const void *data)
{
	char path[4096];

	snprintf(path, sizeof(path), BUILD_DIR "/%s", argv[0]);
	/* A test that fails half way must not leave it running. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	signal(SIGPIPE, SIG_DFL);
	if (prepare)
		prepare(data);
	execv(path, argv);
	_exit(127);
}

void process_start(struct process *p, char *const argv[])
{
	process_start_with(p, argv, NULL, NULL);
}

void process_start_with(struct process *p, char *const argv[],
			void (*prepare)(const void *data), const void *data)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		err(EXIT_FAILURE, "pipe");
	fflush(stdout);
	p->pid = fork();
	if (p->pid < 0)
		err(EXIT_FAILURE, "fork");
	if (!p->pid)
		child(fds[1], argv, prepare, data);
	close(fds[1]);
	p->fd = fds[0];
	p->len = 0;
	p->output[0] = '\0';
}

/* False at the end of the output, or if nothing came in time. */
static bool read_more(struct process *p)
{
	size_t room = sizeof(p->output) - 1 - p->len;
	ssize_t n;

	if (!wait_for(p->fd, POLLIN))
		return false;
	n = read(p->fd, p->output + p->len, room);
	if (n <= 0)
		return false;
	p->len += n;
	p->output[p->len] = '\0';
	return true;
}

bool process_expect(struct process *p, const char *text)
{
	while (!strstr(p->output, text))
		if (!read_more(p))
			return false;
	return true;
}

int process_finish(struct process *p)
{
	int status;

	while (read_more(p))
		;
	/* Still open, and nothing came for too long: it hangs. */
	if (wait_for(p->fd, POLLIN) == 0)
		kill(p->pid, SIGKILL);
	close(p->fd);
	if (waitpid(p->pid, &status, 0) != p->pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

unsigned int open_fds(pid_t pid)
{
	unsigned int count = 0;
	char name[64];
	DIR *dir;

	snprintf(name, sizeof(name), "/proc/%d/fd", pid);
	dir = opendir(name);
	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

unsigned int open_fds_settled(pid_t pid, unsigned int wanted)
{
	unsigned int i, count = 0;

	for (i = 0; i < 200; i++) {
		count = open_fds(pid);
		if (count == wanted)
			break;
		usleep(10000);
	}
	return count;
}

bool blocks_signal(pid_t pid, int signal)
{
	unsigned long long mask = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f) &&
	       sscanf(line, "SigBlk: %llx", &mask) != 1)
		;
	if (f)
		fclose(f);
	return mask >> (signal - 1) & 1;
}

int process_run(struct process *p, char *const argv[])
{
	process_start(p, argv);
	return process_finish(p);
}
