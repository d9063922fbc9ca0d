// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/newfile.h"
#include "recv/outfile.h"

#define BUFFER_SIZE	((size_t)1 << 20)

/* No device or file system needs a larger alignment. */
#define ALIGNMENT	((size_t)4096)

/* Data are visible to others after this time. */
#define FLUSH_NS	NS_PER_SEC

/* How often to look for a reader of a FIFO; there is no event for it. */
#define READER_NS	(100 * NS_PER_MS)

/* A reader that stalls for this time is reported. */
#define STALL_NS	(3 * NS_PER_SEC)

int outfile_init(struct outfile *f)
{
	*f = (struct outfile){ .out = { .fd = -1, .given = -1 } };
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
	int flags = fcntl(f->out.fd, F_GETFL);

	if (flags < 0)
		return -1;
	flags = on ? flags | O_DIRECT : flags & ~O_DIRECT;
	return fcntl(f->out.fd, F_SETFL, flags);
}

/* To a pipe the flag would mean something else. */
static void probe(struct outfile *f)
{
	struct stat st;

	if (fstat(f->out.fd, &st) < 0)
		return;
	f->regular = S_ISREG(st.st_mode);
	f->disk = S_ISBLK(st.st_mode);
	if (f->regular || f->disk)
		f->direct = !set_direct(f, true);
}

/*
 * The size of the file does not change, so that readers find no zeros meanwhile.  Not
 * every file system can do that.
 */
static int reserve(struct outfile *f, uint64_t bytes)
{
	int err;

	if (!bytes || !f->regular || bytes > INT64_MAX)
		return 0;
	if (!fallocate(f->out.fd, FALLOC_FL_KEEP_SIZE, 0, bytes)) {
		f->reserved = true;
		return 0;
	}
	if (errno != ENOSPC && errno != EFBIG && errno != EDQUOT)
		return 0;
	err = errno;
	message("cannot reserve %" PRIu64 " bytes for %s: %s", bytes, f->name,
		strerror(err));
	newfile_explain_room(err);
	return -1;
}

static void begin(struct outfile *f)
{
	f->opened = true;
	f->start = 0;
	f->fill = 0;
	f->tail = 0;
	f->since_ns = 0;
	f->unsynced_ns = 0;
	f->moved_ns = 0;
	f->told = false;
	f->written = 0;
	f->regular = false;
	f->disk = false;
	f->direct = false;
	f->reserved = false;
	f->emptied = false;
	f->out = (struct output){ .fd = -1, .given = -1 };
}

void outfile_open_stdout(struct outfile *f)
{
	struct stat st;

	begin(f);
	strcpy(f->name, "stdout");
	output_take(&f->out, STDOUT_FILENO);
	f->regular = !fstat(STDOUT_FILENO, &st) && S_ISREG(st.st_mode);
	f->emptied = true;
}

static bool is_fifo(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISFIFO(st.st_mode);
}

int outfile_open(struct outfile *f, uint64_t bytes, bool overwrite)
{
	int fd = newfile_open(f->name, overwrite, &f->made);

	if (fd == -EEXIST)
		return fd;
	/* A FIFO without a reader: wait for one. */
	if (fd < 0 && (fd != -ENXIO || !is_fifo(f->name))) {
		message("cannot create %s: %s", f->name, strerror(-fd));
		return -1;
	}
	begin(f);
	if (fd < 0)
		return 0;
	output_take(&f->out, fd);
	probe(f);
	if ((!f->regular || !newfile_lock(f->out.fd, f->name)) &&
	    !reserve(f, bytes))
		return 0;
	outfile_discard(f);
	return -1;
}

void outfile_discard(struct outfile *f)
{
	struct stat st;

	if (!f->opened)
		return;
	if (f->made && !f->written && !fstat(f->out.fd, &st) && !st.st_size)
		unlink(f->name);
	output_close(&f->out);
	f->opened = false;
}

/* Does it take only as much as a reader reads? */
static bool has_reader(const struct outfile *f)
{
	return f->out.kind != OUTPUT_FILE || f->out.fd < 0;
}

uint8_t *outfile_room(struct outfile *f, size_t *len)
{
	if (f->start && f->start + f->fill == BUFFER_SIZE) {
		memmove(f->buffer, f->buffer + f->start, f->fill);
		f->start = 0;
	}
	*len = BUFFER_SIZE - f->start - f->fill;
	return f->buffer + f->start + f->fill;
}

/* Writes to a disk must be aligned: unwritten bytes move to the front. */
static void took(struct outfile *f, size_t len)
{
	f->written += len;
	if (f->direct)
		f->direct_written += len;
	f->fill -= len;
	f->start += len;
	if (!has_reader(f))
		memmove(f->buffer, f->buffer + f->start, f->fill);
	if (!has_reader(f) || !f->fill)
		f->start = 0;
	f->tail = f->tail > len ? f->tail - len : 0;
	f->moved_ns = clock_ns();
	f->told = false;
	if (!f->unsynced_ns)
		f->unsynced_ns = f->moved_ns;
}

static void explain(const struct outfile *f, int err)
{
	message("cannot write %s: %s", f->name, strerror(err));
	newfile_explain_room(err);
	if (err == EPIPE)
		remedy("the program that read it has ended: see its messages");
}

/*
 * A file system may accept the flag and refuse the write: then write as usual.  If
 * not everything fits, a part may.
 */
static bool give_up_direct(struct outfile *f, int err)
{
	if (err != -EINVAL && err != -ENOSPC && err != -EFBIG)
		return false;
	if (!f->direct || set_direct(f, false))
		return false;
	f->direct = false;
	return true;
}

/* The old contents go when there is something new to write. */
static int empty(struct outfile *f)
{
	if (f->emptied || !f->regular || f->made) {
		f->emptied = true;
		return 0;
	}
	if (ftruncate(f->out.fd, 0) < 0) {
		explain(f, errno);
		return -1;
	}
	f->emptied = true;
	return 0;
}

/* Nothing is left to write. */
static void drop(struct outfile *f)
{
	f->written += f->tail;
	f->tail = 0;
	f->fill = 0;
}

/* Writes the first @len bytes of the buffer; drops it all if that fails. */
static int flush(struct outfile *f, size_t len)
{
	size_t left = len;
	ssize_t n;

	if (len && empty(f))
		return -1;
	while (left) {
		n = output_write(&f->out, f->buffer + f->start, left);
		if (n == -EAGAIN && has_reader(f))
			return 0;
		if (n < 0 && give_up_direct(f, n))
			continue;
		if (n < 0) {
			explain(f, -n);
			drop(f);
			return -1;
		}
		took(f, n);
		left -= n;
		/* Stopped within a block: the next bytes are not aligned. */
		if (f->direct && n % ALIGNMENT && !set_direct(f, false))
			f->direct = false;
	}
	return 0;
}

/* A FIFO without a reader: is there one now? */
static int find_reader(struct outfile *f)
{
	int fd;

	if (f->out.fd >= 0)
		return 0;
	fd = open(f->name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		output_take(&f->out, fd);
	if (fd < 0 && errno != ENXIO && errno != EINTR) {
		explain(f, errno);
		drop(f);
		return -1;
	}
	return 0;
}

int outfile_commit(struct outfile *f, size_t len)
{
	int64_t now = clock_ns();

	if (f->fill == f->tail)
		f->since_ns = now;
	if (!f->fill)
		f->moved_ns = now;
	f->fill += len;
	return outfile_push(f);
}

bool outfile_waits(const struct outfile *f)
{
	return f->fill && has_reader(f);
}

/* Past the page cache only whole blocks can be written, and large ones are best. */
int outfile_push(struct outfile *f)
{
	if (f->direct && f->fill < BUFFER_SIZE)
		return 0;
	if (find_reader(f))
		return -1;
	return f->out.fd < 0 ? 0 : flush(f, f->fill);
}

/* An incomplete block goes through the page cache, and is written again later. */
static int show_tail(struct outfile *f)
{
	size_t more = f->fill - f->tail;
	ssize_t n;

	if (!more || empty(f))
		return more ? -1 : 0;
	set_direct(f, false);
	n = pwrite(f->out.fd, f->buffer + f->tail, more, f->written + f->tail);
	set_direct(f, true);
	if (n < 0) {
		explain(f, errno);
		drop(f);
		return -1;
	}
	f->tail += n;
	if (!f->unsynced_ns)
		f->unsynced_ns = clock_ns();
	return 0;
}

static int flush_old(struct outfile *f, int64_t now)
{
	if (!f->direct || f->fill == f->tail || now < f->since_ns + FLUSH_NS)
		return 0;
	if (flush(f, f->fill - f->fill % ALIGNMENT))
		return -1;
	f->since_ns = now;
	/* If the file system has refused O_DIRECT, everything is written. */
	return f->direct ? show_tail(f) : flush(f, f->fill);
}

static int sync_file(struct outfile *f)
{
	f->unsynced_ns = 0;
	if ((!f->regular && !f->disk) || !fsync(f->out.fd) || errno == EINVAL ||
	    errno == EROFS)
		return 0;
	explain(f, errno);
	return -1;
}

/* The other streams go on; the message says why this one waits. */
static void tell_stall(struct outfile *f, int64_t now)
{
	if (!f->fill || f->told || now < f->moved_ns + STALL_NS)
		return;
	f->told = true;
	inform("%s: %s, so its stream waits", f->name,
	       f->out.fd < 0 ? "nobody reads it yet" : "its reader has stalled");
}

int outfile_tick(struct outfile *f, int64_t sync_ns)
{
	int64_t now = clock_ns();

	if (!f->opened)
		return 0;
	if (has_reader(f)) {
		tell_stall(f, now);
		return f->fill ? outfile_push(f) : 0;
	}
	if (flush_old(f, now))
		return -1;
	if (!sync_ns || !f->unsynced_ns || now < f->unsynced_ns + sync_ns)
		return 0;
	return sync_file(f);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return !a || (b && b < a) ? b : a;
}

int64_t outfile_due_ns(const struct outfile *f, int64_t sync_ns)
{
	int64_t due = 0;

	if (f->fill && f->out.fd < 0)
		return clock_ns() + READER_NS;
	if (outfile_waits(f))
		return f->told ? 0 : f->moved_ns + STALL_NS;
	if (f->direct && f->fill > f->tail)
		due = f->since_ns + FLUSH_NS;
	if (sync_ns && f->unsynced_ns)
		due = sooner(due, f->unsynced_ns + sync_ns);
	return due;
}

/* Blocks first, so that as much as possible goes past the page cache. */
static int flush_rest(struct outfile *f)
{
	size_t blocks = f->fill - f->fill % ALIGNMENT;

	if (find_reader(f))
		return -1;
	if (f->direct && flush(f, blocks))
		return -1;
	if (f->direct && f->fill) {
		set_direct(f, false);
		f->direct = false;
	}
	if (f->out.fd >= 0 && flush(f, f->fill))
		return -1;
	if (!f->fill)
		return 0;
	message("%zu bytes for %s are lost: nobody has read them", f->fill,
		f->name);
	drop(f);
	return -1;
}

/* Truncating to the same size frees the space reserved after the end. */
static int give_back(struct outfile *f)
{
	if (!f->reserved || !ftruncate(f->out.fd, f->written))
		return 0;
	message("cannot give back the space that %s does not need: %s",
		f->name, strerror(errno));
	return -1;
}

int outfile_close(struct outfile *f)
{
	int ret = flush_rest(f);

	/* A stream of no bytes makes an empty file, too. */
	if (!ret)
		ret = empty(f);
	if (give_back(f))
		ret = -1;
	if (!ret && sync_file(f))
		ret = -1;
	if (f->made)
		newfile_sync_folder(f->name);
	/* Some file systems tell only now that there is no space. */
	if (output_close(&f->out) < 0 && !ret) {
		explain(f, errno);
		ret = -1;
	}
	f->opened = false;
	return ret;
}
