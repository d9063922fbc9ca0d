/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ioctl-fuzz - sequences of calls that nobody would make
 *
 *	main.c     the workers and their loop, the report
 *	program.c  programs: how they are made and varied
 *	execute.c  how they are run, and what must hold then
 *	cover.c    what they have reached
 */
#ifndef IOCTL_FUZZ_H
#define IOCTL_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define MAX_OPS		24
#define FILES		3
#define REGIONS		6

/* What an operation does; the first eight are the ioctls, in their order. */
enum call {
	CALL_INFO,
	CALL_ALLOC,
	CALL_QUEUE,
	CALL_DEQUEUE,
	CALL_CANCEL,
	CALL_REGION_INFO,
	CALL_STREAM,
	CALL_STREAM_INFO,
	CALL_BASELINE,
	CALL_RAW,
	CALL_OPEN,
	CALL_CLOSE,
	CALL_CLOSE_REGION,
	CALL_DUP_REGION,
	CALL_POLL,
	CALL_POLL_REGION,
	CALL_MAP,
	CALL_UNMAP,
	CALL_TOUCH,
	CALL_SYNC,
	CALL_SYNC_FILE,
	CALL_PIN,
	CALL_UNPIN,
	CALL_SIM,
	CALL_READ,
	CALL_SPLICE,
	CALL_SENDFILE,
	NR_CALLS,
};

/* What is wrong with the argument of an ioctl */
#define SPOIL_RESERVED	0x01
#define SPOIL_FLAGS	0x02
#define SPOIL_SHORT	0x04
#define SPOIL_LONG	0x08
#define SPOIL_TAIL	0x10
#define SPOIL_POINTER	0x20
#define SPOIL_FD	0x40
#define SPOIL_ALL	0x7f

/**
 * struct op - an operation
 * @call: enum call
 * @file: which of the open files
 * @region: which of the regions
 * @spoil: SPOIL_* bits
 * @value: arguments; what they are depends on the call
 */
struct op {
	uint8_t call;
	uint8_t file;
	uint8_t region;
	uint8_t spoil;
	uint64_t value[3];
};

struct program {
	unsigned int nr;
	struct op op[MAX_OPS];
};

/* program.c */
uint64_t random_next(uint64_t *state);
void program_random(struct program *p, uint64_t *random);
void program_vary(struct program *p, const struct program *other,
		  uint64_t *random);
void program_print(const struct program *p, FILE *out);

/* execute.c: how many operations; ends the process if one breaks the contract */
unsigned int program_run(const struct program *p);

/* Nothing is left open by anybody: nothing may be left in the devices. */
bool devices_idle(void);

/* cover.c; the map is shared by all workers */
struct cover;
struct cover *cover_create(void);
const char *cover_guide(void);
void cover_open(struct cover *cover);
void cover_begin(struct cover *cover);
void cover_result(unsigned int call, int result);
bool cover_end(struct cover *cover);
unsigned int cover_edges(const struct cover *cover);

#endif /* IOCTL_FUZZ_H */
