/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of a source, registered with the RDMA devices of this machine
 *
 * That is done once, before the first capture, and lasts for all connections: the
 * driver of the FPGA lets pins stay that it knows from before.
 */
#ifndef FPGABUF_SEND_REGISTERED_H
#define FPGABUF_SEND_REGISTERED_H

#include "common/source.h"

struct ibv_context;
struct ibv_pd;
struct ibv_sge;
struct registered;

#ifdef FPGABUF_HAVE_RDMA
/* Returns NULL after a message. */
struct registered *registered_new(const struct source *source);

/* Nothing may be under way any more; NULL is nothing. */
void registered_free(struct registered *registered);
#else
/* The options have refused it already. */
static inline struct registered *registered_new(const struct source *source)
{
	(void)source;
	return NULL;
}

static inline void registered_free(struct registered *registered)
{
	(void)registered;
}
#endif

/* The domain for a device, or NULL: it was not there */
struct ibv_pd *registered_pd(struct registered *registered,
			     const struct ibv_context *device);

/* What a device calls bytes of a slot, for a SEND in this domain */
struct ibv_sge registered_piece(const struct registered *registered,
				const struct ibv_pd *pd, unsigned int slot,
				const void *addr, size_t size);

#endif /* FPGABUF_SEND_REGISTERED_H */
