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

/* Outputs of vivid: the first one is S-Video, with 25 pictures a second. */
#define HDMI	1

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

/* 120 small pictures a second, which the output scales */
static void choose_format(int fd, struct v4l2_format *format)
{
	/* As the kernel's V4L2_DV_BT_DMT_800X600P120_RB, which clang warns of */
	struct v4l2_dv_timings timings = {
		.type = V4L2_DV_BT_656_1120,
		.bt = {
			.width = 800, .height = 600, .pixelclock = 73250000,
			.polarities = V4L2_DV_HSYNC_POS_POL,
			.hfrontporch = 48, .hsync = 32, .hbackporch = 80,
			.vfrontporch = 3, .vsync = 4, .vbackporch = 29,
			.standards = V4L2_DV_BT_STD_DMT | V4L2_DV_BT_STD_CVT,
			.flags = V4L2_DV_FL_REDUCED_BLANKING,
		},
	};
	int output = HDMI;

	REQUIRE(call(fd, VIDIOC_S_OUTPUT, &output), 0);
	REQUIRE(call(fd, VIDIOC_S_DV_TIMINGS, &timings), 0);
	*format = (struct v4l2_format){
		.type = OUTPUT,
		.fmt.pix = {
			.width = VIDEO_WIDTH,
			.height = VIDEO_HEIGHT,
			.pixelformat = V4L2_PIX_FMT_YUYV,
		},
	};
	REQUIRE(call(fd, VIDIOC_S_FMT, format), 0);
	EXPECT(format->fmt.pix.sizeimage, VIDEO_WIDTH * VIDEO_HEIGHT * 2);
}

/* Whether there is one; else the test says that it is skipped. */
bool video_open(struct video *video)
{
	struct v4l2_format format;
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
	choose_format(video->fd, &format);
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
