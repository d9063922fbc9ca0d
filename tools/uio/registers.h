/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers of a master, wherever they are: behind UIO, or played by a test.
 */
#ifndef FPGABUF_UIO_REGISTERS_H
#define FPGABUF_UIO_REGISTERS_H

#include <stdint.h>

/**
 * struct registers - access to them
 * @read: the one at an offset
 * @write: to it
 * @arg: for both
 */
struct registers {
	uint64_t (*read)(void *arg, uint32_t offset);
	void (*write)(void *arg, uint32_t offset, uint64_t value);
	void *arg;
};

#endif /* FPGABUF_UIO_REGISTERS_H */
