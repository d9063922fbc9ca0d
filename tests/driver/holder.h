/* SPDX-License-Identifier: GPL-2.0-only */
/* The adversary: it holds a region, by one means or another. */
#ifndef GUEST_HOLDER_H
#define GUEST_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registration.h"

enum holder_kind {
	HOLDER_PIPE,		/* the last page, by vmsplice() */
	HOLDER_SEND,		/* all, by a send that the peer does not read */
	HOLDER_PIN,		/* the first page, by a registration */
	HOLDER_FENCE,		/* all, by a fence of somebody else */
	HOLDER_IMPORTER,	/* all, by a device that has it mapped */
	HOLDERS
};

/**
 * struct target - a region that was captured into, and is idle
 * @dev: its device, the first one
 * @fd: its dma-buf
 * @mem: its mapping, which can be written
 * @size: bytes
 * @at: position of its bytes in the pattern
 */
struct target {
	int dev, fd;
	uint8_t *mem;
	size_t size;
	uint64_t at;
};

/**
 * struct holder - what holds it
 * @kind: how
 * @target: the region
 * @one: a descriptor: of the pipe, the socket, the second device, the importer
 * @other: another one: of the pipe, the peer, a region of the second device
 * @reg: the registration
 */
struct holder {
	enum holder_kind kind;
	struct target target;
	int one, other;
	struct registration reg;
};

/* Whether it has it: not every kernel has every means. */
bool holder_take(struct holder *holder, enum holder_kind kind,
		 const struct target *target);

/*
 * On return nothing of it is left.  What a send has held came to the peer as it was
 * when it was sent.
 */
void holder_let_go(struct holder *holder);

/* An importer of the kmod, which has the region mapped until it is closed */
int importer_open(int fd);

#endif /* GUEST_HOLDER_H */
