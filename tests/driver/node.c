// SPDX-License-Identifier: GPL-2.0-only
/*
 * Capture devices of the device tree: the node of one, and what is none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bed.h"

/* sysfs knows a device a little before it can be opened. */
static bool can_be_opened(int node)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/fpgabuf%d", node);
	return !access(path, F_OK);
}

/* Number of the node of a device, or -1 */
static int node_of(const char *device)
{
	char path[64], target[256];
	ssize_t n;
	int i;

	for (i = 0; i < 16; i++) {
		snprintf(path, sizeof(path), "/sys/class/misc/fpgabuf%d/device",
			 i);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = 0;
		if (!strcmp(strrchr(target, '/') + 1, device))
			return can_be_opened(i) ? i : -1;
	}
	return -1;
}

/*
 * Opens the node of a device.  The kernel binds what had to wait for its DMA
 * channel in a thread of its own.
 */
int node_open(const char *device)
{
	int node, i;

	for (i = 0; i < 500; i++) {
		node = node_of(device);
		if (node >= 0)
			break;
		usleep(10000);
	}
	REQUIRE(node >= 0, true);
	return device_open(node);
}

/* Binds a device to the driver, which must not want it, and say so. */
void node_refused(const char *device, int error, const char *reason)
{
	int fd, log = kmsg_open();

	EXPECT(node_of(device), -1);
	fd = open(DRIVER "bind", O_WRONLY | O_CLOEXEC);
	REQUIRE(fd >= 0, true);
	EXPECT(write(fd, device, strlen(device)) < 0 ? -errno : 0, error);
	close(fd);
	EXPECT(kmsg_count(log, reason), 1);
	close(log);
}
