// SPDX-License-Identifier: GPL-2.0-only
/*
 * fpgabuf_errqueue_parse(): takes what is one whole report, and nothing else
 *
 * The input is a list of control messages with any content.  What the kernel
 * promises is kept: a message lies within the control data, unless that is said
 * to be cut off.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include <linux/errqueue.h>

#include "fuzz.h"
#include "lib/errqueue.h"

#define MAX_MESSAGES	6
#define MAX_PAYLOAD	64

static const int levels[] = { SOL_IP, SOL_IPV6, SOL_SOCKET, SOL_UDP };
static const int types[] = { IP_RECVERR, IPV6_RECVERR, SCM_TIMESTAMP, 0 };

/**
 * struct expected - what the messages are, as they were put together
 * @errors: how many are of an error queue
 * @good: the last of them is a whole report of zero-copy sends
 * @report: that report
 */
struct expected {
	int errors;
	bool good;
	struct fpgabuf_report report;
};

static void expect_report(struct expected *expected, int level, int type,
			  const uint8_t *payload, size_t len)
{
	struct sock_extended_err e;

	if (!(level == SOL_IP && type == IP_RECVERR) &&
	    !(level == SOL_IPV6 && type == IPV6_RECVERR))
		return;
	expected->errors++;
	expected->good = len >= sizeof(e);
	if (!expected->good)
		return;
	memcpy(&e, payload, sizeof(e));
	expected->good = !e.ee_errno &&
			 e.ee_origin == SO_EE_ORIGIN_ZEROCOPY;
	expected->report = (struct fpgabuf_report){
		.lo = e.ee_info,
		.hi = e.ee_data,
		.copied = e.ee_code & SO_EE_CODE_ZEROCOPY_COPIED,
	};
}

static void add_message(struct input *in, char *control, size_t *used,
			struct expected *expected)
{
	uint8_t kind = input_number(in, 1), payload[MAX_PAYLOAD];
	int level = levels[kind & 3], type = types[kind >> 2 & 3];
	size_t i, len = input_number(in, 1) % (MAX_PAYLOAD + 1);
	struct cmsghdr c = {
		.cmsg_level = level,
		.cmsg_type = type,
		.cmsg_len = CMSG_LEN(len),
	};

	for (i = 0; i < len; i++)
		payload[i] = input_number(in, 1);
	expect_report(expected, level, type, payload, len);
	memcpy(control + *used, &c, sizeof(c));
	memcpy(control + *used + CMSG_LEN(0), payload, len);
	*used += CMSG_SPACE(len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .data = data, .left = size };
	bool cut = input_number(&in, 1) & 1;
	struct fpgabuf_report report = { 0 };
	struct expected expected = { 0 };
	struct msghdr msg = { 0 };
	char *control;
	size_t used = 0;
	int i, err;

	control = calloc(MAX_MESSAGES, CMSG_SPACE(MAX_PAYLOAD));
	CHECK(control);
	for (i = 0; i < MAX_MESSAGES && in.left; i++)
		add_message(&in, control, &used, &expected);
	/* Of just that size for the address sanitizer. */
	control = realloc(control, used + !used);
	CHECK(control);
	msg.msg_control = control;
	msg.msg_controllen = used;
	msg.msg_flags = MSG_ERRQUEUE | (cut ? MSG_CTRUNC : 0);

	err = fpgabuf_errqueue_parse(&msg, &report);
	CHECK(err == 0 || err == -EPROTO);
	CHECK(!err == (!cut && expected.errors == 1 && expected.good));
	if (!err)
		CHECK(report.lo == expected.report.lo &&
		      report.hi == expected.report.hi &&
		      report.copied == expected.report.copied);
	free(control);
	return 0;
}
