/* SPDX-License-Identifier: GPL-2.0-only */
/* fpgabuf-recv at work, its peers, and the files it writes. */
#ifndef FPGABUF_UNIT_RECEIVER_H
#define FPGABUF_UNIT_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "process.h"

/**
 * struct temp - a file in a directory of our own
 * @dir: the directory
 * @file: the path of the file, which is not made
 */
struct temp {
	char dir[32];
	char file[64];
};

void temp_make(struct temp *temp, const char *name);

/* Removes all files there, and the directory. */
void temp_remove(struct temp *temp);

/* A path in the directory, valid until the next call. */
char *temp_path(const struct temp *temp, const char *name);

/* Whether the file has exactly these bytes. */
bool file_is(const char *path, const uint8_t *data, size_t len);

/* Adds what is in the file at @len, @room at most; returns the new length. */
size_t file_append(const char *path, uint8_t *data, size_t len, size_t room);

/* So many bytes, to be freed: noise, or the beginning of the pattern. */
uint8_t *new_data(size_t len, bool pattern);

/* Starts it listening at any port, and returns the port. */
int receiver_start(struct process *p, char *const args[]);

/* Sends @len bytes as far as the peer takes them; returns a socket. */
int receiver_feed(int port, const uint8_t *data, size_t len);

/* One stream, from the beginning to the end: the exit code. */
int receiver_run(struct process *p, char *const args[], const uint8_t *data,
		 size_t len);

#endif /* FPGABUF_UNIT_RECEIVER_H */
