/* SPDX-License-Identifier: GPL-2.0-only */
/* The inlet that is RDMA, and where peers connect to by it. */
#ifndef FPGABUF_RECV_BY_RDMA_H
#define FPGABUF_RECV_BY_RDMA_H

#include "common/endpoint.h"
#include "recv/inlet.h"

struct rdma_cm_id;
struct rdma_event_channel;

/**
 * struct rdma_listener - the listening side
 * @events: where connections come from, or NULL
 * @id: the address and port
 */
struct rdma_listener {
	struct rdma_event_channel *events;
	struct rdma_cm_id *id;
};

#ifdef FPGABUF_HAVE_RDMA
/* Begins to listen: what to poll, or -1 after a message. */
int by_rdma_listen(struct rdma_listener *listener,
		   const struct endpoint *endpoint);

int by_rdma_port(const struct rdma_listener *listener);

/* Returns 0 or a negative errno, -EAGAIN if nobody has connected. */
int by_rdma_accept(const struct rdma_listener *listener, int keepalive_s,
		   struct inlet *inlet, char peer[ENDPOINT_NAME_SIZE]);

/* If it listens, it does so no more. */
void by_rdma_close(struct rdma_listener *listener);
#else
/* The options have refused it already. */
static inline int by_rdma_listen(struct rdma_listener *listener,
				 const struct endpoint *endpoint)
{
	(void)listener;
	(void)endpoint;
	return -1;
}

static inline int by_rdma_port(const struct rdma_listener *listener)
{
	(void)listener;
	return -1;
}

static inline int by_rdma_accept(const struct rdma_listener *listener,
				 int keepalive_s, struct inlet *inlet,
				 char peer[ENDPOINT_NAME_SIZE])
{
	(void)listener;
	(void)keepalive_s;
	(void)inlet;
	(void)peer;
	return -1;
}

static inline void by_rdma_close(struct rdma_listener *listener)
{
	(void)listener;
}
#endif

#endif /* FPGABUF_RECV_BY_RDMA_H */
