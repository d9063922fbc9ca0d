// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/message.h"
#include "common/newfile.h"

/*
 * Only a regular file that is not empty, or a disk, has data that could be lost.
 */
static int open_existing(const char *name, bool overwrite)
{
	bool may_lose = false;
	struct stat st;

	if (stat(name, &st) < 0)
		return -EEXIST;
	if (S_ISREG(st.st_mode))
		may_lose = st.st_size > 0;
	else if (S_ISBLK(st.st_mode))
		may_lose = true;
	if (may_lose && !overwrite)
		return -EEXIST;
	return open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int newfile_open(const char *name, bool overwrite, bool *made)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	*made = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open_existing(name, overwrite);
	return fd == -1 ? -errno : fd;
}

int newfile_lock(int fd, const char *name)
{
	if (!flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
		return 0;
	message("cannot write %s: another program is writing it", name);
	return -1;
}

void newfile_sync_folder(const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s", name);
	fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

void newfile_explain_room(int err)
{
	if (err == ENOSPC || err == EDQUOT)
		remedy("make room there; --bytes reserves the space at the beginning");
	else if (err == EFBIG)
		remedy("the file system or `ulimit -f` does not allow a larger file: use --rotate-size");
}
