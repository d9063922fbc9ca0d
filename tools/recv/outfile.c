// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/message.h"
#include "recv/outfile.h"

#define BUFFER_SIZE	((size_t)1 << 20)

/* No device or file system wants more than that. */
#define ALIGNMENT	((size_t)4096)

int outfile_init(struct outfile *f)
{
	*f = (struct outfile){ .fd = -1 };
	if (!posix_memalign((void **)&f->buffer, ALIGNMENT, BUFFER_SIZE))
		return 0;
	message("out of memory");
	return -1;
}

void outfile_free(struct outfile *f)
{
	free(f->buffer);
	f->buffer = NULL;
}

static int set_direct(struct outfile *f, bool on)
{
	int flags = fcntl(f->fd, F_GETFL);

	if (flags < 0)
		return -1;
	flags = on ? flags | O_DIRECT : flags & ~O_DIRECT;
	return fcntl(f->fd, F_SETFL, flags);
}

/* To a pipe the flag would mean something else. */
static void probe(struct outfile *f)
{
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return;
	f->regular = S_ISREG(st.st_mode);
	if (f->regular || S_ISBLK(st.st_mode))
		f->direct = !set_direct(f, true);
}

/*
 * The size stays what has been written, so that whoever looks meanwhile finds no
 * zeros.  Not every file system can do that.
 */
static int reserve(struct outfile *f, uint64_t bytes)
{
	if (!bytes || !f->regular || bytes > INT64_MAX)
		return 0;
	if (!fallocate(f->fd, FALLOC_FL_KEEP_SIZE, 0, bytes)) {
		f->reserved = true;
		return 0;
	}
	if (errno != ENOSPC && errno != EFBIG && errno != EDQUOT)
		return 0;
	message("cannot reserve %" PRIu64 " bytes for %s: %s", bytes, f->name,
		strerror(errno));
	return -1;
}

int outfile_open(struct outfile *f, uint64_t bytes)
{
	f->fill = 0;
	f->written = 0;
	f->direct = false;
	f->reserved = false;
	f->fd = open(f->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (f->fd < 0) {
		message("cannot create %s: %s", f->name, strerror(errno));
		return -1;
	}
	probe(f);
	if (!reserve(f, bytes))
		return 0;
	close(f->fd);
	f->fd = -1;
	return -1;
}

uint8_t *outfile_room(struct outfile *f, size_t *len)
{
	*len = BUFFER_SIZE - f->fill;
	return f->buffer + f->fill;
}

/* What has not been written stays in the buffer, at its beginning. */
static void took(struct outfile *f, size_t len)
{
	f->written += len;
	if (f->direct)
		f->direct_written += len;
	f->fill -= len;
	memmove(f->buffer, f->buffer + len, f->fill);
}

static void explain(const struct outfile *f, int err)
{
	message("cannot write %s: %s", f->name, strerror(err));
	if (err == ENOSPC || err == EDQUOT)
		remedy("make room there, or take less: see --bytes");
}

/*
 * A file system may take the flag and refuse the write: then as usual.  And when
 * not all of it fits, some of it may.
 */
static bool give_up_direct(struct outfile *f)
{
	if (errno != EINVAL && errno != ENOSPC)
		return false;
	if (!f->direct || set_direct(f, false))
		return false;
	f->direct = false;
	return true;
}

/* Writes the first @len bytes of the buffer; drops it all if that fails. */
static int flush(struct outfile *f, size_t len)
{
	size_t left = len;
	ssize_t n;

	while (left) {
		n = write(f->fd, f->buffer, left);
		if (n < 0 && (errno == EINTR || give_up_direct(f)))
			continue;
		if (n < 0) {
			explain(f, errno);
			f->fill = 0;
			return -1;
		}
		took(f, n);
		left -= n;
		/* Stopped within a block: what follows is not aligned. */
		if (f->direct && n % ALIGNMENT && !set_direct(f, false))
			f->direct = false;
	}
	return 0;
}

int outfile_commit(struct outfile *f, size_t len)
{
	f->fill += len;
	if (f->direct && f->fill < BUFFER_SIZE)
		return 0;
	return flush(f, f->fill);
}

/* Blocks first, so that all that can goes past the page cache. */
static int flush_rest(struct outfile *f)
{
	size_t blocks = f->fill - f->fill % ALIGNMENT;

	if (f->direct && flush(f, blocks))
		return -1;
	if (f->direct && f->fill) {
		set_direct(f, false);
		f->direct = false;
	}
	return flush(f, f->fill);
}

/* A file that is as long as before loses what was reserved behind its end. */
static int give_back(struct outfile *f)
{
	if (!f->reserved || !ftruncate(f->fd, f->written))
		return 0;
	message("cannot give back the space that %s does not need: %s",
		f->name, strerror(errno));
	return -1;
}

int outfile_close(struct outfile *f)
{
	int ret = flush_rest(f);

	if (give_back(f))
		ret = -1;
	/* Some file systems tell only now that there is no space. */
	if (close(f->fd) < 0 && !ret) {
		explain(f, errno);
		ret = -1;
	}
	f->fd = -1;
	return ret;
}
