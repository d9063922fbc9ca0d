/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel log, as /dev/kmsg has it */
#ifndef FPGABUF_DOCTOR_KLOG_H
#define FPGABUF_DOCTOR_KLOG_H

#include <stddef.h>

/*
 * Calls @take for each line, without its number and time.  0, or a negative errno:
 * mostly root alone may read it.
 */
int klog_each(const char *path, void (*take)(void *arg, const char *line),
	      void *arg);

/*
 * The last thing that was said of a device of the driver: "fpgabuf NAME: TEXT".
 * 0, -ENODATA: nothing, or another negative errno.
 */
int klog_last(const char *path, const char *device, char *text, size_t size);

#endif /* FPGABUF_DOCTOR_KLOG_H */
