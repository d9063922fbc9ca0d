/* SPDX-License-Identifier: GPL-2.0-only */
/* Small files of the kernel, and links. */
#ifndef FPGABUF_DOCTOR_FILES_H
#define FPGABUF_DOCTOR_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A path, by parts.  Too long a path is a path that is not there. */
#define PATH_SIZE	1024
void path_make(char path[PATH_SIZE], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

bool path_exists(const char *path);

/* Reads a file whole: its bytes, or a negative errno.  @text ends with a NUL. */
ssize_t file_read(const char *path, char *text, size_t size);

/* Reads a file of one line, without its end.  0 or a negative errno. */
int file_line(const char *path, char *text, size_t size);

/* The last part of the path that a link leads to; "" if there is no such link. */
void link_base(const char *path, char *name, size_t size);

/* Calls @take for each name in a directory.  0 or a negative errno. */
int for_each_name(const char *path,
		  void (*take)(void *arg, const char *name), void *arg);

#endif /* FPGABUF_DOCTOR_FILES_H */
