/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
#ifndef FPGABUF_TEST_REMAP_H
#define FPGABUF_TEST_REMAP_H

#include <linux/ioctl.h>

/* Returns a dma-buf of the memory, whose mmap() is the same. */
#define REMAP_DMABUF	_IO(0xfc, 16)

#endif /* FPGABUF_TEST_REMAP_H */
