// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/message.h"
#include "common/newfile.h"
#include "record/target.h"

/* So much is reserved at once, if it is not known how much will come. */
#define RESERVE_AHEAD	((uint64_t)64 << 20)

static int fail_open(struct target *t, const char *why)
{
	message("cannot create %s: %s", t->name, why);
	return -1;
}

/* By its descriptor, as the name may soon be that of another file. */
static void open_direct(struct target *t)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	t->direct = open(path, O_WRONLY | O_DIRECT | O_CLOEXEC);
}

static bool is_regular(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

int target_open(struct target *t, bool overwrite)
{
	int fd = newfile_open(t->name, overwrite, &t->made);

	if (fd == -EEXIST)
		return fd;
	if (fd == -ENXIO)
		return fail_open(t, "it is no file");
	if (fd < 0)
		return fail_open(t, strerror(-fd));
	t->fd = fd;
	t->direct = -1;
	t->refuses = false;
	t->emptied = t->made;
	t->size = 0;
	t->done = 0;
	t->reserved = 0;
	t->unsynced_ns = 0;
	if (!is_regular(fd)) {
		fail_open(t, "it is no file");
		remedy("fpgabuf-send and fpgabuf-recv write to disks and pipes");
	} else if (!newfile_lock(fd, t->name)) {
		open_direct(t);
		return 0;
	}
	target_close(t, true);
	return -1;
}

/* The size of the file does not change.  Not every file system can do that. */
static int reserve_to(struct target *t, uint64_t end)
{
	t->reserved = end;
	if (end > INT64_MAX ||
	    !fallocate(t->fd, FALLOC_FL_KEEP_SIZE, t->size, end - t->size))
		return 0;
	return errno == ENOSPC || errno == EFBIG || errno == EDQUOT ? -errno :
								       0;
}

int target_reserve(struct target *t, uint64_t bytes)
{
	int err = bytes ? reserve_to(t, bytes) : 0;

	if (!err)
		return 0;
	message("cannot reserve %" PRIu64 " bytes for %s: %s", bytes, t->name,
		strerror(-err));
	newfile_explain_room(-err);
	return -1;
}

static uint64_t reserve_end(const struct target *t, uint64_t least)
{
	if (t->limit && least + RESERVE_AHEAD > t->limit)
		return least > t->limit ? least : t->limit;
	return least + RESERVE_AHEAD;
}

/*
 * If there is less room, a part of it may do.  What goes through the page cache gets its
 * space later, and in memory that would be memory.
 */
int target_expect(struct target *t, uint64_t bytes)
{
	if (!t->emptied && ftruncate(t->fd, 0) < 0) {
		target_explain(t, errno);
		return -1;
	}
	t->emptied = true;
	if (t->direct >= 0 && t->size + bytes > t->reserved)
		reserve_to(t, reserve_end(t, t->size + bytes));
	return 0;
}

int target_trim(struct target *t)
{
	if (!t->emptied || !ftruncate(t->fd, t->done))
		return 0;
	message("cannot cut %s behind its last capture: %s", t->name,
		strerror(errno));
	return -1;
}

int target_close(struct target *t, bool discard)
{
	int err = 0;

	if (t->direct >= 0)
		close(t->direct);
	if (discard && t->made && !t->done)
		unlink(t->name);
	/* Some file systems tell only now that there is no space. */
	if (close(t->fd) < 0) {
		err = -1;
		target_explain(t, errno);
	}
	t->fd = -1;
	t->direct = -1;
	return err;
}

void target_explain(const struct target *t, int err)
{
	message("cannot write %s: %s", t->name, strerror(err));
	newfile_explain_room(err);
}
