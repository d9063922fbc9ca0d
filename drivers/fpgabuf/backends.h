/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - the backends: folio.c, pages.c, scatter.c, carveout.c and cma.c
 *
 * A backend fills &struct fpgabuf_pages and gives the memory back, and does nothing
 * else.
 */
#ifndef FPGABUF_BACKENDS_H
#define FPGABUF_BACKENDS_H

#include <linux/types.h>

struct device;
struct device_node;
struct fpgabuf_backend_ops;
struct fpgabuf_carveout;
struct fpgabuf_memory;
struct fpgabuf_pages;

/* A file each */
extern const struct fpgabuf_backend_ops fpgabuf_folio_ops;
extern const struct fpgabuf_backend_ops fpgabuf_pages_ops;
extern const struct fpgabuf_backend_ops fpgabuf_scatter_ops;
extern const struct fpgabuf_backend_ops fpgabuf_carveout_ops;
extern const struct fpgabuf_backend_ops fpgabuf_cma_ops;

/* carveout.c */
struct fpgabuf_carveout *fpgabuf_carveout_get(struct device_node *node);
void fpgabuf_carveout_put(struct fpgabuf_carveout *carveout);

/* cma.c */
int fpgabuf_cma_init(struct fpgabuf_memory *memory);
int fpgabuf_cma_assign(struct fpgabuf_memory *memory, struct device_node *node,
		       int index);
void fpgabuf_cma_exit(struct fpgabuf_memory *memory);

/* backends.c */
struct fpgabuf_memory *fpgabuf_memory_create(struct device *dev,
					     struct device *dma_dev, int id);
struct fpgabuf_memory *fpgabuf_memory_get(struct fpgabuf_memory *memory);
void fpgabuf_memory_put(struct fpgabuf_memory *memory);
int fpgabuf_pages_fill(struct fpgabuf_pages *pages, bool scatter);
void fpgabuf_pages_empty(struct fpgabuf_pages *pages);

#endif /* FPGABUF_BACKENDS_H */
