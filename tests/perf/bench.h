/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What measures share that count instructions: the kernel is booted with
 * --icount, so that a nanosecond is one, and the same whatever the host does.
 */
#ifndef GUEST_BENCH_H
#define GUEST_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include <fpgabuf/fpgabuf.h>

#include "bed.h"

/* backend.c */
struct backend {
	enum fpgabuf_backend id;
	const char *name;
	uint32_t flags;
	uint32_t access;
};

enum { BACKENDS = 5 };

extern const struct backend bench_backends[BACKENDS];

uint64_t bench_clock(void);
void bench_go_first(bool first);
int backend_alloc(int dev, const struct backend *backend, size_t size,
		  struct fpgabuf_alloc *alloc);
int backend_device(const struct backend *backend, size_t size,
		   struct fpgabuf_alloc *alloc);

/*
 * Memory to send from: @regions pieces of @region bytes each, mapped from @file
 * if that is not negative
 */
struct window {
	size_t region;
	unsigned int regions;
	uint8_t *mem[64];
	int file;
	/* For who made it */
	struct fpgabuf_region *imported[64];
	int dev;
};

/* A kind of memory; open() is NULL for a backend of the driver */
struct memory {
	const char *name;
	int (*open)(struct window *w, size_t region, unsigned int regions);
	const struct backend *backend;
};

/* bench-memory.c */
extern const struct memory memory_remap, memory_small, memory_huge,
	memory_tmpfs, memory_tmpfs_huge, memory_folio, memory_pages,
	memory_scatter, memory_carveout, memory_cma;

int window_open(struct window *w, const struct memory *memory, size_t region,
		unsigned int regions);
void window_close(struct window *w);

/* The machine that runs QEMU, as its user networking calls it */
#define BENCH_HOST	"10.0.2.2"

/* bench-send.c: how to send it */
enum way {
	WAY_SEND,
	WAY_SENDFILE,
	WAY_COPY,
	WAY_ZEROCOPY,
	WAY_URING,
	WAY_REGISTERED,
	WAY_AUTO,
	WAYS,
};

struct sending {
	uint64_t bytes;
	uint64_t ns;
	/* It counts; else the connection came to a halt, or was not full yet */
	bool in_stride;
	/* In the whole connection, what was sent before counting included */
	uint64_t sent;
	/* Completions that the kernel labelled as copies */
	uint64_t copied;
};

const char *way_name(enum way way);
int bench_connect(void);
int bench_send_all(int fd, const uint8_t *mem, size_t size);
void bench_mark(bool begin);
int bench_send(struct window *w, enum way way, size_t size, uint64_t total,
	       struct sending *result);

#endif /* GUEST_BENCH_H */
