/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - the device node
 */
#ifndef FPGABUF_CHARDEV_H
#define FPGABUF_CHARDEV_H

#include <linux/miscdevice.h>

struct device;
struct fpgabuf_stream;

/**
 * struct fpgabuf_node - the device node
 * @misc: the misc device; under its mutex
 * @stream: the stream that open files use
 *
 * It exists from fpgabuf_node_add() to fpgabuf_node_remove(); open files do not need it.
 */
struct fpgabuf_node {
	struct miscdevice misc;
	struct fpgabuf_stream *stream;
};

int fpgabuf_node_add(struct fpgabuf_node *node, struct fpgabuf_stream *stream,
		     struct device *parent);
void fpgabuf_node_remove(struct fpgabuf_node *node);

#endif /* FPGABUF_CHARDEV_H */
