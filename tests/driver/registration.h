/* SPDX-License-Identifier: GPL-2.0-only */
/* A registration: it pins pages for as long as it lasts. */
#ifndef GUEST_REGISTRATION_H
#define GUEST_REGISTRATION_H

#include <stddef.h>

#include "uring.h"

/**
 * struct registration - fixed buffers of io_uring, or else a UMEM of AF_XDP
 * @ring: the ring, unless @xdp is a descriptor
 * @xdp: the socket, or -1
 */
struct registration {
	struct uring ring;
	int xdp;
};

/* Returns a negative errno where the kernel pins regions for neither. */
int registration_try(struct registration *reg, void *mem, size_t size);
void registration_end(struct registration *reg);

#endif /* GUEST_REGISTRATION_H */
