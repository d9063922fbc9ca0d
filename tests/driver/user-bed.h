/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of fpgabuf-user share: the program's side of the channel, and
 * programs that are processes of their own.
 *
 * Calls return 0, or -errno.
 */
#ifndef GUEST_USER_BED_H
#define GUEST_USER_BED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/fpgabuf_user.h>

#include "bed.h"

/* How long a stop waits for a program that the test has answer, in ms */
#define USER_PATIENCE	20000

int user_load(void);
int user_unload(void);
void user_patience(unsigned int ms);

/**
 * struct user_bed - what a test has
 * @dev: the capture device
 * @size: of its regions
 * @fds: its regions
 * @mem: and their mappings
 * @door: the node, if the test is the program
 */
enum { USER_REGIONS = 8 };

struct user_bed {
	int dev;
	size_t size;
	int fds[USER_REGIONS];
	void *mem[USER_REGIONS];
	int door;
};

int user_device(void);
void user_bed_open(struct user_bed *bed, size_t size);
void user_bed_open_on(struct user_bed *bed, int dev, size_t size);
void user_bed_let_go(struct user_bed *bed);
void user_bed_close(struct user_bed *bed);
void user_queue(struct user_bed *bed, int i);
void user_expect_capture(struct user_bed *bed, int i, int error,
			 uint64_t bytes);
void user_expect_nothing_held(void);

/* The node */
int user_try_open(void);
int user_open(uint32_t depth, uint32_t flags);
int user_event(int door, struct fpgabuf_user_event *event);
struct fpgabuf_user_event user_expect(int door, uint32_t type, uint32_t flags);
bool user_event_comes(int door, int timeout_ms);
int user_say(int door, const struct fpgabuf_user_command *command);
int user_done(int door, uint64_t id, uint32_t bytes, int32_t result);
int user_progress(int door, uint64_t id, uint32_t bytes);
int user_quiet(int door);
int user_data(int door, uint64_t id, uint32_t offset, const void *data,
	      size_t size);
uint64_t user_attribute(const char *name);

/* A master of a program: it writes to an address */
void master_write(uint64_t addr, const void *data, size_t size);

/**
 * struct worker - a program, and what is seen of it from outside
 * @depth: pieces that it takes at a time
 * @simulator: it writes through the node
 * @holds: it takes pieces, and ends none
 * @most: most pieces that it had at a time
 * @ended: pieces that have ended
 * @addr: where its master was told to write, the last 16 pieces
 * @length: how many bytes
 * @started: how many pieces these were in all
 * @pid: the process
 *
 * Of piece n it fills packet_length(n) bytes with the pattern, behind those of the
 * piece before.
 */
#define WORKER_PIECES	16
struct worker {
	uint32_t depth;
	bool simulator;
	atomic_bool holds;
	atomic_uint most;
	atomic_uint ended;
	_Atomic uint64_t addr[WORKER_PIECES];
	_Atomic uint32_t length[WORKER_PIECES];
	atomic_uint started;
	pid_t pid;
};

uint32_t packet_length(unsigned int n, uint32_t most);
struct worker *worker_start(uint32_t depth, bool simulator);
void worker_kill(struct worker *worker);
void worker_free(struct worker *worker);

#endif /* GUEST_USER_BED_H */
