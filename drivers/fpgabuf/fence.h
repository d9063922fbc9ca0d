/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - the fence of a capture
 */
#ifndef FPGABUF_FENCE_H
#define FPGABUF_FENCE_H

struct dma_fence;

struct dma_fence *fpgabuf_fence_create(const char *name);
void fpgabuf_fence_signal(struct dma_fence *fence, int error);
void fpgabuf_fence_barrier(void);

#endif /* FPGABUF_FENCE_H */
