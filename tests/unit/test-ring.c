// SPDX-License-Identifier: GPL-2.0-only
/* The regions of a ring, on the simulated device. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <fpgabuf/fpgabuf.h>

#include "common/clock.h"
#include "fake-device.h"
#include "lib/suite.h"
#include "recv/pattern.h"

#define REGIONS	4
#define SIZE	65536

/* For what comes at once unless something is wrong */
#define PATIENCE_MS	20000

struct rig {
	struct fpgabuf_device *device;
	struct fpgabuf_ring *ring;
};

static const struct fpgabuf_ring_setup usual = {
	.regions = REGIONS,
	.access = O_RDWR,
	.prot = PROT_READ,
	.region_size = SIZE,
};

/* fake_reset() comes before, and then what the device shall be like. */
static void rig_make(struct rig *rig, const struct fpgabuf_ring_setup *setup)
{
	CU_ASSERT_EQUAL_FATAL(fpgabuf_device_open(FAKE_DEVICE, O_NONBLOCK,
						  &rig->device), 0);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_create(rig->device, setup,
						  &rig->ring), 0);
}

static void rig_end(struct rig *rig)
{
	CU_ASSERT_EQUAL(fake.bad_calls, 0);
	fpgabuf_ring_destroy(rig->ring);
	fpgabuf_device_close(rig->device);
	fake_reset();
}

static struct fpgabuf_ring_counts counts_of(const struct rig *rig)
{
	struct fpgabuf_ring_counts counts;

	fpgabuf_ring_count(rig->ring, &counts);
	return counts;
}

static bool is_pattern(const struct fpgabuf_capture *c, uint64_t at)
{
	const uint8_t *bytes = c->addr;
	uint64_t i;

	for (i = 0; i < c->bytes; i++)
		if (bytes[i] != pattern_byte(at + i))
			return false;
	return true;
}

static void take_and_give(const struct rig *rig, struct fpgabuf_capture *c)
{
	CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_wait(rig->ring, c, PATIENCE_MS), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_give(rig->ring, c->slot), 0);
}

/* Each region once; @c is the last capture. */
static void go_round(const struct rig *rig, struct fpgabuf_capture *c)
{
	unsigned int i;

	for (i = 0; i < REGIONS; i++)
		take_and_give(rig, c);
}

static void test_order(void)
{
	struct fpgabuf_capture c, held[REGIONS];
	struct rig rig;
	unsigned int i;

	fake_reset();
	rig_make(&rig, &usual);
	for (i = 0; i < 3 * REGIONS; i++) {
		CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_take(rig.ring, &c), 0);
		CU_ASSERT_EQUAL(c.sequence, i);
		CU_ASSERT_EQUAL(c.bytes, SIZE);
		CU_ASSERT_TRUE(is_pattern(&c, (uint64_t)i * SIZE));
		CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, c.slot), 0);
	}
	for (i = 0; i < REGIONS; i++)
		CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &held[i]), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), -EAGAIN);
	CU_ASSERT_STRING_EQUAL(fpgabuf_ring_why(rig.ring),
			       "all 4 regions are taken");
	CU_ASSERT_EQUAL(fpgabuf_ring_reason(rig.ring), FPGABUF_REASON_TAKEN);
	CU_ASSERT_EQUAL(counts_of(&rig).taken, REGIONS);
	/* What is taken is not captured into. */
	for (i = 0; i < REGIONS; i++)
		CU_ASSERT_TRUE(is_pattern(&held[i],
					  (3 * REGIONS + i) * SIZE));
	CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, held[2].slot), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, held[2].slot), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, REGIONS), -EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), 0);
	CU_ASSERT_EQUAL(c.slot, held[2].slot);
	CU_ASSERT_PTR_EQUAL(fpgabuf_region_addr(fpgabuf_ring_region(rig.ring,
								    c.slot)),
			    c.addr);
	CU_ASSERT_PTR_NULL(fpgabuf_ring_region(rig.ring, REGIONS));
	rig_end(&rig);
}

/* All that there is, until it says that there is no more */
static uint64_t take_all(const struct rig *rig)
{
	struct fpgabuf_capture c;
	uint64_t bytes = 0;
	int err;

	while (!(err = fpgabuf_ring_wait(rig->ring, &c, PATIENCE_MS))) {
		CU_ASSERT_TRUE(is_pattern(&c, bytes));
		bytes += c.bytes;
		CU_ASSERT_EQUAL(fpgabuf_ring_give(rig->ring, c.slot), 0);
	}
	CU_ASSERT_EQUAL(err, -ENODATA);
	CU_ASSERT_STRING_EQUAL(fpgabuf_ring_why(rig->ring),
			       "everything that was asked for has been captured");
	CU_ASSERT_EQUAL(fpgabuf_ring_reason(rig->ring), FPGABUF_REASON_END);
	return bytes;
}

static void test_limits(void)
{
	struct rig rig;

	fake_reset();
	rig_make(&rig, &usual);
	fpgabuf_ring_limit(rig.ring, 0, 10 * SIZE + 1001);
	CU_ASSERT_EQUAL(take_all(&rig), 10 * SIZE + 1001);
	CU_ASSERT_EQUAL(counts_of(&rig).captures, 11);
	/* No more than the last one had to have is captured in vain. */
	CU_ASSERT_TRUE(fake.bytes < 10 * SIZE + 1001 + fake.alignment);
	rig_end(&rig);

	fake_reset();
	rig_make(&rig, &usual);
	fpgabuf_ring_limit(rig.ring, 7, 0);
	CU_ASSERT_EQUAL(take_all(&rig), 7 * SIZE);
	CU_ASSERT_EQUAL(fake.captures, 7);
	rig_end(&rig);
}

/* More than the new limit is on its way, and stays there. */
static void test_lower_limit(void)
{
	struct fpgabuf_capture c;
	struct rig rig;

	fake_reset();
	rig_make(&rig, &usual);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, c.slot), 0);
	fpgabuf_ring_limit(rig.ring, 0, SIZE / 2);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), -ENODATA);
	CU_ASSERT_EQUAL(counts_of(&rig).bytes, SIZE);
	rig_end(&rig);
}

static void test_busy(void)
{
	struct fpgabuf_capture c;
	struct rig rig;

	fake_reset();
	fake.busy = 5;
	rig_make(&rig, &usual);
	go_round(&rig, &c);
	CU_ASSERT_TRUE(fpgabuf_ring_timeout_ms(rig.ring) >= 0);
	go_round(&rig, &c);
	CU_ASSERT_EQUAL(c.sequence, 2 * REGIONS - 1);
	CU_ASSERT_EQUAL(counts_of(&rig).busy_retries, 5);
	rig_end(&rig);
}

/* Pauses get longer, so two seconds have few of them.  The channel is not blamed. */
static void test_busy_for_long(void)
{
	const int64_t began = clock_ns();
	struct fpgabuf_ring_slot seen;
	struct fpgabuf_capture c;
	struct rig rig;

	fake_reset();
	fake.busy = ~0U;
	fake.in_use = 17;
	rig_make(&rig, &usual);
	go_round(&rig, &c);
	CU_ASSERT_EQUAL(fpgabuf_ring_wait(rig.ring, &c, 2200), -ETIMEDOUT);
	CU_ASSERT_TRUE(counts_of(&rig).busy_retries <= 42 * REGIONS);
	CU_ASSERT_PTR_NOT_NULL(strstr(fpgabuf_ring_why(rig.ring),
				      "17 page references, 0 importers"));
	CU_ASSERT_EQUAL(fpgabuf_ring_reason(rig.ring), FPGABUF_REASON_BUSY);
	CU_ASSERT_EQUAL(fpgabuf_ring_look(rig.ring, 1, &seen), 0);
	CU_ASSERT_EQUAL(seen.state, FPGABUF_SLOT_BUSY);
	CU_ASSERT_EQUAL(seen.page_references, 17);
	CU_ASSERT_TRUE(seen.busy_since_ns >= began);
	CU_ASSERT_TRUE(seen.busy_since_ns <= clock_ns());
	fake.busy = 0;
	take_and_give(&rig, &c);
	rig_end(&rig);
}

static void take_and_give_done(const struct rig *rig)
{
	struct fpgabuf_capture c;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_wait(rig->ring, &c, PATIENCE_MS), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_give_with(rig->ring, c.slot,
					       FPGABUF_QUEUE_IMPORTERS_DONE),
			0);
}

/* Also where QUEUE has to be tried again, and when a capture had no bytes */
static void test_importers_done(void)
{
	struct fpgabuf_ring_slot seen;
	struct fpgabuf_capture c;
	struct rig rig;
	unsigned int i;

	fake_reset();
	rig_make(&rig, &usual);
	for (i = 0; i < REGIONS; i++)
		take_and_give_done(&rig);
	fake.importers = 2;
	fake.empty_every = 3;
	for (i = 0; i < 5 * REGIONS; i++) {
		fake.busy = i == REGIONS;
		take_and_give_done(&rig);
	}
	CU_ASSERT_EQUAL(counts_of(&rig).busy_retries, 1);

	/* It was for this one time. */
	fake.empty_every = 0;
	for (i = 0; i < REGIONS; i++)
		take_and_give(&rig, &c);
	CU_ASSERT_EQUAL(fpgabuf_ring_wait(rig.ring, &c, 0), -ETIMEDOUT);
	CU_ASSERT_EQUAL(fpgabuf_ring_look(rig.ring, 1, &seen), 0);
	CU_ASSERT_EQUAL(seen.state, FPGABUF_SLOT_BUSY);
	CU_ASSERT_EQUAL(seen.importers, 2);
	fake.importers = 0;
	take_and_give(&rig, &c);
	rig_end(&rig);
}

static void test_give_refused(void)
{
	struct fpgabuf_capture c;
	struct rig rig;

	fake_reset();
	rig_make(&rig, &usual);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_take(rig.ring, &c), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_give_with(rig.ring, c.slot, 1U << 31),
			-EINVAL);
	CU_ASSERT_EQUAL(fpgabuf_ring_give_with(rig.ring, REGIONS, 0), -EINVAL);
	CU_ASSERT_EQUAL(counts_of(&rig).taken, 1);
	rig_end(&rig);

	fake_reset();
	fake.capabilities &= ~FPGABUF_CAP_IMPORTERS_DONE;
	rig_make(&rig, &usual);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_take(rig.ring, &c), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_give_with(rig.ring, c.slot,
					       FPGABUF_QUEUE_IMPORTERS_DONE),
			-EOPNOTSUPP);
	CU_ASSERT_EQUAL(fpgabuf_ring_give_with(rig.ring, c.slot, 0), 0);
	rig_end(&rig);
}

static void test_stuck(void)
{
	struct fpgabuf_capture c;
	struct rig rig;

	fake_reset();
	fake.kept = true;
	fake.capabilities |= FPGABUF_CAP_STOP;
	rig_make(&rig, &usual);
	go_round(&rig, &c);
	CU_ASSERT_EQUAL(fpgabuf_ring_wait(rig.ring, &c, PATIENCE_MS), -EIO);
	CU_ASSERT_PTR_NOT_NULL(strstr(fpgabuf_ring_why(rig.ring),
				      "did not stop"));
	CU_ASSERT_EQUAL(fpgabuf_ring_reason(rig.ring), FPGABUF_REASON_STUCK);
	rig_end(&rig);
}

/* A channel that cannot be stopped gives the regions back, some time. */
static void test_kept(void)
{
	struct fpgabuf_ring_slot seen;
	struct fpgabuf_capture c;
	struct rig rig;

	fake_reset();
	fake.kept = true;
	fake.capabilities &= ~FPGABUF_CAP_STOP;
	rig_make(&rig, &usual);
	go_round(&rig, &c);
	CU_ASSERT_EQUAL(fpgabuf_ring_wait(rig.ring, &c, 100), -ETIMEDOUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(fpgabuf_ring_why(rig.ring),
				      "cannot be stopped"));
	/* It may do so in a moment. */
	CU_ASSERT_EQUAL(fpgabuf_ring_look(rig.ring, 0, &seen), 0);
	CU_ASSERT_EQUAL(seen.state, FPGABUF_SLOT_BUSY);
	CU_ASSERT_EQUAL(fpgabuf_ring_wait(rig.ring, &c, 2100), -ETIMEDOUT);
	CU_ASSERT_EQUAL(fpgabuf_ring_look(rig.ring, 0, &seen), 0);
	CU_ASSERT_EQUAL(seen.state, FPGABUF_SLOT_KEPT);
	fake.kept = false;
	take_and_give(&rig, &c);
	rig_end(&rig);
}

static void test_empty(void)
{
	struct fpgabuf_capture c;
	struct rig rig;
	unsigned int i;

	fake_reset();
	fake.empty_every = 3;
	fake.gap_every = 3;
	rig_make(&rig, &usual);
	for (i = 0; i < 8; i++) {
		take_and_give(&rig, &c);
		CU_ASSERT_EQUAL(c.sequence, i);
		CU_ASSERT_EQUAL(c.bytes, SIZE);
		/* Behind each second one there was one without bytes. */
		CU_ASSERT_EQUAL(c.status & FPGABUF_CAPTURE_GAP,
				i && i % 2 == 0 ? FPGABUF_CAPTURE_GAP : 0);
	}
	CU_ASSERT_EQUAL(counts_of(&rig).captures, 8);
	CU_ASSERT_EQUAL(counts_of(&rig).gaps, 3);
	rig_end(&rig);
}

static void test_failure(void)
{
	struct fpgabuf_capture c;
	struct rig rig;

	fake_reset();
	fake.fail_at = 2;
	rig_make(&rig, &usual);
	take_and_give(&rig, &c);
	CU_ASSERT_EQUAL(c.error, 0);
	take_and_give(&rig, &c);
	CU_ASSERT_EQUAL(c.error, -EIO);
	CU_ASSERT_TRUE(c.status & FPGABUF_CAPTURE_ERROR);
	take_and_give(&rig, &c);
	CU_ASSERT_EQUAL(c.error, 0);
	CU_ASSERT_EQUAL(counts_of(&rig).failures, 1);
	rig_end(&rig);
}

/* Those in a row are counted, as one or two may happen. */
static void test_failures_in_a_row(void)
{
	struct fpgabuf_capture c;
	struct rig rig;
	unsigned int i;

	fake_reset();
	fake.fail_at = 3;
	fake.fail_for = 5;
	rig_make(&rig, &usual);
	for (i = 1; i <= 10; i++) {
		take_and_give(&rig, &c);
		CU_ASSERT_EQUAL(c.failures, i >= 3 && i < 8 ? i - 2 : 0);
	}
	fake.fail_at = fake.captures + 1;
	go_round(&rig, &c);
	take_and_give(&rig, &c);
	CU_ASSERT_EQUAL(c.failures, 1);
	CU_ASSERT_EQUAL(counts_of(&rig).failures, 6);
	rig_end(&rig);
}

/* What came before the last is handed out. */
static void test_max_failures(void)
{
	struct fpgabuf_ring_setup setup = usual;
	struct fpgabuf_capture c;
	struct rig rig;
	unsigned int i;

	fake_reset();
	fake.fail_at = 2;
	fake.fail_for = 3;
	setup.max_failures = 3;
	rig_make(&rig, &setup);
	for (i = 0; i < 3; i++)
		take_and_give(&rig, &c);
	CU_ASSERT_EQUAL(c.failures, 2);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), -EIO);
	CU_ASSERT_EQUAL(fpgabuf_ring_reason(rig.ring), FPGABUF_REASON_FAILURES);
	CU_ASSERT_STRING_EQUAL(fpgabuf_ring_why(rig.ring),
			       "too many captures failed in a row");
	CU_ASSERT_EQUAL(counts_of(&rig).failures, 3);
	CU_ASSERT_EQUAL(counts_of(&rig).captures, 3);
	/* It may be tried all the same, and ended: what was canceled is no failure. */
	take_and_give(&rig, &c);
	CU_ASSERT_EQUAL(c.failures, 0);
	rig_end(&rig);

	fake_reset();
	fake.fail_at = 1;
	fake.most_captures = 1;
	setup.max_failures = 1;
	rig_make(&rig, &setup);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), -EIO);
	CU_ASSERT_EQUAL(fpgabuf_ring_stop(rig.ring), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), -ENODATA);
	rig_end(&rig);
}

/* That the device has gone is told once all captures have been taken. */
static void test_gone(void)
{
	struct fpgabuf_capture c;
	struct rig rig;

	fake_reset();
	fake.fail_at = 2;
	fake.fail_errno = ENODEV;
	rig_make(&rig, &usual);
	take_and_give(&rig, &c);
	take_and_give(&rig, &c);
	CU_ASSERT_EQUAL(c.error, -ENODEV);
	CU_ASSERT_EQUAL(c.failures, 0);
	CU_ASSERT_EQUAL(counts_of(&rig).failures, 0);
	rig_end(&rig);
}

static void test_timeouts(void)
{
	struct fpgabuf_ring_setup setup = usual;
	struct fpgabuf_capture c;
	struct rig rig;
	unsigned int i;

	fake_reset();
	fake.timeout_every = 2;
	setup.timeout_ms = 1234;
	rig_make(&rig, &setup);
	for (i = 0; i < 4; i++)
		take_and_give(&rig, &c);
	CU_ASSERT_EQUAL(fake.timeout_ms, 1234);
	CU_ASSERT_TRUE(counts_of(&rig).timeouts > 0);
	CU_ASSERT_EQUAL(counts_of(&rig).failures, 0);
	rig_end(&rig);
}

static void test_room(void)
{
	struct fpgabuf_capture c;
	struct rig rig;
	unsigned int i;

	fake_reset();
	fake.room = 2;
	rig_make(&rig, &usual);
	for (i = 0; i < 10; i++) {
		take_and_give(&rig, &c);
		CU_ASSERT_EQUAL(c.sequence, i);
	}
	CU_ASSERT_TRUE(fake.most_queued <= 2);
	rig_end(&rig);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void test_wait(void)
{
	const struct itimerval soon = { .it_value.tv_usec = 50000 };
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval never = { 0 };
	struct itimerval watchdog;
	struct sigaction old;
	struct fpgabuf_capture c;
	struct rig rig;

	fake_reset();
	fake.never = true;
	rig_make(&rig, &usual);
	CU_ASSERT_EQUAL(fpgabuf_ring_wait(rig.ring, &c, 0), -ETIMEDOUT);
	CU_ASSERT_EQUAL(fpgabuf_ring_wait(rig.ring, &c, 20), -ETIMEDOUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(fpgabuf_ring_why(rig.ring),
				      "nothing has come from the FPGA for 0."));
	CU_ASSERT_EQUAL(fpgabuf_ring_timeout_ms(rig.ring), -1);

	setitimer(ITIMER_REAL, &soon, &watchdog);
	sigaction(SIGALRM, &action, &old);
	CU_ASSERT_EQUAL(fpgabuf_ring_wait(rig.ring, &c, -1), -EINTR);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &old, NULL);
	setitimer(ITIMER_REAL, &watchdog, NULL);

	fake.canceled_bytes = 4096;
	CU_ASSERT_EQUAL(fpgabuf_ring_stop(rig.ring), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_wait(rig.ring, &c, PATIENCE_MS), 0);
	CU_ASSERT_EQUAL(c.bytes, 4096);
	CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, c.slot), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_wait(rig.ring, &c, PATIENCE_MS), -ENODATA);
	CU_ASSERT_EQUAL(counts_of(&rig).failures, 0);
	rig_end(&rig);
}

static void test_queue_error(void)
{
	struct fpgabuf_capture c;
	struct rig rig;

	fake_reset();
	rig_make(&rig, &usual);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), 0);
	fake.queue_errno = ENODEV;
	CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, c.slot), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), -ENODEV);
	CU_ASSERT_STRING_EQUAL(fpgabuf_ring_why(rig.ring),
			       "a region cannot be queued");
	fake.queue_errno = 0;
	/* What had been queued is not lost. */
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), 0);
	CU_ASSERT_EQUAL(c.sequence, 1);
	rig_end(&rig);
}

/* What it begins with comes before the first that is wanted. */
static void test_fill(void)
{
	struct fpgabuf_ring_slot seen;
	struct fpgabuf_capture c;
	struct rig rig;

	fake_reset();
	rig_make(&rig, &usual);
	CU_ASSERT_EQUAL(fpgabuf_ring_look(rig.ring, 0, &seen), 0);
	CU_ASSERT_EQUAL(seen.state, FPGABUF_SLOT_IDLE);
	CU_ASSERT_EQUAL(fpgabuf_ring_fill(rig.ring), 0);
	CU_ASSERT_EQUAL(fake.captures, REGIONS);
	CU_ASSERT_EQUAL(fpgabuf_ring_reason(rig.ring), FPGABUF_REASON_CAPTURE);
	CU_ASSERT_EQUAL(fpgabuf_ring_look(rig.ring, 1, &seen), 0);
	CU_ASSERT_EQUAL(seen.state, FPGABUF_SLOT_QUEUED);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_look(rig.ring, c.slot, &seen), 0);
	CU_ASSERT_EQUAL(seen.state, FPGABUF_SLOT_TAKEN);
	CU_ASSERT_EQUAL(seen.sequence, 1);
	CU_ASSERT_EQUAL(fpgabuf_ring_look(rig.ring, REGIONS, &seen), -EINVAL);
	fake.queue_errno = EUSERS;
	CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, c.slot), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_fill(rig.ring), -EUSERS);
	CU_ASSERT_EQUAL(fpgabuf_ring_reason(rig.ring), FPGABUF_REASON_QUEUE);
	fake.queue_errno = 0;
	CU_ASSERT_EQUAL(fpgabuf_ring_fill(rig.ring), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_reason(rig.ring), FPGABUF_REASON_CAPTURE);
	rig_end(&rig);
}

static void test_start(void)
{
	struct fpgabuf_capture c;
	struct rig rig;

	fake_reset();
	fake.never = true;
	fake.canceled_bytes = 4096;
	fake.gap_every = 4;
	rig_make(&rig, &usual);
	CU_ASSERT_EQUAL(fpgabuf_ring_fill(rig.ring), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_stop(rig.ring), 0);
	take_and_give(&rig, &c);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), -ENODATA);
	fake.never = false;
	fpgabuf_ring_start(rig.ring);
	/* The gap was before what did not come. */
	take_and_give(&rig, &c);
	CU_ASSERT_EQUAL(c.sequence, 1);
	CU_ASSERT_EQUAL(c.bytes, SIZE);
	CU_ASSERT_EQUAL(c.status, 0);
	rig_end(&rig);
}

static void test_grow(void)
{
	struct fpgabuf_capture c;
	struct rig rig;
	unsigned int i;

	fake_reset();
	rig_make(&rig, &usual);
	CU_ASSERT_EQUAL(fpgabuf_ring_length(rig.ring), SIZE);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_grow(rig.ring, REGIONS - 1), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_regions(rig.ring), REGIONS);
	CU_ASSERT_EQUAL(fpgabuf_ring_grow(rig.ring, REGIONS + 2), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_regions(rig.ring), REGIONS + 2);
	for (i = 1; i < REGIONS + 2; i++)
		CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), 0);
	CU_ASSERT_TRUE(is_pattern(&c, (uint64_t)(REGIONS + 1) * SIZE));
	CU_ASSERT_EQUAL(c.slot, REGIONS + 1);
	fake.alloc_errno = EDQUOT;
	CU_ASSERT_EQUAL(fpgabuf_ring_grow(rig.ring, REGIONS + 3), -EDQUOT);
	CU_ASSERT_EQUAL(fpgabuf_ring_regions(rig.ring), REGIONS + 2);
	CU_ASSERT_EQUAL(fpgabuf_ring_grow(rig.ring,
					  FPGABUF_RING_MAX_REGIONS + 1),
			-EINVAL);
	rig_end(&rig);
}

static int try_create(const struct fpgabuf_ring_setup *setup, int flags)
{
	struct fpgabuf_device *device;
	struct fpgabuf_ring *ring;
	int err;

	CU_ASSERT_EQUAL_FATAL(fpgabuf_device_open(FAKE_DEVICE, flags, &device),
			      0);
	err = fpgabuf_ring_create(device, setup, &ring);
	if (!err)
		fpgabuf_ring_destroy(ring);
	fpgabuf_device_close(device);
	return err;
}

static int next_fd(void)
{
	int fd = dup(STDIN_FILENO);

	close(fd);
	return fd;
}

static void test_setup(void)
{
	struct fpgabuf_ring_setup s = usual;
	int before;

	fake_reset();
	before = next_fd();
	s.regions = 0;
	CU_ASSERT_EQUAL(try_create(&s, O_NONBLOCK), -EINVAL);
	s.regions = FPGABUF_RING_MAX_REGIONS + 1;
	CU_ASSERT_EQUAL(try_create(&s, O_NONBLOCK), -EINVAL);
	s = usual;
	s.reserved[4] = 1;
	CU_ASSERT_EQUAL(try_create(&s, O_NONBLOCK), -EINVAL);
	s = usual;
	s.length = 2 * SIZE;
	CU_ASSERT_EQUAL(try_create(&s, O_NONBLOCK), -EINVAL);
	s.length = fake.alignment + 1;
	CU_ASSERT_EQUAL(try_create(&s, O_NONBLOCK), -EINVAL);
	s = usual;
	s.prot = PROT_EXEC;
	CU_ASSERT_EQUAL(try_create(&s, O_NONBLOCK), -EINVAL);
	CU_ASSERT_EQUAL(try_create(&usual, 0), -EINVAL);
	fake.alignment = 2 * SIZE;
	CU_ASSERT_EQUAL(try_create(&usual, O_NONBLOCK), -EMSGSIZE);
	fake.alloc_errno = EDQUOT;
	CU_ASSERT_EQUAL(try_create(&usual, O_NONBLOCK), -EDQUOT);
	CU_ASSERT_EQUAL(next_fd(), before);
	fake_reset();
	fpgabuf_ring_destroy(NULL);
}

/* What a DMA controller of a board takes is known to nobody but the device. */
static void test_sizes(void)
{
	struct fpgabuf_ring_setup s = usual;
	struct fpgabuf_capture c;
	struct rig rig;

	fake_reset();
	s.region_size = 0;
	rig_make(&rig, &s);
	take_and_give(&rig, &c);
	CU_ASSERT_EQUAL(c.bytes, FPGABUF_RING_REGION_SIZE);
	rig_end(&rig);

	fake_reset();
	fake_plain();
	rig_make(&rig, &s);
	take_and_give(&rig, &c);
	CU_ASSERT_EQUAL(c.bytes, fake.max_capture - fake.max_capture %
			fake.alignment);
	rig_end(&rig);
}

/*
 * Whole pages may be more than the controller takes; more that was asked for is not
 * to be hidden.
 */
static void test_lengths(void)
{
	struct fpgabuf_ring_setup s = usual;
	struct fpgabuf_capture c;
	struct rig rig;

	fake_reset();
	fake_plain();
	s.region_size = 13000;
	rig_make(&rig, &s);
	CU_ASSERT_EQUAL(fpgabuf_ring_length(rig.ring), 16376);
	rig_end(&rig);

	fake_reset();
	fake_plain();
	s.region_size = 16384;
	rig_make(&rig, &s);
	CU_ASSERT_EQUAL(fpgabuf_ring_length(rig.ring), 16384);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), -EMSGSIZE);
	rig_end(&rig);
}

/* How many captures without bytes are there whose bytes nobody has counted? */
static uint64_t uncounted(uint64_t capabilities, uint32_t version, bool fails)
{
	struct fpgabuf_capture c;
	struct rig rig;
	uint64_t n;

	fake_reset();
	fake.capabilities = capabilities;
	fake.version = version;
	fake.empty_every = 2;
	fake.never = fails;
	rig_make(&rig, &usual);
	fpgabuf_ring_limit(rig.ring, 3, 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_fill(rig.ring), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_stop(rig.ring), 0);
	while (!fpgabuf_ring_take(rig.ring, &c))
		continue;
	n = counts_of(&rig).uncounted;
	rig_end(&rig);
	return n;
}

static void test_uncounted(void)
{
	CU_ASSERT_EQUAL(uncounted(0, 2, false), 1);
	/* These do count, and nothing has come; or who knows. */
	CU_ASSERT_EQUAL(uncounted(FPGABUF_CAP_EXACT_BYTES, 2, false), 0);
	CU_ASSERT_EQUAL(uncounted(0, 1, false), 0);
	CU_ASSERT_EQUAL(uncounted(0, 2, true), 0);
}

/* Those that were queued come back to nobody else. */
static void test_next_ring(void)
{
	struct fpgabuf_capture c;
	struct rig rig;

	fake_reset();
	rig_make(&rig, &usual);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), 0);
	fpgabuf_ring_destroy(rig.ring);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_create(rig.device, &usual,
						  &rig.ring), 0);
	take_and_give(&rig, &c);
	CU_ASSERT_EQUAL(c.sequence, 0);
	CU_ASSERT_EQUAL(c.error, 0);
	rig_end(&rig);
}

/* Captures go from the thread that takes them to one that gives them back. */
struct relay {
	const struct rig *rig;
	int pipe[2];
	uint64_t given;
};

enum { RELAYED = 2000 };

static void *give_back(void *arg)
{
	struct relay *relay = arg;
	uint32_t slot;

	while (read(relay->pipe[0], &slot, sizeof(slot)) == sizeof(slot))
		relay->given += !fpgabuf_ring_give(relay->rig->ring, slot);
	return NULL;
}

static void test_threads(void)
{
	struct fpgabuf_capture c;
	struct rig rig;
	struct relay relay = { .rig = &rig };
	pthread_t thread;
	unsigned int i;

	fake_reset();
	fake.busy = RELAYED / 10;
	rig_make(&rig, &usual);
	CU_ASSERT_EQUAL_FATAL(pipe2(relay.pipe, O_CLOEXEC), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, give_back, &relay),
			      0);
	for (i = 0; i < RELAYED; i++) {
		CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_wait(rig.ring, &c,
							PATIENCE_MS), 0);
		CU_ASSERT_EQUAL(c.sequence, i);
		CU_ASSERT_EQUAL(write(relay.pipe[1], &c.slot, sizeof(c.slot)),
				sizeof(c.slot));
	}
	close(relay.pipe[1]);
	pthread_join(thread, NULL);
	close(relay.pipe[0]);
	CU_ASSERT_EQUAL(relay.given, RELAYED);
	CU_ASSERT_EQUAL(counts_of(&rig).busy_retries, RELAYED / 10);
	rig_end(&rig);
}

enum { WAITERS = 3, ENDS = 50 };

struct waiter {
	struct fpgabuf_ring *ring;
	pthread_t thread;
	int result;
};

static void *wait_for_one(void *arg)
{
	struct waiter *waiter = arg;
	struct fpgabuf_capture c;

	waiter->result = fpgabuf_ring_wait(waiter->ring, &c, PATIENCE_MS);
	return NULL;
}

/*
 * All regions are taken.  Then one is given back for the last capture, which this
 * thread often takes before those that wait: the device has no event for them.
 */
static void one_end(void)
{
	struct waiter waiters[WAITERS];
	struct fpgabuf_capture c, held[REGIONS];
	unsigned int i, taken;
	struct rig rig;

	fake_reset();
	rig_make(&rig, &usual);
	fpgabuf_ring_limit(rig.ring, REGIONS + 1, 0);
	for (i = 0; i < REGIONS; i++)
		CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &held[i]), 0);
	for (i = 0; i < WAITERS; i++) {
		waiters[i].ring = rig.ring;
		CU_ASSERT_EQUAL_FATAL(pthread_create(&waiters[i].thread, NULL,
						     wait_for_one, &waiters[i]),
				      0);
	}
	/* To give the others time is no part of the test; without it, it sees less. */
	sched_yield();
	CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, held[0].slot), 0);
	taken = !fpgabuf_ring_take(rig.ring, &c);
	for (i = 0; i < WAITERS; i++) {
		pthread_join(waiters[i].thread, NULL);
		taken += !waiters[i].result;
		CU_ASSERT(!waiters[i].result || waiters[i].result == -ENODATA);
	}
	CU_ASSERT_EQUAL(taken, 1);
	rig_end(&rig);
}

static void test_end_for_all(void)
{
	unsigned int i;

	for (i = 0; i < ENDS; i++)
		one_end();
}

/* Slices */

#define SLICE	4096
#define SLICES	4
#define SLOTS	(9 * SLICES)

static const struct fpgabuf_ring_setup sliced = {
	.regions = 8 * SLICES,
	.access = O_RDWR,
	.prot = PROT_READ,
	.region_size = SLICE,
	.slices = SLICES,
};

static void rig_make_sliced(struct rig *rig)
{
	fake_reset();
	fake.capabilities |= FPGABUF_CAP_SLICES;
	rig_make(rig, &sliced);
}

/* Four captures share a region, and one call queues them. */
static void test_slices(void)
{
	struct fpgabuf_capture c;
	struct rig rig;
	unsigned int i;

	rig_make_sliced(&rig);
	CU_ASSERT_EQUAL(fpgabuf_ring_regions(rig.ring), SLOTS);
	CU_ASSERT_EQUAL(fpgabuf_ring_length(rig.ring), SLICE);
	for (i = 0; i < 40 * SLICES; i++) {
		const uint8_t *base;

		CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_take(rig.ring, &c), 0);
		CU_ASSERT_EQUAL(c.bytes, SLICE);
		CU_ASSERT_TRUE(is_pattern(&c, (uint64_t)i * SLICE));
		base = fpgabuf_region_addr(fpgabuf_ring_region(rig.ring, c.slot));
		CU_ASSERT_PTR_EQUAL(c.addr, base + c.slot % SLICES * SLICE);
		CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, c.slot), 0);
		CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, c.slot), -EINVAL);
	}
	CU_ASSERT_EQUAL(fake.captures, fake.queue_calls * SLICES);
	CU_ASSERT_TRUE(fake.most_queued <= fake.queue_depth);
	CU_ASSERT_PTR_NULL(fpgabuf_ring_region(rig.ring, SLOTS));
	rig_end(&rig);
}

/* The last one that is given back decides. */
static void test_slices_held(void)
{
	struct fpgabuf_capture held, c;
	struct fpgabuf_ring_slot seen;
	struct rig rig;
	unsigned int i;

	rig_make_sliced(&rig);
	CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_take(rig.ring, &held), 0);
	for (i = 1; i < 20 * SLICES; i++) {
		CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_take(rig.ring, &c), 0);
		CU_ASSERT_TRUE(is_pattern(&c, (uint64_t)i * SLICE));
		CU_ASSERT_EQUAL(c.slot / SLICES == held.slot / SLICES,
				i < SLICES);
		CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, c.slot), 0);
	}
	CU_ASSERT_TRUE(is_pattern(&held, 0));
	CU_ASSERT_EQUAL(fpgabuf_ring_look(rig.ring, held.slot, &seen), 0);
	CU_ASSERT_EQUAL(seen.state, FPGABUF_SLOT_TAKEN);
	CU_ASSERT_EQUAL(fpgabuf_ring_look(rig.ring, held.slot + 1, &seen), 0);
	CU_ASSERT_EQUAL(seen.state, FPGABUF_SLOT_IDLE);
	CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, held.slot), 0);
	/* With all others taken it is its turn. */
	c.slot = SLICES;
	for (i = 0; i < SLOTS && c.slot != held.slot; i++)
		CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_take(rig.ring, &c), 0);
	CU_ASSERT_EQUAL(c.slot, held.slot);
	rig_end(&rig);
}

/* Wherever they begin, and whatever is idle in the region of the first */
static void test_slices_promise(void)
{
	struct fpgabuf_capture c;
	struct rig rig;
	unsigned int before, i;

	for (before = 0; before <= SLICES; before++) {
		rig_make_sliced(&rig);
		for (i = 0; i < before; i++) {
			CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_take(rig.ring, &c), 0);
			CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, c.slot), 0);
		}
		for (i = 0; i < sliced.regions; i++)
			CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_take(rig.ring, &c), 0);
		rig_end(&rig);
	}
}

/* No more is captured than was asked for. */
static void test_slices_limits(void)
{
	struct rig rig;

	rig_make_sliced(&rig);
	fpgabuf_ring_limit(rig.ring, 0, 10 * SLICE + 1001);
	CU_ASSERT_EQUAL(take_all(&rig), 10 * SLICE + 1001);
	CU_ASSERT_TRUE(fake.bytes < 10 * SLICE + 1001 + fake.alignment);
	rig_end(&rig);

	rig_make_sliced(&rig);
	fpgabuf_ring_limit(rig.ring, 7, 0);
	CU_ASSERT_EQUAL(take_all(&rig), 7 * SLICE);
	CU_ASSERT_EQUAL(fake.captures, 7);
	rig_end(&rig);

	rig_make_sliced(&rig);
	fake.empty_every = 3;
	fake.short_every = 5;
	fpgabuf_ring_limit(rig.ring, 100, 0);
	take_all(&rig);
	CU_ASSERT_EQUAL(counts_of(&rig).captures, 100);
	CU_ASSERT_EQUAL(counts_of(&rig).queued, 0);
	CU_ASSERT_EQUAL(counts_of(&rig).taken, 0);
	rig_end(&rig);
}

/* A controller with room for one and a half regions, and pages that are in use */
static void test_slices_refused(void)
{
	struct fpgabuf_capture c;
	struct rig rig;
	unsigned int i;

	rig_make_sliced(&rig);
	fake.room = 6;
	fake.busy = 5;
	for (i = 0; i < 40 * SLICES; i++) {
		CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_wait(rig.ring, &c,
							PATIENCE_MS), 0);
		CU_ASSERT_TRUE(is_pattern(&c, (uint64_t)i * SLICE));
		CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, c.slot), 0);
	}
	CU_ASSERT_TRUE(fake.most_queued <= 6);
	CU_ASSERT_EQUAL(counts_of(&rig).busy_retries, 5);
	rig_end(&rig);
}

/* A part of a region would keep the rest of it idle. */
static void test_slices_whole(void)
{
	struct rig rig;

	fake_reset();
	fake.capabilities |= FPGABUF_CAP_SLICES;
	fake.queue_depth = 4 * SLICES + 2;
	fake.never = true;
	rig_make(&rig, &sliced);
	CU_ASSERT_EQUAL(fpgabuf_ring_fill(rig.ring), 0);
	CU_ASSERT_EQUAL(fake.most_queued, 4 * SLICES);
	CU_ASSERT_EQUAL(counts_of(&rig).queued, 4 * SLICES);
	rig_end(&rig);
}

/* Importers must have let go of all that is in the region. */
static void test_slices_flags(void)
{
	struct fpgabuf_capture c;
	struct rig rig;
	unsigned int i;

	rig_make_sliced(&rig);
	fake.importers = 1;
	for (i = 0; i < SLOTS; i++) {
		CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_take(rig.ring, &c), 0);
		CU_ASSERT_EQUAL(fpgabuf_ring_give_with(rig.ring, c.slot,
						       i ? FPGABUF_QUEUE_IMPORTERS_DONE : 0), 0);
	}
	for (i = 0; i < 30 * SLICES; i++) {
		CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_take(rig.ring, &c), 0);
		CU_ASSERT_TRUE(c.slot >= SLICES);
		CU_ASSERT_EQUAL(fpgabuf_ring_give_with(rig.ring, c.slot,
						       FPGABUF_QUEUE_IMPORTERS_DONE), 0);
	}
	rig_end(&rig);
}

/* What cannot be shared has its own region, as with an older driver. */
static void test_slices_alone(void)
{
	static const struct fpgabuf_ring_setup setups[] = {
		{ .regions = 8, .access = O_RDWR, .slices = 4 },
		{ .regions = 8, .access = O_RDWR, .region_size = 4104,
		  .slices = 4 },
		{ .regions = 8, .access = O_RDWR, .region_size = 4096,
		  .length = 2048, .slices = 4 },
		{ .regions = 8, .access = O_RDWR, .region_size = 2 << 20,
		  .slices = 4 },
		{ .regions = 8, .access = O_RDWR, .region_size = 4096,
		  .slices = 1 },
		{ .regions = 8, .access = O_RDWR, .region_size = 4096,
		  .slices = 4 },
	};
	const size_t count = sizeof(setups) / sizeof(*setups);
	struct rig rig;
	size_t i;

	for (i = 0; i < count; i++) {
		fake_reset();
		if (i < count - 1)
			fake.capabilities |= FPGABUF_CAP_SLICES;
		rig_make(&rig, &setups[i]);
		CU_ASSERT_PTR_NOT_EQUAL(fpgabuf_ring_region(rig.ring, 0),
					fpgabuf_ring_region(rig.ring, 1));
		rig_end(&rig);
	}
}

/* Thousands that are held at once, with the descriptors of a few regions */
static void test_slices_thousands(void)
{
	const struct fpgabuf_ring_setup setup = {
		.regions = 4096,
		.access = O_RDWR,
		.prot = PROT_READ,
		.region_size = SLICE,
		.slices = 64,
	};
	struct fpgabuf_capture c;
	struct rlimit before, few;
	struct rig rig;
	unsigned int slots, i;

	fake_reset();
	fake.capabilities |= FPGABUF_CAP_SLICES;
	fake.queue_depth = 256;
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){ 256, before.rlim_max };
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &few), 0);
	rig_make(&rig, &setup);
	slots = fpgabuf_ring_regions(rig.ring);
	for (i = 0; i < slots; i++) {
		CU_ASSERT_EQUAL_FATAL(fpgabuf_ring_take(rig.ring, &c), 0);
		CU_ASSERT_TRUE(is_pattern(&c, (uint64_t)i * SLICE));
	}
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), -EAGAIN);
	CU_ASSERT_EQUAL(counts_of(&rig).taken, slots);
	for (i = 0; i < slots; i++)
		CU_ASSERT_EQUAL(fpgabuf_ring_give(rig.ring, i), 0);
	CU_ASSERT_EQUAL(fpgabuf_ring_take(rig.ring, &c), 0);
	CU_ASSERT_TRUE(is_pattern(&c, (uint64_t)slots * SLICE));
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
	rig_end(&rig);
}

static const struct test tests[] = {
	{ "captures come in order, and regions that are given back go on",
	  test_order },
	{ "what was asked for is captured, and no more", test_limits },
	{ "a limit can be lowered below what has come", test_lower_limit },
	{ "a region that is in use is tried again", test_busy },
	{ "... after longer and longer pauses, and it says why",
	  test_busy_for_long },
	{ "a region whose importers are done is queued all the same, each time that this is said",
	  test_importers_done },
	{ "flags that driver or library do not know are refused, and nothing is given back",
	  test_give_refused },
	{ "a channel that did not stop ends it", test_stuck },
	{ "one that cannot be stopped does not", test_kept },
	{ "a gap before a capture without bytes is told with the next",
	  test_empty },
	{ "a capture that failed is handed out, and others follow",
	  test_failure },
	{ "how many have failed in a row is told", test_failures_in_a_row },
	{ "too many in a row are the end, if that is wanted",
	  test_max_failures },
	{ "that the device has gone is no failure of a capture", test_gone },
	{ "one that took too long is no failure", test_timeouts },
	{ "no more is queued than the DMA controller has room for", test_room },
	{ "a wait ends in time, by a signal, and when the ring is stopped",
	  test_wait },
	{ "what goes wrong with a region that was given back is told",
	  test_queue_error },
	{ "it can begin before the first capture is wanted", test_fill },
	{ "it goes on after a stop, without what was before", test_start },
	{ "it grows as far as there is memory", test_grow },
	{ "a ring that makes no sense is refused, and leaves nothing",
	  test_setup },
	{ "regions are as large as the DMA controller likes", test_sizes },
	{ "a capture has no more than the controller takes, if that was asked for",
	  test_lengths },
	{ "a short packet that nobody counts is told from an empty one",
	  test_uncounted },
	{ "the next ring finds nothing of the last one", test_next_ring },
	{ "one thread takes what another one gives back", test_threads },
	{ "the end is told to all threads that wait", test_end_for_all },
	{ "slices: captures share regions, in order", test_slices },
	{ "slices: ... until all of a region is given back", test_slices_held },
	{ "slices: as many can be held as the caller said", test_slices_promise },
	{ "slices: what was asked for is captured, and no more",
	  test_slices_limits },
	{ "slices: a controller that takes fewer, and regions in use",
	  test_slices_refused },
	{ "slices: a region is queued as a whole", test_slices_whole },
	{ "slices: a flag counts when all were given back with it",
	  test_slices_flags },
	{ "slices: what cannot be shared is not", test_slices_alone },
	{ "slices: thousands are held with few descriptors",
	  test_slices_thousands },
	{ }
};

SUITE(ring, .title = "ring", .tests = tests)
