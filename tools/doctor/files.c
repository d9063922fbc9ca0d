// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor/files.h"

void path_make(char path[PATH_SIZE], const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(path, PATH_SIZE, format, args);
	va_end(args);
	if (n >= PATH_SIZE)
		*path = '\0';
}

bool path_exists(const char *path)
{
	return !access(path, F_OK);
}

ssize_t file_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		n = read(fd, text + len, size - 1 - len);
		if (n <= 0)
			break;
		len += n;
	}
	n = n < 0 ? -errno : (ssize_t)len;
	close(fd);
	text[len] = '\0';
	return n;
}

int file_line(const char *path, char *text, size_t size)
{
	ssize_t n = file_read(path, text, size);

	if (n < 0)
		return n;
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

void link_base(const char *path, char *name, size_t size)
{
	char target[PATH_SIZE];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *slash;

	*name = '\0';
	if (n < 0)
		return;
	target[n] = '\0';
	slash = strrchr(target, '/');
	snprintf(name, size, "%s", slash ? slash + 1 : target);
}

int for_each_name(const char *path,
		  void (*take)(void *arg, const char *name), void *arg)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (*entry->d_name != '.')
			take(arg, entry->d_name);
	closedir(dir);
	return 0;
}
