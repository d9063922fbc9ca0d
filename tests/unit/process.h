/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a tool and keeps what it says. */
#ifndef FPGABUF_UNIT_PROCESS_H
#define FPGABUF_UNIT_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct process - a running tool
 * @pid: its process
 * @fd: what it writes to stdout and stderr
 * @output: what it wrote so far, NUL terminated
 * @len: length of that
 */
struct process {
	pid_t pid;
	int fd;
	char output[65536];
	size_t len;
};

/*
 * Starts a program; @argv begins with its path below the build directory and
 * ends with NULL.  Exits on error.
 */
void process_start(struct process *p, char *const argv[]);

/* The same, and @prepare is called in it before the program begins. */
void process_start_with(struct process *p, char *const argv[],
			void (*prepare)(const void *data), const void *data);

/* Reads until @text has been written.  False: it ended, or took too long. */
bool process_expect(struct process *p, const char *text);

/* Reads to the end.  Returns the exit code, or -1 if it was killed. */
int process_finish(struct process *p);

/* How many descriptors a process has open, and two more. */
unsigned int open_fds(pid_t pid);

/*
 * The same for one that may not yet have noticed that others have gone: it is waited
 * for until they are so many.
 */
unsigned int open_fds_settled(pid_t pid, unsigned int wanted);

/* Does the signal wait until the process asks for it? */
bool blocks_signal(pid_t pid, int signal);

/* All at once: the exit code of a tool that ends by itself. */
int process_run(struct process *p, char *const argv[]);

#endif /* FPGABUF_UNIT_PROCESS_H */
