// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/CUnit.h>
#include <linux/errqueue.h>

#include "lib/errqueue.h"
#include "lib/suite.h"
#include "net.h"

/* A message as the kernel would deliver it. */
struct fake {
	struct msghdr msg;
	union {
		struct cmsghdr align;
		char bytes[256];
	} control;
};

static void fake_init(struct fake *f)
{
	memset(f, 0, sizeof(*f));
	f->msg.msg_flags = MSG_ERRQUEUE;
	f->msg.msg_control = &f->control;
}

static void fake_add(struct fake *f, int level, int type, const void *data,
		     size_t len)
{
	struct cmsghdr *c = (void *)(f->control.bytes + f->msg.msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	f->msg.msg_controllen += CMSG_SPACE(len);
}

static struct sock_extended_err report_of(uint32_t lo, uint32_t hi)
{
	return (struct sock_extended_err){
		.ee_origin = SO_EE_ORIGIN_ZEROCOPY,
		.ee_info = lo,
		.ee_data = hi,
	};
}

static void test_both_families(void)
{
	struct sock_extended_err e = report_of(5, 9);
	struct fpgabuf_report r;
	struct fake f;

	fake_init(&f);
	fake_add(&f, SOL_IP, IP_RECVERR, &e, sizeof(e));
	CU_ASSERT_EQUAL(fpgabuf_errqueue_parse(&f.msg, &r), 0);
	CU_ASSERT_EQUAL(r.lo, 5);
	CU_ASSERT_EQUAL(r.hi, 9);
	CU_ASSERT_FALSE(r.copied);

	e.ee_code = SO_EE_CODE_ZEROCOPY_COPIED;
	fake_init(&f);
	fake_add(&f, SOL_IPV6, IPV6_RECVERR, &e, sizeof(e));
	CU_ASSERT_EQUAL(fpgabuf_errqueue_parse(&f.msg, &r), 0);
	CU_ASSERT_TRUE(r.copied);
}

static void test_ignores_others(void)
{
	struct sock_extended_err e = report_of(1, 1);
	struct timespec ts = { 0 };
	struct fpgabuf_report r;
	struct fake f;

	fake_init(&f);
	fake_add(&f, SOL_SOCKET, SCM_TIMESTAMP, &ts, sizeof(ts));
	fake_add(&f, SOL_IP, IP_RECVERR, &e, sizeof(e));
	CU_ASSERT_EQUAL(fpgabuf_errqueue_parse(&f.msg, &r), 0);
	CU_ASSERT_EQUAL(r.lo, 1);
}

static void test_cut_off(void)
{
	struct sock_extended_err e = report_of(1, 1);
	struct fpgabuf_report r;
	struct fake f;

	fake_init(&f);
	fake_add(&f, SOL_IP, IP_RECVERR, &e, sizeof(e));
	f.msg.msg_flags |= MSG_CTRUNC;
	CU_ASSERT_EQUAL(fpgabuf_errqueue_parse(&f.msg, &r), -EPROTO);

	fake_init(&f);
	fake_add(&f, SOL_IP, IP_RECVERR, &e, sizeof(e) - 1);
	CU_ASSERT_EQUAL(fpgabuf_errqueue_parse(&f.msg, &r), -EPROTO);
}

static void test_not_a_report(void)
{
	struct sock_extended_err e = report_of(1, 1);
	struct fpgabuf_report r;
	struct fake f;

	fake_init(&f);
	CU_ASSERT_EQUAL(fpgabuf_errqueue_parse(&f.msg, &r), -EPROTO);

	fake_add(&f, SOL_IP, IP_RECVERR, &e, sizeof(e));
	fake_add(&f, SOL_IP, IP_RECVERR, &e, sizeof(e));
	CU_ASSERT_EQUAL(fpgabuf_errqueue_parse(&f.msg, &r), -EPROTO);

	e.ee_origin = SO_EE_ORIGIN_ICMP;
	fake_init(&f);
	fake_add(&f, SOL_IP, IP_RECVERR, &e, sizeof(e));
	CU_ASSERT_EQUAL(fpgabuf_errqueue_parse(&f.msg, &r), -EPROTO);

	e = report_of(1, 1);
	e.ee_errno = ENOMSG;
	fake_init(&f);
	fake_add(&f, SOL_IP, IP_RECVERR, &e, sizeof(e));
	CU_ASSERT_EQUAL(fpgabuf_errqueue_parse(&f.msg, &r), -EPROTO);
}

static void test_empty_queue(void)
{
	struct pair p = pair_open(0, 0);
	struct fpgabuf_report r;

	CU_ASSERT_EQUAL(fpgabuf_errqueue_read(p.sender, &r), 0);
	CU_ASSERT_EQUAL(fpgabuf_errqueue_read(-1, &r), -EBADF);
	pair_close(&p);
}

static const struct test tests[] = {
	{ "reports of IPv4 and IPv6 sockets are understood",
	  test_both_families },
	{ "control messages of other kinds are passed over",
	  test_ignores_others },
	{ "a report that was cut off is an error", test_cut_off },
	{ "what is not exactly one report is an error", test_not_a_report },
	{ "an empty queue is no error", test_empty_queue },
	{ }
};

SUITE(errqueue, .title = "error queue", .tests = tests)
