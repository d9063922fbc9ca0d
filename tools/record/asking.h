/* SPDX-License-Identifier: GPL-2.0-only */
/* Others ask for a window: by SIGUSR1, or by a line that they write to a FIFO. */
#ifndef FPGABUF_RECORD_ASKING_H
#define FPGABUF_RECORD_ASKING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The longest line that is a command */
#define ASKING_LINE	32

/**
 * struct asking - where it is heard
 * @signal_fd: signalfd of SIGUSR1, or -1
 * @fifo: the FIFO, or -1
 * @path: its name, or NULL
 * @made: it did not exist
 * @dev: what it is, so that no other file is removed
 * @ino: as well
 * @line: a line that has not ended
 * @len: how long that is
 * @asked: ASKED_BY_* bits: what has asked and got no capture yet
 * @asked_ns: when it asked first
 */
struct asking {
	int signal_fd;
	int fifo;
	const char *path;
	bool made;
	dev_t dev;
	ino_t ino;
	char line[ASKING_LINE];
	unsigned int len;
	unsigned int asked;
	int64_t asked_ns;
};

/* Nobody is heard. */
void asking_init(struct asking *asking);

/* Begins to hear; @path may be NULL.  0, or -1 after a message */
int asking_open(struct asking *asking, const char *path);
void asking_close(struct asking *asking);

/* Hears what has been said. */
void asking_hear(struct asking *asking);

/*
 * ASKED_BY_* bits: what has asked before a capture that was complete at @end_ns, and is
 * answered with it.
 */
unsigned int asking_answer(struct asking *asking, uint64_t end_ns);

#endif /* FPGABUF_RECORD_ASKING_H */
