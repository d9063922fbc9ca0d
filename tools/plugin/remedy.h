/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages of a plugin: the cause and what you can do, without a full stop
 *
 * Each call writes into @why, which has room for @size bytes.
 */
#ifndef FPGABUF_PLUGIN_REMEDY_H
#define FPGABUF_PLUGIN_REMEDY_H

#include <stddef.h>

/* @err: what fpgabuf_device_open() returned */
void remedy_open(char *why, size_t size, const char *path, int err);

/* @err: what fpgabuf_ring_create() returned */
void remedy_regions(char *why, size_t size, unsigned int regions, int err);

/* @err: what fpgabuf_client_connect() returned */
void remedy_share(char *why, size_t size, const char *path, int err);

/* @err: what fpgabuf_source_next() returned; @cause: what fpgabuf_source_why() says */
void remedy_capture(char *why, size_t size, const char *cause, int err);

#endif /* FPGABUF_PLUGIN_REMEDY_H */
