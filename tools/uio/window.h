/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers that are mapped: a UIO device's, or a file's */
#ifndef FPGABUF_UIO_WINDOW_H
#define FPGABUF_UIO_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "uio/registers.h"

/**
 * struct window_place - where they are
 * @uio: device of UIO, or NULL
 * @map: which of its mappings
 * @file: to be mapped instead, or NULL
 * @offset: of the first register, in the mapping or the file
 */
struct window_place {
	const char *uio;
	unsigned int map;
	const char *file;
	uint64_t offset;
};

/**
 * struct window - they are mapped
 * @memory, @mapped: what mmap() gave
 * @first: the first register
 * @width: bytes of an access
 * @swap: they are of the other order
 * @uio: descriptor of the UIO device, or -1
 * @config: of its PCI configuration, or -1: it is no PCI device
 * @interrupts: it delivers some
 * @rearm: they have to be enabled after each
 * @armed: they are enabled
 */
struct window {
	void *memory;
	size_t mapped;
	volatile uint8_t *first;
	unsigned int width;
	bool swap;
	int uio, config;
	bool interrupts, rearm, armed;
};

/*
 * Maps @size bytes of registers.  Returns 0, or a negative errno after having said
 * why not.
 */
int window_open(const struct window_place *place, uint32_t size,
		unsigned int width, bool big_endian, struct window *window);
void window_close(struct window *window);

struct registers window_registers(struct window *window);

/* Enables the interrupt if it is not, and looks whether there is one. */
void window_arm(struct window *window);

/* Takes an interrupt, if there was one.  window_arm() asks for the next one. */
bool window_take(struct window *window);

#endif /* FPGABUF_UIO_WINDOW_H */
