/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Masters as a program sees them: what their registers do, step by step.  None has
 * a stream or a memory: a test says when a capture ends, and with how many bytes,
 * and asks what the master was told, and whether it may write.
 *
 * Each was made of the documentation of its design, and knows of this:
 *
 *	writer	fpgabuf_writer.v: two captures, refuses, STOP takes time
 *	litex	64-bit base with its upper half first; GO is a level; OFFSET counts words
 *	axis2mm	a word that starts and clears errors; an abort key; COMPLETE goes by any
 *		write
 *	axidma	the LENGTH write starts, and only if it runs; Halted lags; after an
 *		error it halts; reset takes time
 *	hls	done goes when it is read; ISR toggles where 1 is written; no stop
 *
 * Not modelled: time, the stream, two accesses at once.  A model counts what its
 * design says one must not do.
 */
#ifndef FPGABUF_UNIT_REGISTER_MODEL_H
#define FPGABUF_UNIT_REGISTER_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "uio/registers.h"

#define MODEL_DEPTH	2

struct model;

/**
 * struct model_kind - a design
 * @name: of its description
 * @depth: captures that it takes
 * @align: of lengths and addresses
 * @high: it has addresses above 4 GiB
 * @short_bytes: a capture may have fewer bytes than it has room for
 * @errors: it tells of errors, and goes on
 * @stops: it can be stopped
 */
struct model_kind {
	const char *name;
	unsigned int depth;
	uint32_t align;
	bool high, short_bytes, errors, stops;
	uint64_t (*read)(struct model *model, uint32_t offset);
	void (*write)(struct model *model, uint32_t offset, uint64_t value);
};

extern const struct model_kind model_kinds[];

/**
 * struct model - one of it
 * @reg: what was written last, by offset / 4
 * @addr, @length: of the captures it was told to fill, oldest first
 * @count: how many
 * @ended: how many of these have ended and are not acknowledged
 * @bytes, @failed: of these
 * @lag: reads until what takes time has happened
 * @violations: what one must not do
 * @begun: captures begun in all
 */
struct model {
	const struct model_kind *kind;
	uint32_t reg[32];
	uint64_t addr[MODEL_DEPTH];
	uint32_t length[MODEL_DEPTH];
	unsigned int count, ended;
	uint32_t bytes[MODEL_DEPTH];
	bool failed[MODEL_DEPTH];
	unsigned int lag;
	bool running, stopping, complete, error, refused;
	uint32_t isr;
	unsigned int violations, begun;
};

void model_init(struct model *model, const struct model_kind *kind);
struct registers model_registers(struct model *model);

/* The oldest that has not ended does so. */
void model_end(struct model *model, uint32_t bytes, bool failed);

/* Writes may be under way, or follow. */
bool model_may_write(const struct model *model);

/* Is its interrupt high? */
bool model_interrupt(const struct model *model);

#endif /* FPGABUF_UNIT_REGISTER_MODEL_H */
