// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/explain.h"
#include "common/message.h"

void explain_open(const char *path, int err)
{
	message("cannot open %s: %s", path, strerror(-err));
	if (err == -ENOENT || err == -ENXIO || err == -ENODEV)
		remedy("is the fpgabuf module loaded, and the FPGA bound to it? see `lsmod` and `ls /dev/fpgabuf*`");
	else if (err == -EACCES || err == -EPERM)
		remedy("join the group that owns the device (`ls -l %s`), or become root",
		       path);
	else if (err == -ENOTTY)
		remedy("it is not an fpgabuf device: `ls /dev/fpgabuf*` lists the devices");
}

void explain_alloc(const struct fpgabuf_info *info,
		   const struct alloc_failure *f, int err)
{
	const char *or = f->fewer ? " or " : "";
	const char *fewer = f->fewer ? f->fewer : "";

	message("cannot allocate %s of %" PRIu64 " bytes: %s", f->what, f->size,
		strerror(-err));
	if (err == -ENOMEM)
		remedy("memory is fragmented or short: use %s%s%s; the kernel log (`dmesg`) says what was tried",
		       f->smaller, or, fewer);
	else if (err == -EDQUOT)
		remedy("all regions of the device may have %" PRIu64 " bytes together: use %s%s%s",
		       (uint64_t)info->limit_bytes, f->smaller, or, fewer);
	else if (err == -EINVAL)
		remedy("a region has at most %" PRIu64 " bytes: use %s",
		       (uint64_t)info->max_region_size, f->smaller);
	else if (err == -EMFILE)
		remedy("raise the limit of open files (LimitNOFILE= or `ulimit -n`)%s%s",
		       f->fewer ? ", or use " : "", fewer);
	else if (err == -ENFILE)
		remedy("the whole system has too many open files: see fs.file-max");
	else if (err == -EIO)
		remedy("the DMA controller does not reach this memory, and its bounce buffers are full: give the device a carve-out that it reaches (memory-region in the device tree), boot with a larger swiotlb=, or use %s%s%s",
		       f->smaller, or, fewer);
}
