/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What the importer of the tests can do.  An open file is a device; IMPORT maps
 * a dma-buf for it, until it is closed or told DROP.  mmap() of the file maps
 * the dma-buf through it, as DRM drivers do.
 */
#ifndef FPGABUF_TEST_IMPORTER_H
#define FPGABUF_TEST_IMPORTER_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct importer_import - attach and map a dma-buf
 * @fd: [in] the dma-buf
 * @max_segment: [in] longest piece the device takes, in bytes
 * @only_writes: [in] the device says that it does not read
 * @reserved: must be zero
 * @nents: [out] entries of the mapped sg_table
 * @longest: [out] bytes of the longest entry
 * @total: [out] bytes of all entries
 */
struct importer_import {
	__s32 fd;
	__u32 max_segment;
	__u32 only_writes;
	__u32 reserved;
	__u32 nents;
	__u32 longest;
	__u64 total;
};

/**
 * struct importer_read - read bytes
 * @buffer: [in] where to
 * @size: [in] how many, from the start; at most the size of the dma-buf
 */
struct importer_read {
	__u64 buffer;
	__u64 size;
};

#define IMPORTER_IMPORT	_IOWR(0xfc, 0, struct importer_import)
#define IMPORTER_DROP	_IO(0xfc, 1)
/* As the device would: by the DMA addresses */
#define IMPORTER_READ	_IOW(0xfc, 2, struct importer_read)
/* As the kernel does: through a vmap, which stays until VUNMAP */
#define IMPORTER_VMAP	_IOW(0xfc, 3, struct importer_read)
#define IMPORTER_VUNMAP	_IO(0xfc, 4)
/* As the device would, too: 0x5a into so many bytes from the start */
#define IMPORTER_WRITE	_IOW(0xfc, 5, struct importer_read)

#endif /* FPGABUF_TEST_IMPORTER_H */
