/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Parsers for debugfs and procfs, for a line or a file at a time
 *
 * -ENOENT: it is about something else; -EINVAL: it has an unknown form.
 */
#ifndef FPGABUF_INFO_PARSE_H
#define FPGABUF_INFO_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "info/regions.h"

/**
 * struct dmabuf_info - data from the dma-buf core
 * @inode: its inode number
 * @size: bytes
 * @refs: references of its file
 */
struct dmabuf_info {
	uint64_t inode;
	uint64_t size;
	uint64_t refs;
};

/* A line of fpgabuf/fpgabufN/regions; sets inode, size and the members after it. */
int parse_region(const char *line, struct region *region);

/* A line of fpgabuf/fpgabufN/counters: the number after @name. */
int parse_counter(const char *line, const char *name, uint64_t *value);

/* A line of dma_buf/bufinfo, if it is about a region. */
int parse_bufinfo(const char *line, struct dmabuf_info *info);

/* Does this line say that the devices follow that are attached to the dma-buf? */
bool parse_attached_title(const char *line);

/* A line of these devices: the name of one. */
int parse_attached(const char *line, char *name, size_t size);

/* All of /proc/PID/fdinfo/FD, if it is a region; inode 0: it is missing. */
int parse_fdinfo(const char *text, struct dmabuf_info *info);

/* A line of /proc/PID/maps, if it is a dma-buf; sets inode and size. */
int parse_mapping(const char *line, struct dmabuf_info *info);

#endif /* FPGABUF_INFO_PARSE_H */
