/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The program that captures: drives the registers, and checks what it gets.
 */
#ifndef TESTS_RTL_PROGRAM_H
#define TESTS_RTL_PROGRAM_H

#include "bench.h"

/* The registers and their bits, as fpgabuf_writer.v describes them */
#define REG_ID	       0x00
#define REG_VERSION    0x04
#define REG_CONTROL    0x08
#define REG_CONFIG     0x0c
#define REG_STATUS     0x10
#define REG_BYTES      0x14
#define REG_ADDR_LO    0x18
#define REG_ADDR_HI    0x1c
#define REG_LENGTH     0x20

#define CONTROL_GO     (1U << 0)
#define CONTROL_STOP   (1U << 1)
#define CONFIG_DROP    (1U << 0)
#define CONFIG_IRQ     (1U << 1)
#define STATUS_DONE    (1U << 0)
#define STATUS_BUSY    (1U << 1)
#define STATUS_QUIET   (1U << 2)
#define STATUS_READY   (1U << 3)
#define STATUS_REFUSED (1U << 4)
#define STATUS_LAST    (1U << 8)
#define STATUS_OVERRUN (1U << 9)
#define STATUS_ERROR   (1U << 10)
#define STATUS_STOPPED (1U << 11)

/* register_strobed - write the bytes of a register that @strobe names */
void register_strobed(struct bench *bench, unsigned int reg, uint32_t value,
		      unsigned int strobe);
void register_write(struct bench *bench, unsigned int reg, uint32_t value);
uint32_t register_read(struct bench *bench, unsigned int reg);

/**
 * struct capture - one that was queued
 * @addr, @bytes: what may be written
 */
struct capture {
	uint64_t addr;
	uint32_t bytes;
};

/**
 * struct program - what has been queued and checked
 * @captures: by their number, modulo 2
 * @queued: number of captures queued
 * @checked: number of those that have ended and were checked
 * @next_beat: of the stream, not yet in a checked capture
 * @next_end: place of the end of its packet
 * @status, @bytes: of the capture that was checked last
 */
struct program {
	struct bench *bench;
	struct capture captures[2];
	uint64_t queued, checked;
	uint64_t next_beat;
	size_t next_end;
	uint32_t status, bytes;
};

/* Writes address and length, and GO; nothing says that it is accepted. */
void program_request(struct bench *bench, uint64_t addr, uint32_t bytes);

/* Queues a capture, which there must be room for */
void program_queue(struct program *program, uint64_t addr, uint32_t bytes);

/* The same, of at most @beats beats, at random in half of the memory */
void program_queue_random(struct program *program, unsigned int beats);

/* Waits until a capture has ended, by the interrupt, which must be enabled */
void program_wait(struct program *program);

/**
 * program_check - check the capture that has ended, and acknowledge it
 *
 * The stream has lost nothing, or nothing that the capture does not confess.
 */
void program_check(struct program *program);

/* Waits until nothing is being written, and looks whether that is true */
void program_wait_quiet(struct program *program);

#endif
