/* SPDX-License-Identifier: GPL-2.0-only */
/* A video output of V4L2 whose buffers are regions */
#ifndef GUEST_VIDEO_H
#define GUEST_VIDEO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIDEO_WIDTH	200
#define VIDEO_HEIGHT	150

/* Enough for one of them not to be played */
#define VIDEO_BUFFERS	4

/**
 * struct video - the output
 * @fd: its descriptor
 * @picture: bytes of a picture
 * @size: the same in whole pages, as regions have them
 * @fds: the regions, which are the output's
 * @mem: their mappings
 */
struct video {
	int fd;
	size_t picture, size;
	int fds[VIDEO_BUFFERS];
	uint8_t *mem[VIDEO_BUFFERS];
};

bool video_open(struct video *video);
void video_add(struct video *video, unsigned int index, int fd);
void video_put(struct video *video, unsigned int index);
void video_start(struct video *video);
unsigned int video_get(struct video *video);
void video_close(struct video *video);

#endif /* GUEST_VIDEO_H */
