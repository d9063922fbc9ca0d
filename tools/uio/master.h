/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A DMA master as a text describes it: what to write to which register, and what
 * to read there.  fpgabuf-uio(1) has the words.
 */
#ifndef FPGABUF_UIO_MASTER_H
#define FPGABUF_UIO_MASTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MASTER_STEPS	32

/* What is written: @constant, or the piece's address or length, shifted down */
enum value_kind { VALUE_CONSTANT, VALUE_ADDR, VALUE_LENGTH };

struct value {
	enum value_kind kind;
	uint64_t constant;
	unsigned int shift;
};

/* (register & mask) == value, or != */
struct condition {
	bool given;
	uint32_t reg;
	uint64_t mask;
	bool differs;
	uint64_t value;
};

/**
 * enum step_kind - what a step does
 * @STEP_WRITE: write @value
 * @STEP_SET: read, set the bits of @value, write
 * @STEP_CLEAR: read, clear the bits of @value, write
 * @STEP_ECHO: read, write back the bits of @value that are set
 * @STEP_WAIT: until @until holds, @ms at most
 */
enum step_kind { STEP_WRITE, STEP_SET, STEP_CLEAR, STEP_ECHO, STEP_WAIT };

struct step {
	enum step_kind kind;
	uint32_t reg;
	struct value value;
	struct condition until;
	unsigned int ms;
};

struct steps {
	struct step step[MASTER_STEPS];
	unsigned int count;
};

/**
 * enum bytes_kind - how many bytes a capture has that has ended
 * @BYTES_WHOLE: as many as it was given room for
 * @BYTES_COUNT: the register says how many
 * @BYTES_REMAINING: it says how many are missing
 * @BYTES_END: it has the address behind the last one
 */
enum bytes_kind { BYTES_WHOLE, BYTES_COUNT, BYTES_REMAINING, BYTES_END };

/**
 * enum quiet_kind - how one knows that it writes no more
 * @QUIET_CONDITION: a register says so
 * @QUIET_AFTER: so many ms after it was stopped
 * @QUIET_NEVER: one does not
 */
enum quiet_kind { QUIET_CONDITION, QUIET_AFTER, QUIET_NEVER };

/**
 * struct master - a master
 * @window: bytes of its registers
 * @width: bytes of an access to one
 * @big_endian: order of these bytes
 * @depth: pieces that it takes at a time
 * @alignment: addresses and lengths are multiples of it
 * @longest: length of a piece
 * @address_bits: of its addresses
 * @identify: holds if these are its registers
 * @init: before the first piece, and after each stop
 * @start: begin a piece
 * @accept: it takes another piece now
 * @done: the oldest piece has ended
 * @error: ... and has failed
 * @fault: it has stopped by itself and must be stopped, and begun anew
 * @bytes: see above; @bytes_reg, @bytes_mask, @bytes_shift: where, and the unit
 * @ack: acknowledge a piece that has ended
 * @stop: stop it
 * @quiet: see above
 * @quiet_when: QUIET_CONDITION
 * @quiet_ms: QUIET_AFTER
 */
struct master {
	uint32_t window;
	unsigned int width;
	bool big_endian;
	unsigned int depth;
	uint32_t alignment;
	uint32_t longest;
	unsigned int address_bits;
	struct condition identify;
	struct steps init;
	struct steps start;
	struct condition accept;
	struct condition done;
	struct condition error;
	struct condition fault;
	bool bytes_given;
	enum bytes_kind bytes;
	uint32_t bytes_reg;
	uint64_t bytes_mask;
	unsigned int bytes_shift;
	struct steps ack;
	struct steps stop;
	bool quiet_given;
	enum quiet_kind quiet;
	struct condition quiet_when;
	unsigned int quiet_ms;
};

/* Where a description is wrong, and why; line 0: something is missing in it */
struct master_error {
	unsigned int line;
	char why[160];
};

/* Reads @length bytes of text.  Returns 0, or -EINVAL with @error. */
int master_parse(const char *text, size_t length, struct master *master,
		 struct master_error *error);

#endif /* FPGABUF_UIO_MASTER_H */
