/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_DOCTOR_PLACES_H
#define FPGABUF_DOCTOR_PLACES_H

/**
 * struct doctor_places - where to look
 * @dev: directory of the device nodes
 * @sys: sysfs
 * @proc: procfs
 * @debug: debugfs
 * @modules: directory of the installed modules, by kernel
 * @kmsg: the kernel log
 * @os: the file that names the distribution
 */
struct doctor_places {
	const char *dev;
	const char *sys;
	const char *proc;
	const char *debug;
	const char *modules;
	const char *kmsg;
	const char *os;
};

#endif /* FPGABUF_DOCTOR_PLACES_H */
