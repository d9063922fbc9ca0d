// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "info/owners.h"
#include "info/parse.h"

/**
 * struct process - the process that is being read
 * @dir: its directory
 * @pid: the process
 * @name: its command
 */
struct process {
	int dir;
	pid_t pid;
	char name[32];
};

/* Returns the number of bytes read, with a NUL after them, or a negative errno. */
static ssize_t read_text(int dir, const char *path, char *text, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		n = -errno;
	else
		text[n] = '\0';
	close(fd);
	return n;
}

static int add_descriptor(struct regions *regions, const struct process *p,
			  int fd, const struct dmabuf_info *info)
{
	struct region *region = regions_get(regions, info->inode);
	struct owner *owner;

	if (!region)
		return -ENOMEM;
	region->size = info->size;
	if (!region->refs)
		region->refs = info->refs;
	owner = region_owner(region, p->pid, p->name);
	if (!owner)
		return -ENOMEM;
	owner->descriptors++;
	region->holder = p->pid;
	region->holder_fd = fd;
	return 0;
}

/* Parses fdinfo; with older kernels fstat() has the inode. */
static int descriptor_info(const struct process *p, int dir, const char *name,
			   struct dmabuf_info *info)
{
	char text[1024], path[sizeof("fd/") + NAME_MAX];
	struct stat st;

	if (read_text(dir, name, text, sizeof(text)) <= 0 ||
	    parse_fdinfo(text, info))
		return -ENOENT;
	if (info->inode)
		return 0;
	snprintf(path, sizeof(path), "fd/%s", name);
	if (fstatat(p->dir, path, &st, 0))
		return -errno;
	info->inode = st.st_ino;
	return 0;
}

static int look_at_descriptors(struct regions *regions,
			       const struct process *p, DIR *dir)
{
	struct dmabuf_info info;
	struct dirent *entry;
	int err = 0;

	while (!err && (entry = readdir(dir)))
		if (!descriptor_info(p, dirfd(dir), entry->d_name, &info))
			err = add_descriptor(regions, p, atoi(entry->d_name),
					     &info);
	return err;
}

/* Returns 0 also if the process has ended; -EACCES: no right to read it. */
static int find_descriptors(struct regions *regions, const struct process *p)
{
	int err, fd;
	DIR *dir;

	fd = openat(p->dir, "fdinfo", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES || errno == EPERM ? -EACCES : 0;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	err = look_at_descriptors(regions, p, dir);
	closedir(dir);
	return err;
}

static bool is_known(const struct regions *regions, uint64_t inode)
{
	size_t i;

	for (i = 0; i < regions->count; i++)
		if (regions->list[i].inode == inode)
			return true;
	return false;
}

static int add_mapping(struct regions *regions, const struct process *p,
		       const struct dmabuf_info *info)
{
	struct owner *owner;

	if (!is_known(regions, info->inode))
		return 0;
	owner = region_owner(regions_get(regions, info->inode), p->pid,
			     p->name);
	if (!owner)
		return -ENOMEM;
	owner->mapped += info->size;
	return 0;
}

static int find_mappings(struct regions *regions, const struct process *p)
{
	int fd = openat(p->dir, "maps", O_RDONLY | O_CLOEXEC), err = 0;
	struct dmabuf_info info;
	char *line = NULL;
	size_t size = 0;
	FILE *f;

	if (fd < 0)
		return errno == EACCES || errno == EPERM ? -EACCES : 0;
	f = fdopen(fd, "r");
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	while (!err && getline(&line, &size, f) > 0)
		if (!parse_mapping(line, &info))
			err = add_mapping(regions, p, &info);
	free(line);
	fclose(f);
	return err;
}

static bool process_open(struct process *p, int proc, const char *entry)
{
	char *end;
	long pid;

	if (!isdigit((unsigned char)*entry))
		return false;
	pid = strtol(entry, &end, 10);
	if (*end)
		return false;
	p->pid = pid;
	p->dir = openat(proc, entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->dir < 0)
		return false;
	if (read_text(p->dir, "comm", p->name, sizeof(p->name)) < 0)
		*p->name = '\0';
	p->name[strcspn(p->name, "\n")] = '\0';
	return true;
}

/* Calls @look for each process; counts processes that cannot be read. */
static int for_each(const struct places *places, struct regions *regions,
		    int (*look)(struct regions *, const struct process *),
		    unsigned int *hidden)
{
	DIR *proc = opendir(places->proc);
	struct dirent *entry;
	struct process p;
	int err = 0;

	if (!proc)
		return -errno;
	*hidden = 0;
	while (!err && (entry = readdir(proc))) {
		if (!process_open(&p, dirfd(proc), entry->d_name))
			continue;
		err = look(regions, &p);
		close(p.dir);
		if (err == -EACCES) {
			++*hidden;
			err = 0;
		}
	}
	closedir(proc);
	return err;
}

/* A mapping may be of a region whose descriptor another process has. */
int owners_find(const struct places *places, struct regions *regions,
		unsigned int *hidden)
{
	unsigned int hidden_mappings = 0;
	int err;

	err = for_each(places, regions, find_descriptors, hidden);
	if (!err)
		err = for_each(places, regions, find_mappings,
			       &hidden_mappings);
	if (hidden_mappings > *hidden)
		*hidden = hidden_mappings;
	return err;
}
