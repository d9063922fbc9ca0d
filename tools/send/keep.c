// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "send/keep.h"

int keep_open(struct keep *keep, uint64_t bytes, uint64_t region_size,
	      unsigned int regions)
{
	const uint64_t captures = bytes / region_size + !!(bytes % region_size);

	keep->region_size = region_size;
	keep->from = UINT64_MAX;
	if (bytes == UINT64_MAX)
		return 0;
	if (pipe2(keep->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	fcntl(keep->pipe[1], F_SETPIPE_SZ, regions * sysconf(_SC_PAGESIZE));
	keep->from = captures > regions ? (captures - regions) * region_size :
					  0;
	return 0;
}

void keep_close(struct keep *keep)
{
	if (keep->pipe[0] < 0)
		return;
	close(keep->pipe[0]);
	close(keep->pipe[1]);
}

/* From there on no read goes beyond a region. */
size_t keep_limit(const struct keep *keep, uint64_t position, size_t size)
{
	const uint64_t left = keep->region_size - position % keep->region_size;

	if (position + size <= keep->from || size < left)
		return size;
	return left;
}

/* If the pipe is too small, the FPGA gives more than it was asked for. */
void keep_read(struct keep *keep, uint64_t position, int pipe)
{
	if (position > keep->from && !(position % keep->region_size))
		(void)!tee(pipe, keep->pipe[1], 1, SPLICE_F_NONBLOCK);
}
