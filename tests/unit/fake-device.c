// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <linux/fpgabuf.h>
#include <linux/sockios.h>

#include "common/clock.h"
#include "fake-device.h"
#include "recv/pattern.h"

#define MAX_CAPTURES	256U
#define PAGE_SIZE	4096U

/* Queued captures, and behind them the finished ones, both in order. */
struct capture {
	struct fpgabuf_queue queue;
	uint64_t length;
	struct fpgabuf_dequeue result;
};

#define WELL_BEHAVED	{ \
	.alignment = 8, \
	.queue_depth = 16, \
	.version = FPGABUF_UAPI_VERSION, \
	.capabilities = FPGABUF_CAP_EXACT_GAPS | FPGABUF_CAP_EXACT_BYTES | \
			FPGABUF_CAP_STOP | FPGABUF_CAP_PACKETS | \
			FPGABUF_CAP_IMPORTERS_DONE | FPGABUF_CAP_BASELINE, \
	.transfers = 16, \
}

struct fake_device fake = WELL_BEHAVED;

static int fake_fd = -1;
static int feed = -1;
static struct capture queued[MAX_CAPTURES], done[MAX_CAPTURES];
static unsigned int queued_count, done_count;
/* Regions that have been captured into, by descriptor. */
static bool used[1024];
static bool refused[1024];

int __real_open64(const char *path, int flags, ...);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
ssize_t __real_splice(int fd_in, off_t *off_in, int fd_out, off_t *off_out,
		      size_t len, unsigned int flags);
ssize_t __wrap_splice(int fd_in, off_t *off_in, int fd_out, off_t *off_out,
		      size_t len, unsigned int flags);

void fake_reset(void)
{
	fake = (struct fake_device)WELL_BEHAVED;
	fake_fd = -1;
	queued_count = 0;
	done_count = 0;
	memset(used, 0, sizeof(used));
	memset(refused, 0, sizeof(refused));
}

void fake_plain(void)
{
	fake.capabilities = FPGABUF_CAP_STOP;
	fake.max_capture = 16376;
	fake.max_packet = 16376;
	fake.transfers = 1;
	fake.gap_every = 1;
}

/* For the device of another process */
static void set_up_from_environment(void)
{
	const char *most = getenv("FAKE_CAPTURES");
	const char *fail_at = getenv("FAKE_FAIL_AT");
	const char *alloc_errno = getenv("FAKE_ALLOC_ERRNO");

	if (getenv("FAKE_FEED"))
		feed = __real_open64(getenv("FAKE_FEED"), O_RDONLY | O_CLOEXEC);
	if (getenv("FAKE_PLAIN"))
		fake_plain();
	if (getenv("FAKE_EMPTY_GAPS")) {
		fake.empty_every = 2;
		fake.gap_every = 2;
	}
	if (fail_at) {
		fake.fail_at = strtoul(fail_at, NULL, 10);
		fake.fail_for = UINT_MAX;
	}
	if (alloc_errno)
		fake.alloc_errno = strtol(alloc_errno, NULL, 10);
	if (getenv("FAKE_QUEUE_ERRNO"))
		fake.queue_errno = strtol(getenv("FAKE_QUEUE_ERRNO"), NULL, 10);
	if (getenv("FAKE_GAP_EVERY"))
		fake.gap_every = strtoul(getenv("FAKE_GAP_EVERY"), NULL, 10);
	if (getenv("FAKE_SHORT_EVERY"))
		fake.short_every = strtoul(getenv("FAKE_SHORT_EVERY"), NULL, 10);
	if (getenv("FAKE_BUSY_TURNS"))
		fake.busy_turns = true;
	if (getenv("FAKE_NEVER"))
		fake.never = true;
	if (getenv("FAKE_STREAMS"))
		fake.streams = true;
	if (getenv("FAKE_SLICES"))
		fake.capabilities |= FPGABUF_CAP_SLICES;
	if (getenv("FAKE_PINS"))
		fake.pins = strtoul(getenv("FAKE_PINS"), NULL, 10);
	if (most)
		fake.most_captures = strtoul(most, NULL, 10);
}

/* An eventfd that counts the finished captures polls as the device does. */
int __wrap_open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (strcmp(path, FAKE_DEVICE))
		return __real_open64(path, flags, mode);
	set_up_from_environment();
	fake_fd = eventfd(0, EFD_SEMAPHORE | EFD_CLOEXEC |
			  (flags & O_NONBLOCK ? EFD_NONBLOCK : 0));
	return fake_fd;
}

static int do_info(struct fpgabuf_info *info)
{
	*info = (struct fpgabuf_info){
		.version = fake.version,
		.name = "fpgabuf-fake",
		.capabilities = fake.capabilities |
				(fake.streams ? FPGABUF_CAP_STREAM : 0),
		.max_capture = fake.max_capture,
		.max_packet = fake.max_packet,
		.transfers = fake.transfers,
		.max_region_size = 1 << 30,
		.limit_bytes = 1 << 30,
		.alignment = fake.alignment,
		.queue_depth = fake.queue_depth,
		.queued = queued_count,
		.captures = fake.captures,
	};
	return 0;
}

static int do_alloc(struct fpgabuf_alloc *a)
{
	if (fake.alloc_errno)
		return fake.alloc_errno;
	if (!a->size || a->flags & ~FPGABUF_ALLOC_SCATTER ||
	    (a->fd_flags != (O_RDWR | O_CLOEXEC) &&
	     a->fd_flags != (O_RDONLY | O_CLOEXEC))) {
		fake.bad_calls++;
		return EINVAL;
	}
	fake.access = a->fd_flags & O_ACCMODE;
	a->size = (a->size + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
	a->backend = a->flags ? FPGABUF_BACKEND_SCATTER :
		     fake.single_pages ? FPGABUF_BACKEND_PAGES :
					 FPGABUF_BACKEND_FOLIO;
	a->chunks = a->flags ? 3 : 1;
	a->fd = memfd_create("fake region", MFD_CLOEXEC);
	if (a->fd < 0 || ftruncate(a->fd, a->size))
		return errno;
	return 0;
}

static uint32_t state_of(int fd)
{
	unsigned int i;

	for (i = 0; i < queued_count; i++)
		if (queued[i].queue.fd == fd)
			return FPGABUF_REGION_QUEUED;
	for (i = 0; i < done_count; i++)
		if (done[i].queue.fd == fd)
			return FPGABUF_REGION_DONE;
	if (fake.kept_until_ns && clock_ns() >= fake.kept_until_ns)
		fake.kept = false;
	return fake.kept && used[fd] ? FPGABUF_REGION_QUEUED :
				       FPGABUF_REGION_IDLE;
}

static int do_region_info(struct fpgabuf_region_info *info)
{
	struct stat st;

	if (fstat(info->fd, &st))
		return errno;
	info->size = st.st_size;
	info->backend = fake.single_pages ? FPGABUF_BACKEND_PAGES :
					    FPGABUF_BACKEND_FOLIO;
	info->in_use = fake.in_use;
	info->standing = fake.pins;
	info->importers = used[info->fd] ? fake.importers : 0;
	info->state = state_of(info->fd);
	return 0;
}

/* Bytes of the stream from a place on: of a file, again and again, or the pattern */
static size_t get_stream(uint64_t place, uint8_t *data, size_t len)
{
	off_t size;
	ssize_t n;
	size_t i;

	if (feed < 0) {
		for (i = 0; i < len; i++)
			data[i] = pattern_byte(place + i);
		return len;
	}
	size = lseek(feed, 0, SEEK_END);
	n = size > 0 ? pread(feed, data, len, place % size) : 0;
	if (n <= 0)
		abort();
	return n;
}

/* The FPGA goes on where the last capture ended. */
static void write_stream(int fd, uint64_t offset, uint64_t bytes)
{
	static uint8_t data[65536];
	uint64_t at = 0;
	size_t n;

	while (at < bytes) {
		n = bytes - at < sizeof(data) ? bytes - at : sizeof(data);
		n = get_stream(fake.bytes + at, data, n);
		if (pwrite(fd, data, n, offset + at) != (ssize_t)n)
			abort();
		at += n;
	}
	fake.bytes += bytes;
}

static bool is_turn(unsigned int every)
{
	return every && fake.captures % every == 0;
}

/* The oldest queued capture is finished, with an error or with all it can. */
static void finish_first(int error, uint64_t bytes)
{
	struct capture c = queued[0];
	uint64_t one = 1;

	memmove(queued, queued + 1, --queued_count * sizeof(*queued));
	fake.captures++;
	c.result.cookie = c.queue.cookie;
	c.result.sequence = fake.captures - 1;
	c.result.timestamp_ns = clock_ns();
	c.result.error = -error;
	if (error)
		c.result.status |= FPGABUF_CAPTURE_ERROR;
	else if (is_turn(fake.empty_every))
		bytes = 0;
	else if (is_turn(fake.short_every))
		bytes--;
	if (bytes < c.length)
		c.result.status |= FPGABUF_CAPTURE_PARTIAL;
	if (is_turn(fake.gap_every))
		c.result.status |= FPGABUF_CAPTURE_GAP;
	if (!error && is_turn(fake.timeout_every)) {
		c.result.error = -ETIMEDOUT;
		c.result.status |= FPGABUF_CAPTURE_ERROR |
				   FPGABUF_CAPTURE_TIMEOUT;
	}
	write_stream(c.queue.fd, c.result.offset, bytes);
	c.result.bytes = bytes;
	done[done_count++] = c;
	if (write(fake_fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

static bool fails_now(void)
{
	uint64_t end = (uint64_t)fake.fail_at + (fake.fail_for ?: 1);

	return fake.fail_at && fake.captures + 1 >= fake.fail_at &&
	       fake.captures + 1 < end;
}

static bool slice_is_valid(const struct fpgabuf_queue *q)
{
	return !q->slice || (fake.capabilities & FPGABUF_CAP_SLICES &&
			     q->slice % FPGABUF_SLICE_ALIGN == 0 &&
			     q->slice % fake.alignment == 0);
}

static bool has_room(void)
{
	return queued_count + done_count < MAX_CAPTURES &&
	       queued_count < fake.queue_depth &&
	       (!fake.room || queued_count + done_count < fake.room);
}

static void start_capture(const struct fpgabuf_queue *q, uint64_t offset,
			  uint64_t length)
{
	queued[queued_count++] = (struct capture){
		.queue = *q,
		.length = length,
		.result.offset = offset,
	};
	if (queued_count > fake.most_queued)
		fake.most_queued = queued_count;
	if (!fake.never &&
	    (!fake.most_captures || fake.captures < fake.most_captures))
		finish_first(fails_now() ? fake.fail_errno ?: EIO : 0, length);
}

/* As many as there is room for.  Return: how many. */
static unsigned int start_captures(const struct fpgabuf_queue *q)
{
	const uint64_t slice = q->slice ?: q->length;
	unsigned int nr = 0;
	uint64_t at, left;

	for (at = 0; at < q->length && has_room(); at += slice, nr++) {
		left = q->length - at;
		start_capture(q, at, left < slice ? left : slice);
	}
	return nr;
}

static int do_queue(const struct fpgabuf_queue *q, int *answer)
{
	fake.queue_calls++;
	fake.timeout_ms = q->timeout_ms;
	if (fake.queue_errno)
		return fake.queue_errno;
	if (!q->length || q->length % fake.alignment ||
	    q->flags & ~FPGABUF_QUEUE_IMPORTERS_DONE || !slice_is_valid(q) ||
	    q->timeout_ms > FPGABUF_TIMEOUT_MAX_MS) {
		fake.bad_calls++;
		return EINVAL;
	}
	if (fake.max_capture && (q->slice ?: q->length) > fake.max_capture)
		return EMSGSIZE;
	if (!has_room()) {
		fake.refused += fake.room &&
				queued_count + done_count >= fake.room;
		return ENOBUFS;
	}
	if (state_of(q->fd) != FPGABUF_REGION_IDLE)
		return EBUSY;
	if (used[q->fd] && fake.importers && !q->flags)
		return EBUSY;
	if (used[q->fd] && fake.busy) {
		fake.busy--;
		return EBUSY;
	}
	if (used[q->fd] && fake.busy_turns && (refused[q->fd] = !refused[q->fd]))
		return EBUSY;
	used[q->fd] = true;
	*answer = start_captures(q);
	if (!q->slice)
		*answer = 0;
	return 0;
}

static int do_dequeue(struct fpgabuf_dequeue *d)
{
	uint64_t count;

	if (!done_count)
		return queued_count ? EAGAIN : EPIPE;
	*d = done[0].result;
	d->bytes += fake.more_bytes;
	d->cookie += fake.more_cookie;
	memmove(done, done + 1, --done_count * sizeof(*done));
	if (read(fake_fd, &count, sizeof(count)) != sizeof(count))
		abort();
	return 0;
}

static int do_cancel(struct fpgabuf_cancel *c)
{
	uint64_t bytes = fake.canceled_bytes;

	c->canceled = queued_count;
	while (queued_count) {
		finish_first(ECANCELED, bytes);
		bytes = 0;
	}
	return 0;
}

static bool is_interrupted(void)
{
	if (!fake.interrupts)
		return false;
	fake.interrupts--;
	return true;
}

/* There are bytes as long as there may be captures. */
static int do_stream(struct fpgabuf_stream_setup *setup)
{
	uint64_t one = 1;

	if (!fake.streams)
		return ENOTTY;
	if (fake.stream_errno)
		return fake.stream_errno;
	if (setup->count > fake.queue_depth ||
	    setup->limit % fake.alignment)
		return EINVAL;
	fake.setup = *setup;
	setup->size = (setup->size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	if (write(fake_fd, &one, sizeof(one)) != sizeof(one))
		abort();
	return 0;
}

static bool stream_ends(void)
{
	if (fake.stopped)
		return !fake.ahead;
	return fake.setup.limit && fake.bytes >= fake.setup.limit;
}

static uint64_t capture_size(void)
{
	const uint64_t size = (fake.setup.size + PAGE_SIZE - 1) &
			      ~(uint64_t)(PAGE_SIZE - 1);
	const uint64_t left = fake.setup.limit - fake.bytes;

	return fake.setup.limit && left < size ? left : size;
}

/* The next capture, if all of this one was read: 0, or EAGAIN, or ENODATA: the end */
static int begin_capture(void)
{
	uint64_t count;

	if (fake.bytes < fake.capture_end)
		return 0;
	if (stream_ends())
		return ENODATA;
	if (fake.never || (fake.most_captures &&
			   fake.captures >= fake.most_captures)) {
		if (read(fake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
			abort();
		return EAGAIN;
	}
	fake.ahead -= !!fake.ahead;
	if (fails_now()) {
		fake.captures++;
		fake.errors++;
		return EAGAIN;
	}
	fake.captures++;
	fake.capture_end += capture_size();
	return 0;
}

/* Those that have ended can still be read, and what the next one has. */
static void stop_stream(void)
{
	uint64_t one = 1;

	if (fake.stopped)
		return;
	fake.stopped = true;
	if (!fake.ahead && fake.canceled_bytes) {
		fake.captures++;
		fake.capture_end += fake.canceled_bytes;
	}
	if (write(fake_fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

static int do_stream_info(struct fpgabuf_stream_info *info)
{
	if (!fake.streams)
		return ENOTTY;
	if (!fake.setup.count)
		return EINVAL;
	if (info->flags & FPGABUF_STREAM_STOP)
		stop_stream();
	begin_capture();
	info->error = info->flags & FPGABUF_STREAM_GO_ON ? 0 : -EOVERFLOW;
	info->gaps = 1;
	info->captures = fake.captures;
	info->errors = fake.errors;
	info->queued = fake.away ? 0 : fake.setup.count;
	info->held = fake.away ? fake.setup.count : 0;
	return 0;
}

/* References to pages and copies look the same in a pipe. */
static ssize_t stream_read(int pipe, size_t len)
{
	static uint8_t data[65536];
	const uint64_t left = fake.capture_end - fake.bytes;
	ssize_t n;
	size_t i;

	if (len > sizeof(data))
		len = sizeof(data);
	if (len > left)
		len = left;
	for (i = 0; i < len; i++)
		data[i] = pattern_byte(fake.bytes + i);
	n = write(pipe, data, len);
	if (n > 0)
		fake.bytes += n;
	return n;
}

ssize_t __wrap_splice(int fd_in, off_t *off_in, int fd_out, off_t *off_out,
		      size_t len, unsigned int flags)
{
	if (fd_in < 0 || fd_in != fake_fd || !fake.setup.count)
		return __real_splice(fd_in, off_in, fd_out, off_out, len,
				     flags);
	if (!len)
		return 0;
	errno = begin_capture();
	if (errno)
		return errno == ENODATA ? 0 : -1;
	return stream_read(fd_out, len);
}

static int do_baseline(struct fpgabuf_baseline *b)
{
	if (used[b->fd])
		return EPERM;
	b->pins = fake.pins;
	return b->pins ? 0 : ENOENT;
}

static int dispatch(unsigned long request, void *arg, int *answer)
{
	if (request != FPGABUF_IOC_DEQUEUE && is_interrupted())
		return EINTR;
	switch (request) {
	case FPGABUF_IOC_INFO:
		return do_info(arg);
	case FPGABUF_IOC_ALLOC:
		return do_alloc(arg);
	case FPGABUF_IOC_QUEUE:
		return do_queue(arg, answer);
	case FPGABUF_IOC_DEQUEUE:
		return do_dequeue(arg);
	case FPGABUF_IOC_CANCEL:
		return do_cancel(arg);
	case FPGABUF_IOC_REGION_INFO:
		return do_region_info(arg);
	case FPGABUF_IOC_STREAM:
		return do_stream(arg);
	case FPGABUF_IOC_STREAM_INFO:
		return do_stream_info(arg);
	case FPGABUF_IOC_BASELINE:
		return do_baseline(arg);
	default:
		return ENOTTY;
	}
}

/* To be asked for something that does not exist; only dma-bufs understand. */
static int memory_file_sync(int fd, const struct dma_buf_sync *sync)
{
	if (fcntl(fd, F_GET_SEALS) < 0)
		return ENOTTY;
	if (is_interrupted())
		return EINTR;
	return sync->flags & ~DMA_BUF_SYNC_VALID_FLAGS_MASK ? EINVAL : 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;
	int err, answer = 0;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (request == DMA_BUF_IOCTL_SYNC &&
	    (fake.dmabufs || getenv("FAKE_DMABUFS")))
		err = memory_file_sync(fd, arg);
	else if (request == SIOCETHTOOL && fake.ethtool)
		err = fake.ethtool(((struct ifreq *)arg)->ifr_data);
	else if (fd >= 0 && fd == fake_fd &&
		 _IOC_TYPE(request) == FPGABUF_IOC_MAGIC)
		err = dispatch(request, arg, &answer);
	else
		return __real_ioctl(fd, request, arg);
	if (!err)
		return answer;
	errno = err;
	return -1;
}
