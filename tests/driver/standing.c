// SPDX-License-Identifier: GPL-2.0-only
/*
 * Consumers that stay on a region that is captured into again and again: pinned for
 * long, which a baseline allows for, and mapped by other devices, which let go of the
 * bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/dma-buf.h>

#include "bed.h"
#include "holder.h"
#include "kmod/fpgabuf-test-importer.h"
#include "net.h"
#include "program.h"
#include "registration.h"
#include "screen.h"
#include "uring.h"
#include "video.h"

#define DISK		"/dev/vda"
#define DISK_SIZE	(16 * MIB)
#define COUNTERS	"/sys/kernel/debug/fpgabuf/fpgabuf0/counters"
#define DRIVER_DIR	"/sys/bus/platform/drivers/fpgabuf/"

/* How often the adversary comes during a test, by one means after the other */
#define ADVERSARY_TURNS	200

/* So many captures, or what issue 21 asks for */
static unsigned int many(unsigned int n)
{
	return thorough() ? 100000 : rounds(n);
}

static int baseline(int dev, int fd)
{
	struct fpgabuf_baseline arg = { .fd = fd };
	int ret = call(dev, FPGABUF_IOC_BASELINE, &arg);

	return ret ? ret : (int)arg.pins;
}

static int queue_done(int dev, int fd, uint64_t cookie)
{
	struct fpgabuf_queue queue = {
		.fd = fd,
		.cookie = cookie,
		.flags = FPGABUF_QUEUE_IMPORTERS_DONE,
	};

	return call(dev, FPGABUF_IOC_QUEUE, &queue);
}

/* Whether that worked, for a test that is nothing without it */
static bool need_registration(struct registration *reg, void *mem, size_t size)
{
	if (!registration_try(reg, mem, size))
		return true;
	skip("this kernel pins regions neither for io_uring nor for AF_XDP");
	munmap(mem, size);
	return false;
}

/* The kernel ends some registrations a little later. */
static void wait_unpinned(int dev, int fd)
{
	struct fpgabuf_region_info info;
	int i;

	for (i = 0; i < 2000; i++) {
		info = region_info(dev, fd);
		if (!info.standing && !info.in_use)
			break;
		usleep(5000);
	}
	EXPECT(info.standing, 0);
	EXPECT(info.in_use, 0);
}

/* Pages of it that a pipe holds */
struct held {
	int pipe[2];
};

static struct held hold(void *mem)
{
	struct iovec iov = { mem, 4096 };
	struct held held;

	REQUIRE(pipe2(held.pipe, O_CLOEXEC), 0);
	REQUIRE(vmsplice(held.pipe[1], &iov, 1, 0), 4096);
	return held;
}

static void let_go(const struct held *held)
{
	close(held->pipe[0]);
	close(held->pipe[1]);
}

/* Where the answer cannot be written nothing has been recorded. */
static void answer_is_lost(int dev, int fd)
{
	struct fpgabuf_baseline *arg = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(arg == MAP_FAILED, false);
	arg->fd = fd;
	EXPECT(mprotect(arg, 4096, PROT_READ), 0);
	EXPECT(call(dev, FPGABUF_IOC_BASELINE, arg), -EFAULT);
	munmap(arg, 4096);
	EXPECT(region_info(dev, fd).standing, 0);
	EXPECT(region_queue(dev, fd, 0, 0), -EBUSY);
}

static void rules(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 64 * KIB), pins;
	void *mem = region_map(fd, 64 * KIB);
	struct fpgabuf_dequeue done;
	struct registration reg;
	struct held held;

	EXPECT(baseline(dev, fd), -ENOENT);
	if (!need_registration(&reg, mem, 64 * KIB))
		return;
	EXPECT(region_queue(dev, fd, 0, 0), -EBUSY);
	EXPECT(queue_done(dev, fd, 0), -EBUSY);
	held = hold(mem);
	EXPECT(baseline(dev, fd), -EBUSY);
	let_go(&held);
	answer_is_lost(dev, fd);
	pins = baseline(dev, fd);
	CU_ASSERT(pins > 0);
	EXPECT(region_info(dev, fd).standing, pins);
	EXPECT(baseline(dev, fd), -EALREADY);
	registration_end(&reg);
	munmap(mem, 64 * KIB);
	close(fd);

	/* One that was captured into: never */
	fd = region_alloc(dev, 64 * KIB);
	mem = region_map(fd, 64 * KIB);
	sim_source("feed");
	REQUIRE(region_queue(dev, fd, 0, 0), 0);
	REQUIRE(registration_try(&reg, mem, 64 * KIB), 0);
	EXPECT(baseline(dev, fd), -EBUSY);
	EXPECT(capture_cancel(dev), 1);
	EXPECT(baseline(dev, fd), -EBUSY);
	EXPECT(capture_get(dev, &done), 0);
	EXPECT(baseline(dev, fd), -EPERM);
	EXPECT(region_queue(dev, fd, 0, 0), -EBUSY);
	registration_end(&reg);
	wait_unpinned(dev, fd);
	EXPECT(baseline(dev, fd), -EPERM);
	munmap(mem, 64 * KIB);
	close(fd);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static int alloc_of(int dev, size_t size, uint32_t flags)
{
	struct fpgabuf_alloc alloc = {
		.size = size,
		.flags = flags,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};

	REQUIRE(call(dev, FPGABUF_IOC_ALLOC, &alloc), 0);
	return alloc.fd;
}

/* Registered, with a baseline, of which nothing may get lost */
struct bench {
	int dev, fd;
	size_t size;
	uint8_t *mem;
	struct registration reg;
	uint64_t pins;
};

static bool bench_begin(struct bench *b, size_t size, uint32_t flags)
{
	int pins;

	b->dev = device_open(0);
	b->fd = alloc_of(b->dev, size, flags);
	b->size = size;
	b->mem = region_map(b->fd, size);
	if (!need_registration(&b->reg, b->mem, size))
		return false;
	pins = baseline(b->dev, b->fd);
	REQUIRE(pins > 0, true);
	b->pins = pins;
	CU_ASSERT(b->pins >= region_info(b->dev, b->fd).chunks);
	return true;
}

static void bench_end(struct bench *b)
{
	struct fpgabuf_region_info info = region_info(b->dev, b->fd);

	EXPECT(info.standing, b->pins);
	EXPECT(info.in_use, 0);
	registration_end(&b->reg);
	wait_unpinned(b->dev, b->fd);
	munmap(b->mem, b->size);
	close(b->fd);
	EXPECT(device_used(b->dev), 0);
	close(b->dev);
}

static void captures_while_pinned(size_t size, uint32_t flags)
{
	unsigned int i;
	struct bench b;

	if (!bench_begin(&b, size, flags))
		return;
	sim_source("pattern");
	for (i = 0; i < rounds(200); i++) {
		REQUIRE(capture_run(b.dev, b.fd, 0).bytes, size);
		CU_ASSERT(is_pattern(b.mem, size, i * size));
	}
	bench_end(&b);
}

static void folios(void)
{
	captures_while_pinned(1536 * KIB, 0);
}

static void pages(void)
{
	captures_while_pinned(20 * KIB, 0);
}

static void scattered(void)
{
	captures_while_pinned(3 * MIB + 12 * KIB, FPGABUF_ALLOC_SCATTER);
}

/* Another registration of one page */
static void pinned_on_top(struct bench *b, unsigned int page)
{
	struct registration extra;
	int i;

	REQUIRE(registration_try(&extra, b->mem + page * 4096ul, 4096), 0);
	EXPECT(region_queue(b->dev, b->fd, 0, 0), -EBUSY);
	EXPECT(region_info(b->dev, b->fd).standing, b->pins);
	registration_end(&extra);
	for (i = 0; i < 2000 && region_info(b->dev, b->fd).in_use; i++)
		usleep(1000);
}

static void on_top(size_t size, uint32_t flags)
{
	unsigned int i, page, busy = 0, pins = 0, times = rounds(10000);
	struct bench b;

	if (!bench_begin(&b, size, flags))
		return;
	for (i = 0; i < times; i++) {
		struct held held;

		page = i % (size / 4096);
		held = hold(b.mem + page * 4096ul);
		busy += region_queue(b.dev, b.fd, 0, 0) == -EBUSY;
		let_go(&held);
		if (thorough() || i % 50 == 0) {
			pinned_on_top(&b, page);
			pins++;
		}
	}
	EXPECT(busy, times);
	printf("\n    %u references and %u pins refused", busy, pins);
	sim_source("pattern");
	EXPECT(capture_run(b.dev, b.fd, 0).bytes, size);
	CU_ASSERT(is_pattern(b.mem, size, 0));
	bench_end(&b);
}

static void on_top_of_folio(void)
{
	on_top(256 * KIB, 0);
}

static void on_top_of_pages(void)
{
	on_top(20 * KIB, 0);
}

static void on_top_of_scattered(void)
{
	on_top(268 * KIB, FPGABUF_ALLOC_SCATTER);
}

/* What comes when a registration has ended is none of the baseline's. */
static void ended(void)
{
	struct bench b;
	int i;

	if (!bench_begin(&b, 256 * KIB, 0))
		return;
	sim_source("pattern");
	EXPECT(capture_run(b.dev, b.fd, 0).bytes, b.size);
	registration_end(&b.reg);
	wait_unpinned(b.dev, b.fd);
	for (i = 0; i < 3; i++) {
		EXPECT(baseline(b.dev, b.fd), -EPERM);
		REQUIRE(registration_try(&b.reg, b.mem, b.size), 0);
		EXPECT(region_queue(b.dev, b.fd, 0, 0), -EBUSY);
		EXPECT(region_info(b.dev, b.fd).standing, 0);
		registration_end(&b.reg);
		wait_unpinned(b.dev, b.fd);
		EXPECT(capture_run(b.dev, b.fd, 0).bytes, b.size);
	}
	munmap(b.mem, b.size);
	close(b.fd);
	EXPECT(device_used(b.dev), 0);
	close(b.dev);
}

/*
 * However often QUEUE is tried: nothing is captured into it.  What is on the region all
 * the time changes nothing.
 */
static void refused(const struct target *t, unsigned int times,
		    bool importers_done)
{
	unsigned int i, busy = 0;

	for (i = 0; i < times; i++)
		busy += (importers_done ? queue_done(t->dev, t->fd, 0) :
			 region_queue(t->dev, t->fd, 0, 0)) == -EBUSY;
	EXPECT(busy, times);
	EXPECT(region_info(t->dev, t->fd).state, FPGABUF_REGION_IDLE);
	CU_ASSERT(is_pattern(t->mem, t->size, t->at));
}

/**
 * struct adversary - what it does while captures go on
 * @every: it comes after so many captures
 * @captures: how many there were
 * @held: how often it held one, by means
 */
struct adversary {
	unsigned int every, captures, held[HOLDERS];
};

static struct adversary adversary_for(unsigned int captures)
{
	return (struct adversary){ .every = captures / ADVERSARY_TURNS + 1 };
}

/* Between a capture's use and the next QUEUE; @importers_done: by that flag */
static void adversary_turn(struct adversary *a, const struct target *t,
			   bool importers_done)
{
	enum holder_kind kind = a->captures++ / a->every % HOLDERS;
	struct holder holder;

	if (a->captures % a->every ||
	    (importers_done && kind == HOLDER_IMPORTER) ||
	    !holder_take(&holder, kind, t))
		return;
	refused(t, 1, importers_done);
	holder_let_go(&holder);
	a->held[kind]++;
}

static void adversary_tell(const struct adversary *a)
{
	printf(", refused while held %u times by a pipe, %u by a send, %u by a pin, %u by a fence, %u by an importer",
	       a->held[HOLDER_PIPE], a->held[HOLDER_SEND],
	       a->held[HOLDER_PIN], a->held[HOLDER_FENCE],
	       a->held[HOLDER_IMPORTER]);
	CU_ASSERT(a->held[HOLDER_PIPE] && a->held[HOLDER_SEND]);
}

/* Fixed buffers: regions that a ring has, and captures into them */
enum { BUFFERS = 4 };

struct fixed {
	int dev, fds[BUFFERS];
	uint8_t *mem[BUFFERS];
	size_t size;
	struct uring ring;
};

static bool fixed_begin(struct fixed *f, size_t size)
{
	struct iovec iov[BUFFERS];
	int i, ret;

	f->dev = device_open(0);
	f->size = size;
	for (i = 0; i < BUFFERS; i++) {
		f->fds[i] = region_alloc(f->dev, size);
		f->mem[i] = region_map(f->fds[i], size);
		iov[i] = (struct iovec){ f->mem[i], size };
	}
	ret = uring_open(&f->ring);
	if (!ret)
		ret = uring_register(&f->ring, iov, BUFFERS);
	if (ret == -EOPNOTSUPP || ret == -ENOSYS || ret == -EPERM) {
		skip("fixed buffers, the io_uring of this kernel does not take a file's mapping");
		for (i = 0; i < BUFFERS; i++)
			munmap(f->mem[i], size);
		return false;
	}
	REQUIRE(ret, 0);
	for (i = 0; i < BUFFERS; i++)
		CU_ASSERT(baseline(f->dev, f->fds[i]) > 0);
	sim_source("pattern");
	for (i = 0; i < BUFFERS; i++)
		REQUIRE(region_queue(f->dev, f->fds[i], 0, i), 0);
	return true;
}

static void fixed_end(struct fixed *f)
{
	int i;

	capture_cancel(f->dev);
	for (i = 0; i < BUFFERS; i++)
		CU_ASSERT(region_info(f->dev, f->fds[i]).standing > 0);
	uring_close(&f->ring);
	for (i = 0; i < BUFFERS; i++) {
		munmap(f->mem[i], f->size);
		close(f->fds[i]);
	}
	close(f->dev);
	f->dev = device_open(0);
	EXPECT(device_used(f->dev), 0);
	close(f->dev);
}

/* The peer: checks the stream as it comes. */
struct peer {
	pthread_t thread;
	int fd;
	uint64_t got, wrong;
};

static void *peer_main(void *arg)
{
	static uint8_t data[64 * 1024];
	struct peer *peer = arg;
	size_t have = 0;
	ssize_t n;

	while ((n = read(peer->fd, data + have, sizeof(data) - have)) > 0) {
		size_t whole;

		have += n;
		whole = have & ~(size_t)7;
		if (!is_pattern(data, whole, peer->got))
			peer->wrong++;
		peer->got += whole;
		have -= whole;
		memmove(data, data + whole, have);
	}
	return NULL;
}

/* The result, and then the notification: the kernel reads the buffer no more. */
static void send_fixed(struct fixed *f, int tx, unsigned int index)
{
	struct io_uring_sqe sqe = uring_send(tx, f->mem[index], f->size, index);
	struct uring_result result;

	uring_submit(&f->ring, &sqe);
	result = uring_wait(&f->ring);
	REQUIRE(result.res, (int)f->size);
	if (result.flags & IORING_CQE_F_MORE) {
		result = uring_wait(&f->ring);
		CU_ASSERT(result.flags & IORING_CQE_F_NOTIF);
	}
}

/*
 * The NIC's driver may drop its reference an instant after the notification, as with
 * any send.
 */
static void queue_again(struct fixed *f, unsigned int index)
{
	int ret, tries = 0;

	do {
		ret = region_queue(f->dev, f->fds[index], 0, index);
	} while (ret == -EBUSY && tries++ < 1000000 && !sched_yield());
	REQUIRE(ret, 0);
}

static void fixed_turn(struct adversary *adversary, const struct fixed *f,
		       unsigned int index, unsigned int capture)
{
	const struct target t = {
		f->dev, f->fds[index], f->mem[index], f->size,
		(uint64_t)capture * f->size,
	};

	adversary_turn(adversary, &t, false);
}

static void fixed_sends(void)
{
	unsigned int i, captures = many(100000);
	struct adversary adversary = adversary_for(captures);
	struct fpgabuf_dequeue done;
	struct peer peer = { 0 };
	struct fixed f;
	int tx;

	if (!fixed_begin(&f, 8 * KIB))
		return;
	net_connect(&tx, &peer.fd);
	REQUIRE(pthread_create(&peer.thread, NULL, peer_main, &peer), 0);
	for (i = 0; i < captures; i++) {
		REQUIRE(capture_get(f.dev, &done), 0);
		send_fixed(&f, tx, done.cookie);
		fixed_turn(&adversary, &f, done.cookie, i);
		queue_again(&f, done.cookie);
	}
	close(tx);
	pthread_join(peer.thread, NULL);
	EXPECT(peer.got, captures * f.size);
	EXPECT(peer.wrong, 0);
	printf("\n    %u captures sent", captures);
	adversary_tell(&adversary);
	close(peer.fd);
	fixed_end(&f);
}

static void disk_check(int disk, size_t size, uint64_t position)
{
	void *back = NULL;

	REQUIRE(posix_memalign(&back, 4096, size), 0);
	EXPECT(pread(disk, back, size, 0), size);
	CU_ASSERT(is_pattern(back, size, position));
	free(back);
}

static void fixed_writes(void)
{
	unsigned int i, captures = many(100000);
	struct adversary adversary = adversary_for(captures);
	struct fpgabuf_dequeue done;
	uint64_t at = 0, checked = 0;
	struct fixed f;
	int disk;

	if (!fixed_begin(&f, 8 * KIB))
		return;
	disk = open(DISK, O_RDWR | O_DIRECT | O_CLOEXEC);
	REQUIRE(disk < 0 ? -errno : 0, 0);
	for (i = 0; i < captures; i++) {
		struct io_uring_sqe sqe;

		REQUIRE(capture_get(f.dev, &done), 0);
		sqe = uring_write(disk, f.mem[done.cookie], f.size,
				  at - checked, done.cookie);
		uring_submit(&f.ring, &sqe);
		REQUIRE(uring_wait(&f.ring).res, (int)f.size);
		fixed_turn(&adversary, &f, done.cookie, i);
		REQUIRE(region_queue(f.dev, f.fds[done.cookie], 0, done.cookie),
			0);
		at += f.size;
		if (at - checked == DISK_SIZE || i + 1 == captures) {
			disk_check(disk, at - checked, checked);
			checked = at;
		}
	}
	printf("\n    %u captures written", captures);
	adversary_tell(&adversary);
	close(disk);
	fixed_end(&f);
}

/* Only importers can be done. */
static void refused_because(enum holder_kind kind, const struct target *t,
			    unsigned int times)
{
	refused(t, times, false);
	if (kind != HOLDER_IMPORTER)
		refused(t, times, true);
}

static void adversary(void)
{
	struct holder first, second;
	enum holder_kind kind;
	struct target t;
	struct bench b;

	if (!bench_begin(&b, 1536 * KIB, 0))
		return;
	sim_source("pattern");
	EXPECT(capture_run(b.dev, b.fd, 0).bytes, b.size);
	t = (struct target){ b.dev, b.fd, b.mem, b.size, 0 };
	for (kind = 0; kind < HOLDERS; kind++) {
		if (!holder_take(&first, kind, &t))
			continue;
		refused_because(kind, &t, rounds(100));
		/* An importer on top hides nothing. */
		REQUIRE(holder_take(&second, HOLDER_IMPORTER, &t), true);
		refused_because(kind, &t, rounds(100));
		holder_let_go(&first);
		refused(&t, 1, false);
		holder_let_go(&second);
		EXPECT(region_info(b.dev, b.fd).standing, b.pins);
	}
	EXPECT(region_queue(b.dev, b.fd, 0, 0), 0);
	EXPECT(capture_get(b.dev, &(struct fpgabuf_dequeue){ 0 }), 0);
	CU_ASSERT(is_pattern(b.mem, b.size, b.size));
	bench_end(&b);
}

/* Devices that have it mapped for ever, and the kernel */
static unsigned long synced_for_importers(void)
{
	unsigned long bytes = 0;

	REQUIRE(file_read_line(COUNTERS, "synced_for_importers_bytes", &bytes),
		true);
	return bytes;
}

static bool sees(int importer, size_t size, uint64_t position)
{
	static uint8_t data[256 * 1024];
	struct importer_read arg = { .buffer = (uintptr_t)data, .size = size };

	EXPECT(call(importer, IMPORTER_READ, &arg), 0);
	return is_pattern(data, size, position);
}

static void importers_stay(void)
{
	const size_t size = 64 * KIB;
	int dev = device_open(0), fd = region_alloc(dev, size);
	int a = importer_open(fd), b = importer_open(fd);
	unsigned long before = synced_for_importers();
	static uint8_t seen[64 * 1024];
	struct importer_read vmap = { .buffer = (uintptr_t)seen, .size = size };
	struct fpgabuf_dequeue done;
	unsigned int i, wrong = 0;

	EXPECT(call(b, IMPORTER_VMAP, &vmap), 0);
	EXPECT(region_info(dev, fd).importers, 3);
	sim_source("pattern");
	for (i = 0; i < rounds(10000); i++) {
		REQUIRE(queue_done(dev, fd, i), 0);
		REQUIRE(capture_get(dev, &done), 0);
		wrong += !sees(a, size, i * size) || !sees(b, size, i * size);
	}
	EXPECT(wrong, 0);
	EXPECT(region_info(dev, fd).importers, 3);
#if defined(__x86_64__) || defined(__i386__)
	/* They are coherent: nothing has to be done for them. */
	EXPECT(synced_for_importers(), before);
#else
	/* Each capture, for both devices, on both sides of it */
	CU_ASSERT(synced_for_importers() >= before + 4ull * i * size);
#endif
	EXPECT(region_queue(dev, fd, 0, 0), -EBUSY);
	close(a);
	close(b);
	EXPECT(region_queue(dev, fd, 0, 0), 0);
	EXPECT(capture_get(dev, &done), 0);
	close(fd);
	EXPECT(device_used(dev), 0);
	close(dev);
}

/* The flag says nothing about fences. */
static void fence_counts(void)
{
	int dev = device_open(0), fd = region_alloc(dev, 4096);
	int other = region_alloc(dev, 4096), importer = importer_open(fd);
	struct fpgabuf_dequeue done;

	if (!need_sync_files())
		return;
	sim_source("feed");
	REQUIRE(region_queue(dev, other, 0, 1), 0);
	import_fence(fd, export_sync_file(other), DMA_BUF_SYNC_READ);
	EXPECT(queue_done(dev, fd, 2), -EBUSY);
	EXPECT(capture_cancel(dev), 1);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(queue_done(dev, fd, 2), 0);
	EXPECT(capture_cancel(dev), 1);
	REQUIRE(capture_get(dev, &done), 0);
	close(importer);
	close(other);
	close(fd);
	close(dev);
}

/*
 * A region that the display has mapped is refused.  It may let go of it at any time
 * after the flip, also between two of these calls.  Then there is a capture, and true.
 */
static bool captured_unmapped(int dev, int fd, unsigned int *mapped)
{
	struct fpgabuf_dequeue done;
	int ret;

	if (!region_info(dev, fd).importers)
		return false;
	ret = region_queue(dev, fd, 0, 0);
	*mapped += !!ret;
	if (ret) {
		EXPECT(ret, -EBUSY);
		return false;
	}
	EXPECT(region_info(dev, fd).importers, 0);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.bytes, SCREEN_SIZE);
	return true;
}

static void shown(void)
{
	unsigned int i, wrong = 0, mapped = 0, pictures = many(1000);
	struct adversary adversary = adversary_for(pictures);
	uint64_t at = 0, has[SCREEN_BUFFERS] = { 0 };
	struct fpgabuf_dequeue done;
	struct screen screen;
	int dev;

	if (!screen_open(&screen))
		return;
	dev = device_open(0);
	for (i = 0; i < SCREEN_BUFFERS; i++)
		screen_add(&screen, i, region_alloc(dev, SCREEN_SIZE));
	sim_source("pattern");
	for (i = 0; i < pictures; i++) {
		int which = i % SCREEN_BUFFERS, fd = screen.fds[which];

		if (captured_unmapped(dev, fd, &mapped)) {
			has[which] = at;
			at += SCREEN_SIZE;
		}
		/* What it has is, as a rule, the picture before the last one. */
		if (i >= SCREEN_BUFFERS)
			adversary_turn(&adversary, &(struct target){
				dev, fd, screen.mem[which], SCREEN_SIZE,
				has[which] }, true);
		REQUIRE(queue_done(dev, fd, which), 0);
		REQUIRE(capture_get(dev, &done), 0);
		EXPECT(done.bytes, SCREEN_SIZE);
		screen_flip(&screen, which);
		has[which] = at;
		wrong += !is_pattern(screen.mem[which], SCREEN_SIZE, at);
		at += SCREEN_SIZE;
	}
	EXPECT(wrong, 0);
	printf("\n    %u pictures, %u of them into mapped memory", i, mapped);
	adversary_tell(&adversary);
	screen_close(&screen);
	EXPECT(device_used(dev), 0);
	close(dev);
}

/* A video output that has the buffers for as long as it runs */
static void played(void)
{
	uint64_t at = 0, filled[VIDEO_BUFFERS];
	unsigned int i, wrong = 0, mapped = 0, pictures = many(300);
	struct adversary adversary = adversary_for(pictures);
	struct fpgabuf_dequeue done;
	struct video video;
	int dev;

	if (!video_open(&video))
		return;
	dev = device_open(0);
	sim_source("pattern");
	for (i = 0; i < VIDEO_BUFFERS; i++) {
		int fd = region_alloc(dev, video.size);

		video_add(&video, i, fd);
		EXPECT(capture_run(dev, fd, 0).bytes, video.size);
		filled[i] = at;
		at += video.size;
		video_put(&video, i);
	}
	video_start(&video);
	for (i = 0; i < pictures; i++) {
		unsigned int which = video_get(&video);

		if (region_info(dev, video.fds[which]).importers) {
			mapped++;
			EXPECT(region_queue(dev, video.fds[which], 0, 0),
			       -EBUSY);
		}
		adversary_turn(&adversary, &(struct target){
			dev, video.fds[which], video.mem[which], video.size,
			filled[which] }, true);
		REQUIRE(queue_done(dev, video.fds[which], which), 0);
		REQUIRE(capture_get(dev, &done), 0);
		wrong += !is_pattern(video.mem[which], video.size, at);
		filled[which] = at;
		at += video.size;
		video_put(&video, which);
	}
	EXPECT(wrong, 0);
	printf("\n    %u pictures, %u of them into mapped memory", i, mapped);
	adversary_tell(&adversary);
	video_close(&video);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static void told(void)
{
	const struct program info = {
		.name = "info",
		.argv = { "fpgabuf-info", "--json", "/dev/fpgabuf0" },
	};
	const char *region;
	int importer;
	struct bench b;

	if (!bench_begin(&b, 256 * KIB, 0))
		return;
	importer = importer_open(b.fd);
	program_succeeded(&info, program_run(&info));
	region = json_region(program_text(&info, "out"), b.fd);
	EXPECT(json_count(region, "importers"), 1);
	EXPECT(json_count(region, "in_use"), 0);
	EXPECT(json_count(region, "standing"), b.pins);
	CU_ASSERT_PTR_NOT_NULL(strstr(region, "\"attached\": [{\"device\": \"fpgabuf-test-importer"));
	close(importer);
	bench_end(&b);
}

/* One buffer is on the screen, and the other one has a capture, too. */
static bool screen_begin(struct screen *screen, int dev)
{
	int i;

	if (!screen_open(screen))
		return false;
	sim_source("pattern");
	for (i = 0; i < SCREEN_BUFFERS; i++) {
		screen_add(screen, i, region_alloc(dev, SCREEN_SIZE));
		REQUIRE(queue_done(dev, screen->fds[i], 0), 0);
		EXPECT(capture_get(dev, &(struct fpgabuf_dequeue){ 0 }), 0);
		screen_flip(screen, i);
	}
	return true;
}

static void screen_goes_on(struct screen *screen)
{
	int i;

	for (i = 0; i < SCREEN_BUFFERS; i++) {
		screen_flip(screen, i);
		CU_ASSERT(is_pattern(screen->mem[i], SCREEN_SIZE,
				     i * SCREEN_SIZE));
	}
	screen_close(screen);
}

static bool video_begin(struct video *video, int dev)
{
	int i, fd;

	if (!video_open(video))
		return false;
	sim_source("pattern");
	for (i = 0; i < VIDEO_BUFFERS; i++) {
		fd = region_alloc(dev, video->size);
		video_add(video, i, fd);
		EXPECT(capture_run(dev, fd, 0).bytes, video->size);
		video_put(video, i);
	}
	video_start(video);
	return true;
}

static void video_goes_on(struct video *video)
{
	unsigned int i, which;

	for (i = 0; i < 2 * VIDEO_BUFFERS; i++) {
		which = video_get(video);
		CU_ASSERT(is_pattern(video->mem[which], video->size,
				     which * video->size));
		video_put(video, which);
	}
	video_close(video);
}

/*
 * The device goes while all of them have regions: a registration, a send that the peer
 * does not read, importers of a region that is idle and of one that is captured into, a
 * screen, a video output.
 */
static void unplugged(void)
{
	const size_t size = 256 * KIB;
	struct fpgabuf_alloc alloc;
	bool has_screen, has_video;
	int importer, fd, running;
	struct screen screen;
	struct holder sent;
	struct video video;
	struct bench b;

	if (!bench_begin(&b, size, 0))
		return;
	has_screen = screen_begin(&screen, b.dev);
	has_video = video_begin(&video, b.dev);
	sim_source("pattern");
	EXPECT(capture_run(b.dev, b.fd, 0).bytes, size);
	REQUIRE(holder_take(&sent, HOLDER_SEND, &(struct target){
		b.dev, b.fd, b.mem, size, 0 }), true);
	importer = importer_open(b.fd);
	fd = region_alloc(b.dev, size);
	running = importer_open(fd);
	sim_source("feed");
	REQUIRE(queue_done(b.dev, fd, 0), 0);
	file_write(DRIVER_DIR "unbind", "fpgabuf.0");

	EXPECT(capture_get(b.dev, &(struct fpgabuf_dequeue){ 0 }), 0);
	EXPECT(queue_done(b.dev, b.fd, 0), -ENODEV);
	EXPECT(baseline(b.dev, b.fd), -ENODEV);
	EXPECT(region_try_alloc(b.dev, 4096, &alloc), -ENODEV);
	EXPECT(region_info(b.dev, b.fd).standing, b.pins);
	CU_ASSERT(is_pattern(b.mem, size, 0));
	CU_ASSERT(sees(importer, size, 0));
	if (has_screen)
		screen_goes_on(&screen);
	if (has_video)
		video_goes_on(&video);
	holder_let_go(&sent);

	file_write(DRIVER_DIR "bind", "fpgabuf.0");
	close(running);
	close(importer);
	close(fd);
	bench_end(&b);
	CU_ASSERT(!dmabufs_left());
}

static const struct test tests[] = {
	{ "a baseline is recorded once, of pins alone, and before the first capture",
	  rules },
	{ "folios that stay pinned are captured into", folios },
	{ "single pages that stay pinned are", pages },
	{ "scattered pieces that stay pinned are", scattered },
	{ "a reference or a pin on top of a folio is refused every time",
	  on_top_of_folio },
	{ "on top of single pages it is", on_top_of_pages },
	{ "on top of scattered pieces it is", on_top_of_scattered },
	{ "when a registration has ended, the next one is refused", ended },
	{ "regions registered once are captured into and sent without end",
	  fixed_sends },
	{ "regions registered once are captured into and written to disk without end",
	  fixed_writes },
	{ "whatever holds a region that has a baseline, it is not captured into",
	  adversary },
	{ "importers stay mapped, and see each capture; coherent ones cost nothing",
	  importers_stay },
	{ "importers that are done do not hide a fence", fence_counts },
	{ "framebuffers that stay are captured into and shown", shown },
	{ "buffers that a video output keeps are captured into and played",
	  played },
	{ "fpgabuf-info tells the pins that stand, and the devices that are attached",
	  told },
	{ "the device unplugged under all of them: data stay, nothing is left",
	  unplugged },
	{ }
};

SUITE(standing,
	.alone = true,
	.title = "consumers that stay",
	.init = modules_load,
	.tests = tests)
