// SPDX-License-Identifier: GPL-2.0-only
/*
 * deaf HOST PORT - a peer of fpgabuf-recv --rdma that takes nothing
 *
 * It sends eight bytes and the end of its stream, says "ended" when the other side's
 * device has both, and stays.  It has no buffer for what the other side has to say, so
 * that this is never acknowledged.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <rdma/rdma_verbs.h>

#include "common/rdma.h"

static int fail(const char *what)
{
	perror(what);
	return 1;
}

/* It says that it has a buffer. */
static int join(struct rdma_cm_id *id)
{
	const uint32_t hello[] = { htonl(RDMA_MAGIC), htonl(1), htonl(8) };
	struct rdma_conn_param param = {
		.private_data = hello,
		.private_data_len = sizeof(hello),
		.retry_count = 6,
		.rnr_retry_count = 7,
	};

	return rdma_connect(id, &param);
}

static int send_one(struct rdma_cm_id *id, struct ibv_send_wr *wr)
{
	struct ibv_send_wr *bad;
	struct ibv_wc wc;

	if (ibv_post_send(id->qp, wr, &bad))
		return -1;
	return rdma_get_send_comp(id, &wc) == 1 &&
	       wc.status == IBV_WC_SUCCESS ? 0 : -1;
}

static int send_stream(struct rdma_cm_id *id)
{
	uint64_t word = 0;
	struct ibv_sge piece = {
		.addr = (uintptr_t)&word, .length = sizeof(word),
	};
	struct ibv_send_wr bytes = {
		.sg_list = &piece,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
		.send_flags = IBV_SEND_INLINE,
	}, end = {
		.opcode = IBV_WR_SEND_WITH_IMM,
		.imm_data = htonl(RDMA_END),
	};

	return send_one(id, &bytes) || send_one(id, &end) ? -1 : 0;
}

int main(int argc, char **argv)
{
	struct rdma_addrinfo hints = { .ai_port_space = RDMA_PS_TCP }, *to;
	struct ibv_qp_init_attr attr = {
		.cap.max_send_wr = 1,
		.cap.max_recv_wr = 1,
		.cap.max_send_sge = 1,
		.cap.max_recv_sge = 1,
		.cap.max_inline_data = 8,
		.qp_type = IBV_QPT_RC,
		.sq_sig_all = 1,
	};
	struct rdma_cm_id *id;

	if (argc != 3 || rdma_getaddrinfo(argv[1], argv[2], &hints, &to))
		return fail("address");
	if (rdma_create_ep(&id, to, NULL, &attr))
		return fail("device");
	if (join(id))
		return fail("connect");
	if (send_stream(id))
		return fail("send");
	puts("ended");
	fflush(stdout);
	for (;;)
		pause();
}
