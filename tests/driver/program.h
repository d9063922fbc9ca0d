/* SPDX-License-Identifier: GPL-2.0-only */
/* A tool as the program it is, and what it says. */
#ifndef GUEST_PROGRAM_H
#define GUEST_PROGRAM_H

#include "bed.h"

/**
 * struct program - a tool
 * @name: for the files with what it says, /tmp/NAME.out and /tmp/NAME.err
 * @argv: its words, ending with NULL
 * @peer: it runs at the other end of the wire
 * @nobody: it runs as nobody
 */
struct program {
	const char *name;
	const char *argv[32];
	bool peer;
	bool nobody;
};

/* The files are there when there is something in them. */
pid_t program_start(const struct program *program);

/* Returns the exit code. */
int program_run(const struct program *program);

/* Expects the exit code of one that ended well; else what it said is printed. */
void program_succeeded(const struct program *program, int code);

/* What it has said to "out" or "err", valid until the next call. */
const char *program_text(const struct program *program, const char *what);

/* Expects it to have said that to stderr. */
void program_says(const struct program *program, const char *text);
void program_wait_for(const struct program *program, const char *what,
		      const char *text);

/* What stands behind the next "key": in a JSON text, or its number */
const char *json_at(const char *text, const char *key);
unsigned long long json_count(const char *text, const char *key);

/* What fpgabuf-info says from the region on that the descriptor is of */
const char *json_region(const char *text, int fd);

/* The number behind the first "key": it has printed */
unsigned long long program_count(const struct program *program,
				 const char *key);

#endif /* GUEST_PROGRAM_H */
