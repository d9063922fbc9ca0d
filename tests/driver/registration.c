// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_xdp.h>

#include "bed.h"
#include "registration.h"

static int xdp_register(void *mem, size_t size)
{
	struct xdp_umem_reg reg = {
		.addr = (uintptr_t)mem, .len = size, .chunk_size = 4096,
	};
	int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* io_uring takes mappings of files since 6.6; AF_XDP need not be there. */
int registration_try(struct registration *reg, void *mem, size_t size)
{
	struct iovec iov = { mem, size };
	int ret = uring_open(&reg->ring);

	reg->xdp = -1;
	if (!ret) {
		ret = uring_register(&reg->ring, &iov, 1);
		if (!ret)
			return 0;
		uring_close(&reg->ring);
	}
	reg->xdp = xdp_register(mem, size);
	return reg->xdp < 0 ? reg->xdp : 0;
}

void registration_end(struct registration *reg)
{
	if (reg->xdp >= 0) {
		close(reg->xdp);
		return;
	}
	EXPECT(uring_unregister(&reg->ring), 0);
	uring_close(&reg->ring);
}
