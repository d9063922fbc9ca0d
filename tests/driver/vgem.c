// SPDX-License-Identifier: GPL-2.0-only
/* A DRM driver without hardware that imports whatever it gets. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <xf86drm.h>

#include "bed.h"

/* Whether it maps what it imports at once; newer ones do so when they need it. */
bool vgem_maps(void)
{
	int card = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
	int dev = device_open(0), fd = region_alloc(dev, 4096);
	uint32_t handle;
	bool maps;

	REQUIRE(card < 0 ? -errno : 0, 0);
	REQUIRE(drmPrimeFDToHandle(card, fd, &handle), 0);
	maps = region_info(dev, fd).importers;
	REQUIRE(drmCloseBufferHandle(card, handle), 0);
	EXPECT(region_info(dev, fd).importers, 0);
	close(fd);
	close(dev);
	close(card);
	return maps;
}

/* A dma-buf that has nothing to do with us, from vgem. */
int vgem_dmabuf(void)
{
	struct drm_mode_create_dumb dumb = {
		.width = 64,
		.height = 64,
		.bpp = 32,
	};
	struct drm_prime_handle prime = { .flags = DRM_RDWR | DRM_CLOEXEC };
	int card = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);

	REQUIRE(card < 0 ? -errno : 0, 0);
	REQUIRE(call(card, DRM_IOCTL_MODE_CREATE_DUMB, &dumb), 0);
	prime.handle = dumb.handle;
	REQUIRE(call(card, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
	close(card);
	return prime.fd;
}
