/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tools say of a capture device that they cannot use. */
#ifndef FPGABUF_COMMON_EXPLAIN_H
#define FPGABUF_COMMON_EXPLAIN_H

/* @err: what fpgabuf_device_open() or fpgabuf_device_info() returned. */
void explain_open(const char *path, int err);

#endif /* FPGABUF_COMMON_EXPLAIN_H */
