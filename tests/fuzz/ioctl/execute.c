// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a program, and looks whether each call has kept to its contract
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/dma-buf.h>
#include <linux/fpgabuf.h>

#include "ioctl-fuzz.h"

#define DEVICES		2
#define MAX_MAP		(4UL << 20)
#define PAGE		4096UL

/**
 * struct region - a dma-buf that the program has
 * @fd: its descriptor, or -1
 * @size: its bytes
 * @map: where it is mapped, or NULL
 * @map_size: how much of it
 * @pipe: holds pages of it, or -1
 */
struct region {
	int fd;
	uint64_t size;
	void *map;
	size_t map_size;
	int pipe[2];
};

/**
 * struct machine - what a running program has
 * @file: open files of the devices
 * @region: dma-bufs
 * @program: what runs
 * @at: and where it is
 * @changed: what it has set in the simulators, a bit for each of settings[]
 */
struct machine {
	int file[FILES];
	struct region region[REGIONS];
	const struct program *program;
	unsigned int at;
	unsigned int changed[DEVICES];
};

union argument {
	struct fpgabuf_info info;
	struct fpgabuf_alloc alloc;
	struct fpgabuf_queue queue;
	struct fpgabuf_dequeue dequeue;
	struct fpgabuf_cancel cancel;
	struct fpgabuf_region_info region_info;
	struct fpgabuf_stream_setup setup;
	struct fpgabuf_stream_info stream_info;
	struct fpgabuf_baseline baseline;
	char bytes[512];
};

static void broken(const struct machine *m, const char *what, long value)
{
	fprintf(stderr, "operation %u: %s: %ld; the program:\n", m->at, what,
		value);
	program_print(m->program, stderr);
	exit(EXIT_FAILURE);
}

/* What each ioctl may return, by the header; the general rules are added. */
static bool may_fail_with(unsigned int call, int error)
{
	static const short allowed[][12] = {
		[CALL_INFO] = { 0 },
		[CALL_ALLOC] = { EDQUOT, ENOMEM, EIO, ENODEV, EMFILE, ENFILE,
				 EINTR },
		[CALL_QUEUE] = { EBADF, ENODEV, EXDEV, EBUSY, EUSERS, ENOBUFS,
				 EIO, ENOMEM, EINTR },
		[CALL_DEQUEUE] = { EAGAIN, EPIPE, ENODEV, EBUSY, EINTR },
		[CALL_CANCEL] = { ENODEV, EBUSY },
		[CALL_REGION_INFO] = { EBADF, EXDEV },
		[CALL_STREAM] = { EBUSY, EUSERS, EDQUOT, ENOMEM, EIO, ENODEV,
				  EINTR },
		[CALL_STREAM_INFO] = { EINTR },
		[CALL_BASELINE] = { EBADF, EXDEV, ENODEV, EBUSY, EPERM, EALREADY,
				    ENOENT, EOPNOTSUPP, ENOMEM },
		[CALL_RAW] = { ENOTTY, EBADF, EXDEV, EAGAIN, EPIPE },
	};
	unsigned int i;

	if (error == EINVAL || error == EFAULT || error == E2BIG)
		return true;
	for (i = 0; i < ARRAY_SIZE(allowed[0]); i++)
		if (allowed[call][i] && allowed[call][i] == error)
			return true;
	return false;
}

static const struct {
	unsigned int cmd;
	size_t flags, reserved;
} ioctls[] = {
#define IOCTL(name, type, flag)						\
	{ FPGABUF_IOC_##name, offsetof(struct type, flag),		\
	  offsetof(struct type, reserved) }
	[CALL_INFO] = IOCTL(INFO, fpgabuf_info, flags),
	[CALL_ALLOC] = IOCTL(ALLOC, fpgabuf_alloc, flags),
	[CALL_QUEUE] = IOCTL(QUEUE, fpgabuf_queue, flags),
	[CALL_DEQUEUE] = IOCTL(DEQUEUE, fpgabuf_dequeue, flags),
	[CALL_CANCEL] = IOCTL(CANCEL, fpgabuf_cancel, flags),
	[CALL_REGION_INFO] = IOCTL(REGION_INFO, fpgabuf_region_info, flags),
	[CALL_STREAM] = IOCTL(STREAM, fpgabuf_stream_setup, flags),
	[CALL_STREAM_INFO] = IOCTL(STREAM_INFO, fpgabuf_stream_info, flags),
	[CALL_BASELINE] = IOCTL(BASELINE, fpgabuf_baseline, flags),
};

static int spoiled_fd(const struct machine *m, const struct op *op, int fd)
{
	static const int others[] = { -1, 0, INT_MAX, INT_MIN };

	if (!(op->spoil & SPOIL_FD))
		return fd;
	if (op->value[2] & 1)
		return m->file[op->file];
	return others[op->value[2] / 2 % ARRAY_SIZE(others)];
}

static void fill(const struct machine *m, const struct op *op,
		 union argument *arg)
{
	int fd = spoiled_fd(m, op, m->region[op->region].fd);

	memset(arg, 0, sizeof(*arg));
	switch (op->call) {
	case CALL_ALLOC:
		arg->alloc.size = op->value[0];
		arg->alloc.flags = op->value[1];
		arg->alloc.fd_flags = op->value[2];
		break;
	case CALL_QUEUE:
		arg->queue.length = op->value[0];
		arg->queue.timeout_ms = op->value[1];
		arg->queue.cookie = op->value[2];
		arg->queue.fd = fd;
		break;
	case CALL_REGION_INFO:
		arg->region_info.fd = fd;
		break;
	case CALL_STREAM:
		arg->setup.size = op->value[0];
		arg->setup.count = op->value[1];
		arg->setup.flags = op->value[2] & 1;
		arg->setup.timeout_ms = op->value[2] / 4;
		if (op->value[2] & 2)
			arg->setup.limit = op->value[0];
		break;
	case CALL_STREAM_INFO:
		arg->stream_info.flags = op->value[0] & 3;
		break;
	case CALL_BASELINE:
		arg->baseline.fd = fd;
		break;
	case CALL_RAW:
		memcpy(arg->bytes, op->value, sizeof(op->value));
		break;
	}
}

/* Returns the number of the ioctl, with its size as spoiled as the rest. */
static unsigned int spoil(const struct op *op, union argument *arg)
{
	unsigned int cmd = ioctls[op->call].cmd, size = _IOC_SIZE(cmd);

	if (op->spoil & SPOIL_FLAGS)
		arg->bytes[ioctls[op->call].flags + op->value[1] % 4] ^=
			1 << op->value[2] % 8;
	if (op->spoil & SPOIL_RESERVED)
		arg->bytes[ioctls[op->call].reserved +
			   op->value[2] % (size -
					   ioctls[op->call].reserved)] = 1;
	if (op->spoil & SPOIL_TAIL)
		arg->bytes[size] = 1;
	if (op->spoil & SPOIL_LONG)
		size += 8;
	if (op->spoil & SPOIL_SHORT)
		size -= 1 + op->value[2] % 16;
	return _IOC(_IOC_DIR(cmd), _IOC_TYPE(cmd), _IOC_NR(cmd), size);
}

/* Any number, of our kind or not, but none of those that do something. */
static unsigned int raw_cmd(const struct op *op)
{
	unsigned int cmd = op->value[0];

	if (op->value[1] & 1)
		return cmd;
	return _IOC(cmd >> 30, FPGABUF_IOC_MAGIC,
		    16 + op->value[1] / 2 % 200,
		    op->value[2] & _IOC_SIZEMASK);
}

static void check_alloc(struct machine *m, const struct op *op,
			const struct fpgabuf_alloc *alloc)
{
	struct region *region = &m->region[op->region];

	if (alloc->size % PAGE || alloc->size < op->value[0] ||
	    alloc->size - op->value[0] >= PAGE || !alloc->chunks)
		broken(m, "ALLOC gave a region of size", alloc->size);
	if (region->fd >= 0)
		close(region->fd);
	region->fd = alloc->fd;
	region->size = alloc->size;
}

static void check_dequeue(const struct machine *m,
			  const struct fpgabuf_dequeue *done)
{
	const uint32_t known = FPGABUF_CAPTURE_PARTIAL | FPGABUF_CAPTURE_ERROR |
			       FPGABUF_CAPTURE_TIMEOUT | FPGABUF_CAPTURE_GAP;

	if (done->status & ~known || done->bytes > UINT32_MAX)
		broken(m, "DEQUEUE gave a status of", done->status);
	if (!!done->error != !!(done->status & FPGABUF_CAPTURE_ERROR) ||
	    (done->error == -ETIMEDOUT) !=
	    !!(done->status & FPGABUF_CAPTURE_TIMEOUT))
		broken(m, "DEQUEUE gave an error of", done->error);
}

static int run_ioctl(struct machine *m, const struct op *op)
{
	union argument arg;
	void *pointer = &arg;
	unsigned int cmd;
	int ret;

	fill(m, op, &arg);
	cmd = op->call == CALL_RAW ? raw_cmd(op) : spoil(op, &arg);
	if (op->spoil & SPOIL_POINTER)
		pointer = op->value[2] & 1 ? NULL : (void *)op->value[2];
	ret = ioctl(m->file[op->file], cmd, pointer) ? -errno : 0;
	if (m->file[op->file] < 0)
		return ret;
	if (ret && !may_fail_with(op->call, -ret))
		broken(m, "an ioctl failed with", ret);
	/* Where the answer went is known only if the question was a good one. */
	if (ret || pointer != &arg)
		return ret;
	if (op->call == CALL_ALLOC)
		check_alloc(m, op, &arg.alloc);
	else if (op->call == CALL_DEQUEUE)
		check_dequeue(m, &arg.dequeue);
	return ret;
}

static int run_open(struct machine *m, const struct op *op)
{
	static const char * const nodes[DEVICES] = {
		"/dev/fpgabuf0", "/dev/fpgabuf1"
	};
	int *file = &m->file[op->file];

	if (*file >= 0)
		return -EALREADY;
	/* Mostly the first, so that regions meet devices they belong to. */
	*file = open(nodes[op->value[0] % 8 == 7], O_RDWR | O_NONBLOCK |
						   O_CLOEXEC);
	return *file < 0 ? -errno : 0;
}

static int close_fd(int *fd)
{
	int ret = close(*fd) ? -errno : 0;

	*fd = -1;
	return ret;
}

static int run_dup(struct machine *m, const struct op *op)
{
	struct region *from = &m->region[op->region];
	struct region *to = &m->region[op->value[0] % REGIONS];

	if (to->fd >= 0)
		return -EALREADY;
	to->fd = dup(from->fd);
	to->size = from->size;
	return to->fd < 0 ? -errno : 0;
}

static int run_poll(int fd, uint64_t events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

static int run_map(struct region *region, const struct op *op)
{
	size_t size = op->value[0] ? op->value[0] % MAX_MAP : region->size;
	int prot = op->value[1] % 8, flags = op->value[1] >> 3 & 3;

	if (region->map)
		return -EALREADY;
	if (size > MAX_MAP)
		size = MAX_MAP;
	region->map = mmap(NULL, size, prot ?: PROT_READ | PROT_WRITE,
			   flags ?: MAP_SHARED, region->fd,
			   op->value[2] % 4 ? 0 : op->value[2] * PAGE);
	region->map_size = size;
	if (region->map != MAP_FAILED)
		return 0;
	region->map = NULL;
	return -errno;
}

static int run_unmap(struct region *region)
{
	if (!region->map)
		return -EINVAL;
	munmap(region->map, region->map_size);
	region->map = NULL;
	return 0;
}

/*
 * By the kernel's hand: what is not there makes an error and not a signal.  Not
 * beyond the mapping, behind which may be something of ours.
 */
static int run_touch(const struct region *region, const struct op *op)
{
	static char bytes[64];
	struct iovec here = { bytes, sizeof(bytes) };
	struct iovec there = { region->map, sizeof(bytes) };
	ssize_t n;

	if (!region->map)
		return -EINVAL;
	there.iov_base = (char *)region->map +
			 op->value[0] % region->map_size / sizeof(bytes) *
			 sizeof(bytes);
	n = op->value[1] & 1 ?
	    process_vm_writev(getpid(), &here, 1, &there, 1, 0) :
	    process_vm_readv(getpid(), &here, 1, &there, 1, 0);
	return n < 0 ? -errno : 0;
}

static int run_sync(const struct region *region, const struct op *op)
{
	struct dma_buf_sync sync = {
		.flags = op->value[0] % 16 ? op->value[1] & 7 : op->value[1],
	};

	return ioctl(region->fd, DMA_BUF_IOCTL_SYNC, &sync) ? -errno : 0;
}

static int run_sync_file(const struct region *region, const struct op *op)
{
	struct dma_buf_export_sync_file file = {
		.flags = op->value[0] % 4,
	};

	if (ioctl(region->fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &file))
		return -errno;
	return close(file.fd) ? -errno : 0;
}

/* A pipe holds pages of the region, as a send does. */
static int run_pin(struct region *region, const struct op *op)
{
	struct iovec pages = { region->map, PAGE };

	if (!region->map || region->pipe[0] >= 0)
		return -EINVAL;
	if (pipe2(region->pipe, O_NONBLOCK | O_CLOEXEC))
		return -errno;
	pages.iov_len += op->value[0] % 4 * PAGE;
	return vmsplice(region->pipe[1], &pages, 1, SPLICE_F_NONBLOCK) < 0 ?
	       -errno : 0;
}

static int run_unpin(struct region *region)
{
	if (region->pipe[0] < 0)
		return -EINVAL;
	close_fd(&region->pipe[0]);
	return close_fd(&region->pipe[1]);
}

/* What reading may fail with, whether the file is a stream or not */
static int check_read(const struct machine *m, int file, ssize_t n)
{
	if (n >= 0)
		return 0;
	if (file >= 0 && errno != EAGAIN && errno != EINVAL &&
	    errno != EOVERFLOW && errno != EIO && errno != ENODEV &&
	    errno != EINTR)
		broken(m, "reading failed with", errno);
	return -errno;
}

static int run_read(const struct machine *m, const struct op *op)
{
	static char bytes[1 << 17];
	int file = m->file[op->file];
	ssize_t n = read(file, bytes, op->value[0] % sizeof(bytes));

	/* There is no end of a stream. */
	if (!n && op->value[0] % sizeof(bytes))
		broken(m, "read() gave", n);
	return check_read(m, file, n);
}

/* The pipe has what is read until it is closed. */
static int run_splice(const struct machine *m, const struct op *op,
		      struct region *region)
{
	size_t size = 1 + op->value[0] % (1 << 17);
	int file = m->file[op->file];
	ssize_t n;

	if (region->pipe[0] < 0 && pipe2(region->pipe, O_NONBLOCK | O_CLOEXEC))
		return -errno;
	if (op->call == CALL_SPLICE)
		n = splice(file, NULL, region->pipe[1], NULL, size,
			   SPLICE_F_NONBLOCK);
	else
		n = sendfile(region->pipe[1], file, NULL, size);
	return check_read(m, file, n);
}

static int sim_write(unsigned int device, const char *name, uint64_t value)
{
	char path[96], text[32];
	int fd, len, ret = 0;

	snprintf(path, sizeof(path),
		 "/sys/devices/platform/fpgabuf-sim.%u/%s", device, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	if (write(fd, text, len) != len)
		ret = -errno;
	close(fd);
	return ret;
}

/* What the FPGA can do to the driver, and how it normally is. */
static const struct {
	const char *name;
	uint64_t limit, normal;
} settings[] = {
	{ "fail_prep", 3, 0 }, { "fail_submit", 3, 0 },
	{ "fail_transfer", 3, 0 }, { "stall", 2, 0 }, { "packet", 9000, 0 },
	{ "burst", 100000, 65536 }, { "delay_us", 500, 0 },
};

static int run_sim(struct machine *m, const struct op *op)
{
	unsigned int i = op->value[0] % ARRAY_SIZE(settings);
	unsigned int device = op->value[2] % DEVICES;
	uint64_t value = op->value[1] % settings[i].limit;

	m->changed[device] |= 1U << i;
	return sim_write(device, settings[i].name, value ?: settings[i].normal);
}

static int run_op(struct machine *m, const struct op *op)
{
	struct region *region = &m->region[op->region];

	switch (op->call) {
	case CALL_OPEN:
		return run_open(m, op);
	case CALL_CLOSE:
		return close_fd(&m->file[op->file]);
	case CALL_CLOSE_REGION:
		return close_fd(&region->fd);
	case CALL_DUP_REGION:
		return run_dup(m, op);
	case CALL_POLL:
		return run_poll(m->file[op->file], op->value[0]);
	case CALL_POLL_REGION:
		return run_poll(region->fd, op->value[0]);
	case CALL_MAP:
		return run_map(region, op);
	case CALL_UNMAP:
		return run_unmap(region);
	case CALL_TOUCH:
		return run_touch(region, op);
	case CALL_SYNC:
		return run_sync(region, op);
	case CALL_SYNC_FILE:
		return run_sync_file(region, op);
	case CALL_PIN:
		return run_pin(region, op);
	case CALL_UNPIN:
		return run_unpin(region);
	case CALL_SIM:
		return run_sim(m, op);
	case CALL_READ:
		return run_read(m, op);
	case CALL_SPLICE:
	case CALL_SENDFILE:
		return run_splice(m, op, region);
	default:
		return run_ioctl(m, op);
	}
}

static void begin(struct machine *m, const struct program *p)
{
	unsigned int i;

	*m = (struct machine){ .program = p };
	for (i = 0; i < FILES; i++)
		m->file[i] = -1;
	for (i = 0; i < REGIONS; i++)
		m->region[i] = (struct region){ .fd = -1, .pipe = { -1, -1 } };
}

static void sim_restore(unsigned int device, unsigned int changed)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (changed & 1U << i)
			sim_write(device, settings[i].name,
				  settings[i].normal);
}

/* The next program finds the world as this one did. */
static void end(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < REGIONS; i++) {
		run_unmap(&m->region[i]);
		run_unpin(&m->region[i]);
		close_fd(&m->region[i].fd);
	}
	for (i = 0; i < FILES; i++)
		close_fd(&m->file[i]);
	for (i = 0; i < DEVICES; i++)
		sim_restore(i, m->changed[i]);
}

unsigned int program_run(const struct program *p)
{
	struct machine m;

	begin(&m, p);
	for (m.at = 0; m.at < p->nr; m.at++)
		cover_result(p->op[m.at].call, run_op(&m, &p->op[m.at]));
	end(&m);
	return p->nr;
}

bool devices_idle(void)
{
	static const char * const nodes[DEVICES] = {
		"/dev/fpgabuf0", "/dev/fpgabuf1"
	};
	struct fpgabuf_info info;
	unsigned int i;
	int fd;

	for (i = 0; i < DEVICES; i++) {
		memset(&info, 0, sizeof(info));
		fd = open(nodes[i], O_RDWR | O_CLOEXEC);
		if (fd < 0 || ioctl(fd, FPGABUF_IOC_INFO, &info)) {
			perror(nodes[i]);
			return false;
		}
		close(fd);
		printf("%s: %llu captures, %llu with a gap, %llu refused as in use\n",
		       nodes[i], (unsigned long long)info.captures,
		       (unsigned long long)info.gaps,
		       (unsigned long long)info.busy);
		if (info.used_bytes || info.queued) {
			fprintf(stderr, "%s: %llu bytes and %u captures left\n",
				nodes[i], (unsigned long long)info.used_bytes,
				info.queued);
			return false;
		}
	}
	return true;
}
