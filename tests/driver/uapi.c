// SPDX-License-Identifier: GPL-2.0-only
/* Every call with everything wrong that can be wrong. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bed.h"

/* A call, its flags, and where in its structure only zero is allowed. */
struct call_spec {
	const char *name;
	unsigned int cmd;
	size_t flags;
	uint32_t known_flags;
	size_t reserved[2][2];
};

static const struct call_spec calls[] = {
	{
		.name = "INFO",
		.cmd = FPGABUF_IOC_INFO,
		.flags = offsetof(struct fpgabuf_info, flags),
		.reserved = {
			{ offsetof(struct fpgabuf_info, reserved),
			  sizeof(((struct fpgabuf_info *)0)->reserved) },
		},
	},
	{
		.name = "ALLOC",
		.cmd = FPGABUF_IOC_ALLOC,
		.flags = offsetof(struct fpgabuf_alloc, flags),
		.known_flags = FPGABUF_ALLOC_SCATTER,
		.reserved = {
			{ offsetof(struct fpgabuf_alloc, reserved0),
			  sizeof(((struct fpgabuf_alloc *)0)->reserved0) },
			{ offsetof(struct fpgabuf_alloc, reserved),
			  sizeof(((struct fpgabuf_alloc *)0)->reserved) },
		},
	},
	{
		.name = "QUEUE",
		.cmd = FPGABUF_IOC_QUEUE,
		.flags = offsetof(struct fpgabuf_queue, flags),
		.known_flags = FPGABUF_QUEUE_IMPORTERS_DONE,
		.reserved = {
			{ offsetof(struct fpgabuf_queue, reserved),
			  sizeof(((struct fpgabuf_queue *)0)->reserved) },
		},
	},
	{
		.name = "DEQUEUE",
		.cmd = FPGABUF_IOC_DEQUEUE,
		.flags = offsetof(struct fpgabuf_dequeue, flags),
		.reserved = {
			{ offsetof(struct fpgabuf_dequeue, offset),
			  sizeof(((struct fpgabuf_dequeue *)0)->offset) },
			{ offsetof(struct fpgabuf_dequeue, reserved),
			  sizeof(((struct fpgabuf_dequeue *)0)->reserved) },
		},
	},
	{
		.name = "CANCEL",
		.cmd = FPGABUF_IOC_CANCEL,
		.flags = offsetof(struct fpgabuf_cancel, flags),
		.reserved = {
			{ offsetof(struct fpgabuf_cancel, reserved),
			  sizeof(((struct fpgabuf_cancel *)0)->reserved) },
		},
	},
	{
		.name = "REGION_INFO",
		.cmd = FPGABUF_IOC_REGION_INFO,
		.flags = offsetof(struct fpgabuf_region_info, flags),
		.reserved = {
			{ offsetof(struct fpgabuf_region_info, reserved),
			  sizeof(((struct fpgabuf_region_info *)0)->reserved) },
		},
	},
	{
		.name = "STREAM",
		.cmd = FPGABUF_IOC_STREAM,
		.flags = offsetof(struct fpgabuf_stream_setup, flags),
		.known_flags = FPGABUF_STREAM_JOIN,
		.reserved = {
			{ offsetof(struct fpgabuf_stream_setup, reserved0),
			  sizeof(((struct fpgabuf_stream_setup *)0)->reserved0) },
			{ offsetof(struct fpgabuf_stream_setup, reserved),
			  sizeof(((struct fpgabuf_stream_setup *)0)->reserved) },
		},
	},
	/* There is no stream: tests/driver/stream.c has one. */
	{
		.name = "STREAM_INFO",
		.cmd = FPGABUF_IOC_STREAM_INFO,
		.flags = offsetof(struct fpgabuf_stream_info, flags),
		.reserved = {
			{ offsetof(struct fpgabuf_stream_info, reserved),
			  sizeof(((struct fpgabuf_stream_info *)0)->reserved) },
		},
	},
	{
		.name = "BASELINE",
		.cmd = FPGABUF_IOC_BASELINE,
		.flags = offsetof(struct fpgabuf_baseline, flags),
		.reserved = {
			{ offsetof(struct fpgabuf_baseline, reserved),
			  sizeof(((struct fpgabuf_baseline *)0)->reserved) },
		},
	},
};

union arg {
	struct fpgabuf_info info;
	struct fpgabuf_alloc alloc;
	struct fpgabuf_queue queue;
	struct fpgabuf_region_info region;
	struct fpgabuf_stream_setup setup;
	struct fpgabuf_baseline baseline;
	uint8_t byte[4096];
};

/* An argument that would do if the device could fulfil it. */
static union arg sane(const struct call_spec *spec, int fd)
{
	union arg arg = { 0 };

	switch (spec->cmd) {
	case FPGABUF_IOC_ALLOC:
		arg.alloc.size = 4096;
		arg.alloc.fd_flags = O_RDWR;
		break;
	case FPGABUF_IOC_QUEUE:
		arg.queue.fd = fd;
		break;
	case FPGABUF_IOC_REGION_INFO:
		arg.region.fd = fd;
		break;
	case FPGABUF_IOC_STREAM:
		arg.setup.size = 4096;
		arg.setup.count = 2;
		break;
	case FPGABUF_IOC_BASELINE:
		arg.baseline.fd = fd;
		break;
	}
	return arg;
}

/*
 * What a sane argument gives: the queue is empty, so DEQUEUE has nothing, and the
 * region was captured into before.
 */
static int sane_result(const struct call_spec *spec)
{
	switch (spec->cmd) {
	case FPGABUF_IOC_DEQUEUE:
		return -EPIPE;
	case FPGABUF_IOC_STREAM:
		return has_streams() ? 0 : -EOPNOTSUPP;
	case FPGABUF_IOC_STREAM_INFO:
		return -EINVAL;
	case FPGABUF_IOC_BASELINE:
		return -EPERM;
	default:
		return 0;
	}
}

static unsigned int resized(unsigned int cmd, size_t size)
{
	return _IOC(_IOC_DIR(cmd), _IOC_TYPE(cmd), _IOC_NR(cmd), size);
}

struct fixture {
	int dev, fd;
	uint64_t used;
};

static struct fixture fixture_make(void)
{
	struct fixture fix = { .dev = device_open(0) };

	sim_source("feed");
	fix.fd = region_alloc(fix.dev, 64 * KIB);
	fix.used = device_info(fix.dev).used_bytes;
	return fix;
}

static void fixture_free(struct fixture *fix)
{
	close(fix->fd);
	EXPECT(device_used(fix->dev), 0);
	close(fix->dev);
}

/* Undo what a call that succeeded did. */
static void undo(struct fixture *fix, const struct call_spec *spec,
		 const union arg *arg)
{
	struct fpgabuf_dequeue done;

	if (spec->cmd == FPGABUF_IOC_ALLOC)
		close(arg->alloc.fd);
	if (spec->cmd == FPGABUF_IOC_QUEUE) {
		EXPECT(capture_cancel(fix->dev), 1);
		EXPECT(capture_get(fix->dev, &done), 0);
	}
	/* It owns the queue, or is a stream, until it is closed. */
	if (spec->cmd == FPGABUF_IOC_QUEUE || spec->cmd == FPGABUF_IOC_STREAM) {
		close(fix->dev);
		fix->dev = device_open(0);
	}
}

static void try(struct fixture *fix, const struct call_spec *spec,
		unsigned int cmd, union arg *arg, int wanted)
{
	int ret = call(fix->dev, cmd, arg);

	if (ret != wanted)
		printf("\n    %s:", spec->name);
	EXPECT(ret, wanted);
	if (!ret)
		undo(fix, spec, arg);
}

static void sizes(void)
{
	struct fixture fix = fixture_make();
	size_t i, size;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct call_spec *spec = &calls[i];
		size_t ours = _IOC_SIZE(spec->cmd);
		union arg arg;

		for (size = 0; size < ours; size++) {
			arg = sane(spec, fix.fd);
			try(&fix, spec, resized(spec->cmd, size), &arg,
			    -EINVAL);
		}
		arg = sane(spec, fix.fd);
		try(&fix, spec, spec->cmd, &arg, sane_result(spec));
		/* A newer program that does not use what is new */
		for (size = ours + 1; size < ours + 64; size += 9) {
			arg = sane(spec, fix.fd);
			try(&fix, spec, resized(spec->cmd, size), &arg,
			    sane_result(spec));
			arg = sane(spec, fix.fd);
			arg.byte[size - 1] = 1;
			try(&fix, spec, resized(spec->cmd, size), &arg,
			    -E2BIG);
		}
	}
	EXPECT(device_info(fix.dev).used_bytes, fix.used);
	fixture_free(&fix);
}

static bool is_number(int nr)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (_IOC_NR(calls[i].cmd) == (unsigned int)nr)
			return true;
	return false;
}

static void numbers(void)
{
	struct fixture fix = fixture_make();
	union arg arg = { 0 };
	size_t i;
	int nr;

	for (nr = 0; nr < 256; nr++)
		if (!is_number(nr))
			EXPECT(call(fix.dev, _IOWR(FPGABUF_IOC_MAGIC, nr,
						   struct fpgabuf_info), &arg),
			       -ENOTTY);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		unsigned int cmd = calls[i].cmd, size = _IOC_SIZE(cmd);

		EXPECT(call(fix.dev, _IOC(_IOC_READ, _IOC_TYPE(cmd),
					  _IOC_NR(cmd), size), &arg), -ENOTTY);
		EXPECT(call(fix.dev, _IOC(_IOC_NONE, _IOC_TYPE(cmd),
					  _IOC_NR(cmd), size), &arg), -ENOTTY);
		EXPECT(call(fix.dev, _IOC(_IOC_DIR(cmd), 'x', _IOC_NR(cmd),
					  size), &arg), -ENOTTY);
	}
	fixture_free(&fix);
}

static void flags(void)
{
	struct fixture fix = fixture_make();
	size_t i, bit;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		for (bit = 0; bit < 32; bit++) {
			union arg arg = sane(&calls[i], fix.fd);
			uint32_t flag = 1u << bit;

			memcpy(arg.byte + calls[i].flags, &flag, sizeof(flag));
			try(&fix, &calls[i], calls[i].cmd, &arg,
			    flag & calls[i].known_flags ?
			    sane_result(&calls[i]) : -EINVAL);
		}
	}
	EXPECT(device_info(fix.dev).used_bytes, fix.used);
	fixture_free(&fix);
}

static void reserved(void)
{
	struct fixture fix = fixture_make();
	size_t i, j, at;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		for (j = 0; j < 2; j++) {
			const size_t *field = calls[i].reserved[j];

			for (at = 0; at < field[1]; at++) {
				union arg arg = sane(&calls[i], fix.fd);

				arg.byte[field[0] + at] = 0x80;
				try(&fix, &calls[i], calls[i].cmd, &arg,
				    -EINVAL);
			}
		}
	}
	fixture_free(&fix);
}

/* Nothing there, and there but not to be written to. */
static void pointers(void)
{
	struct fixture fix = fixture_make();
	union arg *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	REQUIRE(page == MAP_FAILED, false);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		unsigned int cmd = calls[i].cmd;
		bool answers = cmd != FPGABUF_IOC_QUEUE &&
			       cmd != FPGABUF_IOC_DEQUEUE &&
			       cmd != FPGABUF_IOC_STREAM_INFO &&
			       (cmd != FPGABUF_IOC_STREAM || has_streams()) &&
			       cmd != FPGABUF_IOC_BASELINE;

		EXPECT(call(fix.dev, cmd, NULL), -EFAULT);
		EXPECT(call(fix.dev, cmd, (void *)-4096ul), -EFAULT);
		EXPECT(mprotect(page, 4096, PROT_READ | PROT_WRITE), 0);
		*page = sane(&calls[i], fix.fd);
		EXPECT(mprotect(page, 4096, PROT_READ), 0);
		if (answers)
			EXPECT(call(fix.dev, cmd, page), -EFAULT);
	}
	EXPECT(device_info(fix.dev).used_bytes, fix.used);
	munmap(page, 4096);
	fixture_free(&fix);
}

static void lost_answer(void)
{
	struct fixture fix = fixture_make();
	struct fpgabuf_dequeue done, *page;

	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(page == MAP_FAILED, false);
	sim_source("pattern");
	REQUIRE(region_queue(fix.dev, fix.fd, 0, 77), 0);
	EXPECT(call(fix.dev, FPGABUF_IOC_DEQUEUE, page), -EFAULT);
	EXPECT(call(fix.dev, FPGABUF_IOC_DEQUEUE, page), -EFAULT);
	EXPECT(capture_get(fix.dev, &done), 0);
	EXPECT(done.cookie, 77);
	EXPECT(done.bytes, 64 * KIB);
	munmap(page, 4096);
	fixture_free(&fix);
}

static void alloc_arguments(void)
{
	struct fixture fix = fixture_make();
	uint64_t max = device_info(fix.dev).max_region_size;
	const uint64_t bad_sizes[] = {
		0, max + 1, UINT32_MAX, 1ull << 32, 1ull << 40, 1ull << 63,
		UINT64_MAX - 4095, UINT64_MAX,
	};
	const uint32_t bad_flags[] = {
		O_WRONLY, O_ACCMODE, O_NONBLOCK | O_RDWR, O_CREAT | O_RDWR,
		UINT32_MAX,
	};
	struct fpgabuf_alloc alloc;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad_sizes); i++)
		EXPECT(region_try_alloc(fix.dev, bad_sizes[i], &alloc),
		       -EINVAL);
	for (i = 0; i < ARRAY_SIZE(bad_flags); i++) {
		alloc = (struct fpgabuf_alloc){
			.size = 4096, .fd_flags = bad_flags[i],
		};
		EXPECT(call(fix.dev, FPGABUF_IOC_ALLOC, &alloc), -EINVAL);
	}
	EXPECT(device_info(fix.dev).used_bytes, fix.used);

	alloc = (struct fpgabuf_alloc){ .size = 4096, .fd_flags = O_RDWR };
	REQUIRE(call(fix.dev, FPGABUF_IOC_ALLOC, &alloc), 0);
	EXPECT(fcntl(alloc.fd, F_GETFD), 0);
	close(alloc.fd);
	REQUIRE(region_try_alloc(fix.dev, 4096, &alloc), 0);
	EXPECT(fcntl(alloc.fd, F_GETFD), FD_CLOEXEC);
	close(alloc.fd);
	fixture_free(&fix);
}

static void no_descriptors(void)
{
	struct fixture fix = fixture_make();
	struct rlimit old, none = { 0, 0 };
	struct fpgabuf_alloc alloc;
	int ret;

	REQUIRE(getrlimit(RLIMIT_NOFILE, &old), 0);
	none.rlim_max = old.rlim_max;
	REQUIRE(setrlimit(RLIMIT_NOFILE, &none), 0);
	ret = region_try_alloc(fix.dev, 4096, &alloc);
	REQUIRE(setrlimit(RLIMIT_NOFILE, &old), 0);
	EXPECT(ret, -EMFILE);
	EXPECT(device_info(fix.dev).used_bytes, fix.used);
	fixture_free(&fix);
}

static void descriptors(void)
{
	struct fixture fix = fixture_make();
	long before = dmabufs();
	int dev1 = device_open(1), fd1 = region_alloc(dev1, 4096);
	int event = eventfd(0, EFD_CLOEXEC), foreign = vgem_dmabuf();
	const int cases[][2] = {
		{ -1, -EBADF },		{ 9999, -EBADF },
		{ INT32_MAX, -EBADF },	{ INT32_MIN, -EBADF },
		{ event, -EINVAL },	{ fix.dev, -EINVAL },
		{ foreign, -EXDEV },	{ fd1, -EXDEV },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fpgabuf_region_info info = { .fd = cases[i][0] };
		struct fpgabuf_baseline baseline = { .fd = cases[i][0] };

		EXPECT(region_queue(fix.dev, cases[i][0], 0, 0), cases[i][1]);
		EXPECT(call(fix.dev, FPGABUF_IOC_REGION_INFO, &info),
		       cases[i][1]);
		EXPECT(call(fix.dev, FPGABUF_IOC_BASELINE, &baseline),
		       cases[i][1]);
	}
	/* A reference that was not given back would keep them. */
	EXPECT(dmabufs(), before + 2);
	close(foreign);
	close(event);
	close(fd1);
	EXPECT(device_used(dev1), 0);
	EXPECT(dmabufs(), before);
	close(dev1);
	fixture_free(&fix);
}

static void queue_arguments(void)
{
	struct fixture fix = fixture_make();
	struct fpgabuf_dequeue done;

	EXPECT(region_queue(fix.dev, fix.fd, 64 * KIB + 1, 0), -EINVAL);
	EXPECT(region_queue(fix.dev, fix.fd, 1ull << 32, 0), -EINVAL);
	EXPECT(region_queue(fix.dev, fix.fd, UINT64_MAX, 0), -EINVAL);

	REQUIRE(region_queue(fix.dev, fix.fd, 0, 0), 0);
	EXPECT(region_queue(fix.dev, fix.fd, 0, 0), -EBUSY);
	EXPECT(capture_cancel(fix.dev), 1);
	/* Done, and not dequeued */
	EXPECT(region_queue(fix.dev, fix.fd, 0, 0), -EBUSY);
	EXPECT(capture_get(fix.dev, &done), 0);
	EXPECT(region_queue(fix.dev, fix.fd, 0, 0), 0);
	EXPECT(capture_cancel(fix.dev), 1);
	EXPECT(capture_get(fix.dev, &done), 0);
	fixture_free(&fix);
}

static void queue_depth(void)
{
	struct fixture fix = fixture_make();
	unsigned int i, depth = device_info(fix.dev).queue_depth;
	struct fpgabuf_dequeue done;
	int *fds = calloc(depth, sizeof(*fds));

	REQUIRE(!fds, false);
	for (i = 0; i < depth; i++) {
		fds[i] = region_alloc(fix.dev, 4096);
		REQUIRE(region_queue(fix.dev, fds[i], 0, i), 0);
	}
	EXPECT(region_queue(fix.dev, fix.fd, 0, 0), -ENOBUFS);
	EXPECT(capture_cancel(fix.dev), depth);
	for (i = 0; i < depth; i++) {
		REQUIRE(capture_get(fix.dev, &done), 0);
		EXPECT(done.cookie, i);
		close(fds[i]);
	}
	free(fds);
	fixture_free(&fix);
}

static void info(void)
{
	int dev = device_open(0), dev1 = device_open(1);
	struct fpgabuf_info info = device_info(dev);

	EXPECT(info.version, FPGABUF_UAPI_VERSION);
	CU_ASSERT_STRING_EQUAL(info.name, "fpgabuf0");
	CU_ASSERT_STRING_EQUAL(device_info(dev1).name, "fpgabuf1");
	EXPECT(info.alignment, 1);
	EXPECT(info.used_bytes, 0);
	EXPECT(info.queued, 0);
	EXPECT(info.capabilities, FPGABUF_CAP_EXACT_GAPS |
				  FPGABUF_CAP_EXACT_BYTES | FPGABUF_CAP_STOP |
				  FPGABUF_CAP_PACKETS | DRIVER_CAPS);
	EXPECT(info.max_capture, 0);
	EXPECT(info.max_packet, 0);
	EXPECT(info.transfers, 256);
	EXPECT(info.transfers, info.queue_depth);
	CU_ASSERT(info.max_region_size && info.max_region_size % 4096 == 0);
	CU_ASSERT(info.max_region_size <= info.limit_bytes);
	close(dev);
	close(dev1);
}

static const struct test tests[] = {
	{ "INFO tells what the device is", info },
	{ "structures of every wrong size are refused, longer ones understood",
	  sizes },
	{ "unknown numbers, directions and types give ENOTTY", numbers },
	{ "every unknown flag of every call gives EINVAL", flags },
	{ "every reserved byte of every call gives EINVAL", reserved },
	{ "bad pointers give EFAULT and nothing has happened", pointers },
	{ "a capture whose answer was lost can be dequeued again",
	  lost_answer },
	{ "ALLOC refuses impossible sizes and flags", alloc_arguments },
	{ "ALLOC without a free descriptor gives EMFILE and leaks nothing",
	  no_descriptors },
	{ "descriptors of another kind give EBADF, EINVAL or EXDEV",
	  descriptors },
	{ "QUEUE refuses bad lengths and regions that are not idle",
	  queue_arguments },
	{ "the queue has the depth that INFO tells", queue_depth },
	{ }
};

SUITE(uapi, .title = "the ioctls", .init = modules_load, .tests = tests)
