// SPDX-License-Identifier: GPL-2.0-only
/* A program of somebody who has installed the library. */
#include <errno.h>
#include <fpgabuf/fpgabuf.h>

/* The library's errors tell that it was really called. */
int main(void)
{
	struct fpgabuf_device *device;
	struct fpgabuf_info info = { .version = FPGABUF_UAPI_VERSION };

	return info.version != 2 ||
	       fpgabuf_version() != FPGABUF_VERSION_NUMBER ||
	       fpgabuf_device_open("/dev/null", 0, &device) != -ENOTTY;
}
