/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_INFO_PLACES_H
#define FPGABUF_INFO_PLACES_H

/**
 * struct places - file systems to read
 * @dev: directory of the device nodes
 * @proc: procfs
 * @debug: debugfs
 */
struct places {
	const char *dev;
	const char *proc;
	const char *debug;
};

#endif /* FPGABUF_INFO_PLACES_H */
