// SPDX-License-Identifier: LGPL-2.1-or-later
/* The capture device: a thin layer over its ioctls. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

struct fpgabuf_device {
	int fd;
};

/* @fd belongs to the device if this succeeds. */
static int device_new(int fd, struct fpgabuf_device **device)
{
	struct fpgabuf_device *new = malloc(sizeof(*new));
	struct fpgabuf_info info;
	int err;

	if (!new)
		return -ENOMEM;
	new->fd = fd;
	/* Tells our device from any other file. */
	err = fpgabuf_device_info(new, &info);
	if (err)
		free(new);
	else
		*device = new;
	return err;
}

int fpgabuf_device_open(const char *path, int flags,
			struct fpgabuf_device **device)
{
	int fd, err;

	if (flags & ~O_NONBLOCK)
		return -EINVAL;
	fd = open(path ? path : FPGABUF_DEFAULT_DEVICE,
		  O_RDWR | O_CLOEXEC | flags);
	if (fd < 0)
		return -errno;
	err = device_new(fd, device);
	if (err)
		close(fd);
	return err;
}

int fpgabuf_device_open_fd(int fd, struct fpgabuf_device **device)
{
	return device_new(fd, device);
}

void fpgabuf_device_close(struct fpgabuf_device *device)
{
	if (!device)
		return;
	close(device->fd);
	free(device);
}

int fpgabuf_device_fd(const struct fpgabuf_device *device)
{
	return device->fd;
}

int fpgabuf_device_info(struct fpgabuf_device *device,
			struct fpgabuf_info *info)
{
	struct fpgabuf_info arg = { 0 };
	int err = fpgabuf_ioctl_retry(device->fd, FPGABUF_IOC_INFO, &arg);

	if (!err)
		*info = arg;
	return err;
}

int fpgabuf_device_alloc(struct fpgabuf_device *device, uint64_t size,
			 struct fpgabuf_region **region)
{
	return fpgabuf_device_alloc_access(device, size, O_RDWR, region);
}

int fpgabuf_device_alloc_access(struct fpgabuf_device *device, uint64_t size,
				int access, struct fpgabuf_region **region)
{
	struct fpgabuf_alloc args = { .size = size, .fd_flags = access };

	return fpgabuf_device_alloc_with(device, &args, region);
}

int fpgabuf_device_alloc_with(struct fpgabuf_device *device,
			      struct fpgabuf_alloc *args,
			      struct fpgabuf_region **region)
{
	struct fpgabuf_alloc arg = *args;
	int err;

	arg.fd_flags |= O_CLOEXEC;
	err = fpgabuf_ioctl_retry(device->fd, FPGABUF_IOC_ALLOC, &arg);
	if (err)
		return err;
	err = fpgabuf_region_new(arg.fd, arg.size, region);
	if (err)
		close(arg.fd);
	else
		*args = arg;
	return err;
}

int fpgabuf_device_queue(struct fpgabuf_device *device,
			 const struct fpgabuf_region *region, uint64_t length,
			 uint64_t cookie)
{
	const struct fpgabuf_queue args = {
		.cookie = cookie,
		.length = length,
	};

	return fpgabuf_device_queue_with(device, region, &args);
}

int fpgabuf_device_queue_with(struct fpgabuf_device *device,
			      const struct fpgabuf_region *region,
			      const struct fpgabuf_queue *args)
{
	struct fpgabuf_queue arg = *args;

	arg.fd = fpgabuf_region_fd(region);
	return fpgabuf_ioctl_retry(device->fd, FPGABUF_IOC_QUEUE, &arg);
}

int fpgabuf_device_dequeue(struct fpgabuf_device *device,
			   struct fpgabuf_dequeue *capture)
{
	struct fpgabuf_dequeue arg = { 0 };
	int err = fpgabuf_ioctl(device->fd, FPGABUF_IOC_DEQUEUE, &arg);

	if (!err)
		*capture = arg;
	return err;
}

int fpgabuf_device_cancel(struct fpgabuf_device *device, uint32_t *canceled)
{
	struct fpgabuf_cancel arg = { 0 };
	int err = fpgabuf_ioctl_retry(device->fd, FPGABUF_IOC_CANCEL, &arg);

	if (!err && canceled)
		*canceled = arg.canceled;
	return err;
}

int fpgabuf_device_region_info(struct fpgabuf_device *device,
			       const struct fpgabuf_region *region,
			       struct fpgabuf_region_info *info)
{
	struct fpgabuf_region_info arg = { .fd = fpgabuf_region_fd(region) };
	int err = fpgabuf_ioctl_retry(device->fd, FPGABUF_IOC_REGION_INFO, &arg);

	if (!err)
		*info = arg;
	return err;
}

int fpgabuf_device_stream(struct fpgabuf_device *device,
			  struct fpgabuf_stream_setup *setup)
{
	struct fpgabuf_stream_setup arg = *setup;
	int err = fpgabuf_ioctl_retry(device->fd, FPGABUF_IOC_STREAM, &arg);

	if (!err)
		*setup = arg;
	return err;
}

int fpgabuf_device_stream_info(struct fpgabuf_device *device,
			       unsigned int flags,
			       struct fpgabuf_stream_info *info)
{
	struct fpgabuf_stream_info arg = { .flags = flags };
	int err = fpgabuf_ioctl_retry(device->fd, FPGABUF_IOC_STREAM_INFO,
				      &arg);

	if (!err)
		*info = arg;
	return err;
}

int fpgabuf_device_baseline(struct fpgabuf_device *device,
			    const struct fpgabuf_region *region, uint64_t *pins)
{
	struct fpgabuf_baseline arg = { .fd = fpgabuf_region_fd(region) };
	int err = fpgabuf_ioctl_retry(device->fd, FPGABUF_IOC_BASELINE, &arg);

	if (!err && pins)
		*pins = arg.pins;
	return err;
}
