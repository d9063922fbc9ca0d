// SPDX-License-Identifier: GPL-2.0-only
/* A video output of V4L2 whose buffers are regions: the kernel's vivid. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/videodev2.h>

#include "bed.h"
#include "video.h"

#define NODES	16
#define OUTPUT	V4L2_BUF_TYPE_VIDEO_OUTPUT

static bool is_output(int fd)
{
	struct v4l2_capability cap = { 0 };

	return !ioctl(fd, VIDIOC_QUERYCAP, &cap) &&
	       cap.device_caps & V4L2_CAP_VIDEO_OUTPUT;
}

static int find_output(void)
{
	char path[32];
	int i, fd;

	for (i = 0; i < NODES; i++) {
		snprintf(path, sizeof(path), "/dev/video%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && is_output(fd))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

/* Whether there is one; else the test says that it is skipped. */
bool video_open(struct video *video)
{
	struct v4l2_format format = { .type = OUTPUT };
	struct v4l2_requestbuffers req = {
		.type = OUTPUT,
		.memory = V4L2_MEMORY_DMABUF,
		.count = VIDEO_BUFFERS,
	};

	video->fd = find_output();
	if (video->fd < 0) {
		skip("this kernel has no driver vivid");
		return false;
	}
	REQUIRE(call(video->fd, VIDIOC_G_FMT, &format), 0);
	video->picture = format.fmt.pix.sizeimage;
	video->size = (video->picture + 4095) & ~4095ul;
	REQUIRE(call(video->fd, VIDIOC_REQBUFS, &req), 0);
	EXPECT(req.count, VIDEO_BUFFERS);
	return true;
}

void video_add(struct video *video, unsigned int index, int fd)
{
	video->fds[index] = fd;
	video->mem[index] = region_map(fd, video->size);
}

/* It is the output's, until video_get() says otherwise. */
void video_put(struct video *video, unsigned int index)
{
	struct v4l2_buffer buf = {
		.index = index,
		.type = OUTPUT,
		.memory = V4L2_MEMORY_DMABUF,
		.field = V4L2_FIELD_NONE,
		.bytesused = video->picture,
		.m.fd = video->fds[index],
		.length = video->size,
	};

	REQUIRE(call(video->fd, VIDIOC_QBUF, &buf), 0);
}

void video_start(struct video *video)
{
	int type = OUTPUT;

	REQUIRE(call(video->fd, VIDIOC_STREAMON, &type), 0);
}

/* Waits for a picture that has been played. */
unsigned int video_get(struct video *video)
{
	struct v4l2_buffer buf = {
		.type = OUTPUT,
		.memory = V4L2_MEMORY_DMABUF,
	};

	REQUIRE(call(video->fd, VIDIOC_DQBUF, &buf), 0);
	EXPECT(buf.flags & V4L2_BUF_FLAG_ERROR, 0);
	return buf.index;
}

void video_close(struct video *video)
{
	int i;

	close(video->fd);
	for (i = 0; i < VIDEO_BUFFERS; i++) {
		munmap(video->mem[i], video->size);
		close(video->fds[i]);
	}
}
