// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/rdma.h"

/* Buffers for what carries no bytes: four times a quarter of the others, and more */
#define CONTROLS	8

/* The same while there are few of the others: an end, and a probe */
#define FEW_CONTROLS	2

/* SENDs of bytes that may be under way */
#define SEND_DEPTH	64

/* Most bytes that are copied into a request */
#define INLINE_SIZE	64

/*
 * How long the device waits for an acknowledgement before it sends again: 4.096 us *
 * 2^18, about a second.  With 7 times, soft-RoCE would do that for ever.
 */
#define ACK_TIMEOUT	18
#define RETRIES		6

/*
 * What a completion knows its request by: bytes that were sent, or one of these, or the
 * number of a buffer with a bit.  Where it went wrong, nothing else is valid.
 */
#define SENT_CONTROL	0
#define SENT_END	(1ull << 62)
#define RECEIVED	(1ull << 63)

/* As often as it takes: the other side says how many buffers it has. */
#define RNR_RETRIES	7

/* struct hello - private data of both sides, in network order */
struct hello {
	uint32_t magic;
	uint32_t buffers;
	uint32_t size;
};

/* struct arrival - a buffer with bytes that have come */
struct arrival {
	unsigned int buffer;
	uint32_t size;
};

/**
 * struct area - buffers that are registered at once
 * @memory: their memory
 * @mr: the same as the device knows it
 * @first: the number of the first
 * @count: how many they are
 */
struct area {
	uint8_t *memory;
	struct ibv_mr *mr;
	unsigned int first;
	unsigned int count;
};

/* What there is from the beginning, and what is added */
#define MOST_AREAS	2

enum link_state { LINK_ADDRESS, LINK_ROUTE, LINK_CONNECTING, LINK_UP };

/**
 * struct rdma_link - a connection
 * @setup: how our side is
 * @timeout_ms: for each step of connecting
 * @state: how far it is
 * @events: where events of the connection come from
 * @id: the connection, and its queues
 * @pd: its domain, which is its own if @setup has none
 * @channel: where events of @cq come from
 * @cq: completions of both queues
 * @unacknowledged: events of @cq that were taken
 * @areas: the buffers
 * @area_count: how many areas there are
 * @buffers: how many buffers these have
 * @arrivals: the buffers with bytes, a ring of as many as there are buffers
 * @first: the oldest of them
 * @count: how many there are
 * @taken: bytes of the oldest that were read
 * @owed: buffers that are free again, and the other side does not know
 * @credits: free buffers of the other side
 * @most: bytes of such a buffer
 * @sending: SENDs of bytes that are under way
 * @controlling: the same for those without bytes
 * @sends: SENDs of bytes in all
 * @completions: how many of them have completed
 * @acknowledged: bytes of these
 * @ending: no more bytes will be sent
 * @end_sent: the other side was told
 * @end_arrived: it has acknowledged that
 * @ended: no more bytes will come
 * @told: the reader knows of the end, or of the error
 * @leaving: there is no reader any more
 * @heard: something has come since the timer was last looked at
 * @probing: a probe is under way
 * @epoll: readable when one of the following is
 * @wake: readable while there is something to read
 * @awake: it is readable
 * @timer: for probes, or -1
 * @error: how it has ended, or 0
 */
struct rdma_link {
	struct rdma_setup setup;
	int timeout_ms;
	enum link_state state;
	struct rdma_event_channel *events;
	struct rdma_cm_id *id;
	struct ibv_pd *pd;
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq;
	unsigned int unacknowledged;
	struct area areas[MOST_AREAS];
	unsigned int area_count;
	unsigned int buffers;
	struct arrival *arrivals;
	unsigned int first;
	unsigned int count;
	size_t taken;
	unsigned int owed;
	uint32_t credits;
	size_t most;
	unsigned int sending;
	unsigned int controlling;
	uint64_t sends;
	uint64_t completions;
	uint64_t acknowledged;
	bool ending;
	bool end_sent;
	bool end_arrived;
	bool ended;
	bool told;
	bool leaving;
	bool heard;
	bool probing;
	int epoll;
	int wake;
	bool awake;
	int timer;
	int error;
};

static void fail(struct rdma_link *l, int err)
{
	if (!l->error)
		l->error = err;
}

/* When there are all of them */
static unsigned int buffer_count(const struct rdma_link *l)
{
	return l->setup.buffers + CONTROLS;
}

static const struct area *area_of(const struct rdma_link *l,
				  unsigned int buffer)
{
	return &l->areas[buffer >= l->areas[0].count];
}

static uint8_t *buffer_at(const struct rdma_link *l, unsigned int buffer)
{
	const struct area *a = area_of(l, buffer);

	return a->memory + (buffer - a->first) * l->setup.size;
}

static int post_receive(struct rdma_link *l, unsigned int buffer)
{
	struct ibv_sge piece = {
		.addr = (uintptr_t)buffer_at(l, buffer),
		.length = l->setup.size,
		.lkey = area_of(l, buffer)->mr->lkey,
	};
	struct ibv_recv_wr wr = {
		.wr_id = RECEIVED | buffer, .sg_list = &piece, .num_sge = 1,
	};
	struct ibv_recv_wr *bad;

	return -ibv_post_recv(l->id->qp, &wr, &bad);
}

static int post_send(struct rdma_link *l, struct ibv_send_wr *wr)
{
	struct ibv_send_wr *bad;
	int err;

	wr->send_flags |= IBV_SEND_SIGNALED;
	err = -ibv_post_send(l->id->qp, wr, &bad);
	if (err)
		fail(l, err);
	return err;
}

static int post_control(struct rdma_link *l, uint32_t number)
{
	struct ibv_send_wr wr = {
		.wr_id = number & RDMA_END ? SENT_END : SENT_CONTROL,
		.opcode = IBV_WR_SEND_WITH_IMM,
		.imm_data = htonl(number),
	};
	int err = post_send(l, &wr);

	if (!err)
		l->controlling++;
	return err;
}

static bool can_send(const struct rdma_link *l)
{
	return l->state == LINK_UP && l->id->qp && !l->error;
}

/* Tells the other side what it has to know. */
static void post_controls(struct rdma_link *l)
{
	bool much = l->owed * 4 >= l->setup.buffers;
	bool end = l->ending && !l->end_sent;

	if (!can_send(l) || l->controlling >= CONTROLS || !(much || end))
		return;
	if (post_control(l, l->owed | (end ? RDMA_END : 0)))
		return;
	l->owed = 0;
	l->end_sent |= end;
}

static void set_wake(struct rdma_link *l)
{
	bool news = l->count || ((l->ended || l->error) && !l->told);
	bool wake = news && !l->leaving;
	uint64_t number = 1;
	ssize_t n;

	if (wake == l->awake)
		return;
	n = wake ? write(l->wake, &number, sizeof(number)) :
		   read(l->wake, &number, sizeof(number));
	if (n == sizeof(number))
		l->awake = wake;
}

static void on_control(struct rdma_link *l, uint32_t number)
{
	l->credits += number & ~RDMA_END;
	if (number & RDMA_END)
		l->ended = true;
}

static void on_received(struct rdma_link *l, const struct ibv_wc *wc)
{
	unsigned int last = (l->first + l->count) % buffer_count(l);
	unsigned int buffer = wc->wr_id & ~RECEIVED;
	int err;

	l->heard = true;
	/* Bytes and an end look different; an empty message would look like the end. */
	if (!(wc->wc_flags & IBV_WC_WITH_IMM) && !wc->byte_len) {
		fail(l, -EPROTO);
		return;
	}
	if (!(wc->wc_flags & IBV_WC_WITH_IMM)) {
		l->arrivals[last] = (struct arrival){ buffer, wc->byte_len };
		l->count++;
		return;
	}
	on_control(l, ntohl(wc->imm_data));
	err = post_receive(l, buffer);
	if (err)
		fail(l, err);
}

static void on_sent(struct rdma_link *l, const struct ibv_wc *wc)
{
	if (wc->wr_id == SENT_CONTROL || wc->wr_id == SENT_END) {
		l->end_arrived |= wc->wr_id == SENT_END;
		l->controlling--;
		l->probing = false;
		return;
	}
	l->sending--;
	l->completions++;
	l->acknowledged += wc->wr_id;
}

static int error_of(enum ibv_wc_status status)
{
	switch (status) {
	case IBV_WC_RETRY_EXC_ERR:
		return -EHOSTUNREACH;
	case IBV_WC_REM_OP_ERR:
		return -ECONNRESET;
	case IBV_WC_WR_FLUSH_ERR:
		return -ECONNABORTED;
	default:
		return -EIO;
	}
}

/*
 * After an error all requests are flushed.  Buffers may be flushed before the SEND that
 * went wrong is there, which says why.  A SEND that is flushed when nothing went wrong
 * before is the device's own doing: soft-RoCE of Linux 6.12 does so when the NIC's queue
 * refuses one packet.
 */
static void on_error(struct rdma_link *l, const struct ibv_wc *wc)
{
	if (!(wc->wr_id & RECEIVED) || wc->status != IBV_WC_WR_FLUSH_ERR)
		fail(l, error_of(wc->status));
}

static void on_completion(struct rdma_link *l, const struct ibv_wc *wc)
{
	if (wc->status != IBV_WC_SUCCESS)
		on_error(l, wc);
	else if (wc->wr_id & RECEIVED)
		on_received(l, wc);
	else
		on_sent(l, wc);
}

static void take_completions(struct rdma_link *l)
{
	struct ibv_wc wc[16];
	int i, n;

	while ((n = ibv_poll_cq(l->cq, 16, wc)) > 0)
		for (i = 0; i < n; i++)
			on_completion(l, &wc[i]);
	if (n < 0)
		fail(l, -EIO);
}

/* What comes between the look and the request is found by the second look. */
static void run_completions(struct rdma_link *l)
{
	struct ibv_cq *cq;
	void *context;

	while (!ibv_get_cq_event(l->channel, &cq, &context))
		l->unacknowledged++;
	take_completions(l);
	if (ibv_req_notify_cq(l->cq, 0))
		fail(l, -EIO);
	take_completions(l);
}

static int watch(struct rdma_link *l, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	return 0;
}

static int make_timer(struct rdma_link *l)
{
	const struct itimerspec period = {
		.it_interval.tv_sec = l->setup.keepalive_s,
		.it_value.tv_sec = l->setup.keepalive_s,
	};

	if (!l->setup.keepalive_s)
		return 0;
	l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (l->timer < 0 || timerfd_settime(l->timer, 0, &period, NULL) < 0)
		return -errno;
	return watch(l, l->timer);
}

static void run_timer(struct rdma_link *l)
{
	uint64_t times;

	if (l->timer < 0 || read(l->timer, &times, sizeof(times)) < 0)
		return;
	if (!l->heard && !l->probing && can_send(l) &&
	    l->controlling < CONTROLS && !post_control(l, 0))
		l->probing = true;
	l->heard = false;
}

static struct rdma_link *link_new(const struct rdma_setup *setup,
				  int timeout_ms)
{
	struct rdma_link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->setup = *setup;
	l->timeout_ms = timeout_ms;
	l->timer = -1;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return l;
}

static int open_descriptors(struct rdma_link *l)
{
	int err;

	if (l->epoll < 0 || l->wake < 0)
		return -errno;
	l->events = rdma_create_event_channel();
	if (!l->events)
		return -errno;
	err = watch(l, l->events->fd);
	if (!err)
		err = watch(l, l->wake);
	return err ? err : make_timer(l);
}

static int find_domain(struct rdma_link *l)
{
	if (l->setup.pd)
		l->pd = l->setup.pd(l->setup.arg, l->id->verbs);
	else
		l->pd = ibv_alloc_pd(l->id->verbs);
	if (l->pd)
		return 0;
	return l->setup.pd ? -ENODEV : -errno;
}

/* The memory stays as it is until the connection is forgotten. */
static int add_area(struct rdma_link *l, unsigned int count)
{
	struct area *a = &l->areas[l->area_count++];
	size_t size = l->setup.size * count;
	unsigned int i;
	int err = 0;

	a->first = l->buffers;
	a->count = count;
	a->memory = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);
	if (!a->memory)
		return -ENOMEM;
	a->mr = ibv_reg_mr(l->pd, a->memory, size, IBV_ACCESS_LOCAL_WRITE);
	if (!a->mr)
		return -errno;
	l->buffers += count;
	for (i = a->first; i < l->buffers && !err; i++)
		err = post_receive(l, i);
	return err;
}

/* The other side is told with the number of buffers of the first area. */
static int make_buffers(struct rdma_link *l)
{
	const unsigned int few = l->setup.few;

	l->arrivals = calloc(buffer_count(l), sizeof(*l->arrivals));
	if (!l->arrivals)
		return -ENOMEM;
	return add_area(l, few ? few + FEW_CONTROLS : buffer_count(l));
}

static int make_queues(struct rdma_link *l)
{
	struct ibv_qp_init_attr attr = {
		.cap.max_send_wr = SEND_DEPTH + CONTROLS,
		.cap.max_recv_wr = buffer_count(l),
		.cap.max_send_sge = RDMA_PIECES,
		.cap.max_recv_sge = 1,
		.cap.max_inline_data = INLINE_SIZE,
		.qp_type = IBV_QPT_RC,
	};

	l->channel = ibv_create_comp_channel(l->id->verbs);
	if (!l->channel)
		return -errno;
	l->cq = ibv_create_cq(l->id->verbs, attr.cap.max_send_wr +
			      attr.cap.max_recv_wr, NULL, l->channel, 0);
	if (!l->cq || ibv_req_notify_cq(l->cq, 0))
		return -errno;
	attr.send_cq = l->cq;
	attr.recv_cq = l->cq;
	if (rdma_create_qp(l->id, l->pd, &attr))
		return -errno;
	return watch(l, l->channel->fd);
}

/* The device is known. */
static int make_ready(struct rdma_link *l)
{
	uint8_t timeout = ACK_TIMEOUT;
	int err;

	rdma_set_option(l->id, RDMA_OPTION_ID, RDMA_OPTION_ID_ACK_TIMEOUT,
			&timeout, sizeof(timeout));
	err = find_domain(l);
	if (!err)
		err = make_queues(l);
	return err ? err : make_buffers(l);
}

static struct hello our_hello(const struct rdma_link *l)
{
	return (struct hello){
		.magic = htonl(RDMA_MAGIC),
		.buffers = htonl(l->setup.few ?: l->setup.buffers),
		.size = htonl(l->setup.size),
	};
}

/* There may be zeros behind it. */
static int take_hello(struct rdma_link *l, const struct rdma_conn_param *param)
{
	struct hello hello;

	if (!param->private_data || param->private_data_len < sizeof(hello))
		return -EPROTO;
	memcpy(&hello, param->private_data, sizeof(hello));
	if (hello.magic != htonl(RDMA_MAGIC) || !hello.buffers || !hello.size)
		return -EPROTO;
	l->credits = ntohl(hello.buffers);
	l->most = ntohl(hello.size);
	return 0;
}

static struct rdma_conn_param connect_param(const struct hello *hello)
{
	return (struct rdma_conn_param){
		.private_data = hello,
		.private_data_len = sizeof(*hello),
		.flow_control = 1,
		.retry_count = RETRIES,
		.rnr_retry_count = RNR_RETRIES,
	};
}

static int begin_route(struct rdma_link *l)
{
	int err = make_ready(l);

	l->state = LINK_ROUTE;
	if (!err && rdma_resolve_route(l->id, l->timeout_ms))
		err = -errno;
	return err;
}

static int begin_connect(struct rdma_link *l)
{
	const struct hello hello = our_hello(l);
	struct rdma_conn_param param = connect_param(&hello);

	l->state = LINK_CONNECTING;
	return rdma_connect(l->id, &param) ? -errno : 0;
}

static int established(struct rdma_link *l, const struct rdma_cm_event *event)
{
	if (l->state != LINK_CONNECTING)
		return 0;
	l->state = LINK_UP;
	return take_hello(l, &event->param.conn);
}

/* Of steps that failed the status is an error, or what the other side says. */
static int on_event(struct rdma_link *l, const struct rdma_cm_event *event)
{
	switch (event->event) {
	case RDMA_CM_EVENT_ADDR_RESOLVED:
		return begin_route(l);
	case RDMA_CM_EVENT_ROUTE_RESOLVED:
		return begin_connect(l);
	case RDMA_CM_EVENT_ESTABLISHED:
		return established(l, event);
	case RDMA_CM_EVENT_REJECTED:
		return -ECONNREFUSED;
	case RDMA_CM_EVENT_UNREACHABLE:
		return -ETIMEDOUT;
	case RDMA_CM_EVENT_ADDR_ERROR:
	case RDMA_CM_EVENT_ROUTE_ERROR:
	case RDMA_CM_EVENT_CONNECT_ERROR:
		return event->status < 0 ? event->status : -EHOSTUNREACH;
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
		return -ENODEV;
	case RDMA_CM_EVENT_DISCONNECTED:
		return -ECONNRESET;
	default:
		return 0;
	}
}

static void run_events(struct rdma_link *l)
{
	struct rdma_cm_event *event;
	int err = 0;

	while (!err && !rdma_get_cm_event(l->events, &event)) {
		err = on_event(l, event);
		rdma_ack_cm_event(event);
	}
	if (err)
		fail(l, err);
}

/* What had come before the connection ended is still taken. */
int rdma_link_run(struct rdma_link *l)
{
	run_events(l);
	if (l->id->qp && l->buffers)
		run_completions(l);
	run_timer(l);
	post_controls(l);
	set_wake(l);
	return l->error;
}

static int begin_address(struct rdma_link *l, const struct address *to)
{
	struct sockaddr_storage addr = to->addr;
	int err = open_descriptors(l);

	if (err)
		return err;
	if (rdma_create_id(l->events, &l->id, NULL, RDMA_PS_TCP) ||
	    rdma_resolve_addr(l->id, NULL, (struct sockaddr *)&addr,
			      l->timeout_ms))
		return -errno;
	return 0;
}

int rdma_link_connect(const struct address *to, const struct rdma_setup *setup,
		      int timeout_ms, struct rdma_link **link)
{
	struct rdma_link *l;
	int err;

	if (to->addr.ss_family == AF_UNIX)
		return -EAFNOSUPPORT;
	l = link_new(setup, timeout_ms);
	if (!l)
		return -ENOMEM;
	err = begin_address(l, to);
	if (err) {
		rdma_link_free(l);
		return err;
	}
	*link = l;
	return 0;
}

static int accept_id(struct rdma_link *l)
{
	const struct hello hello = our_hello(l);
	struct rdma_conn_param param = connect_param(&hello);
	int err = open_descriptors(l);

	if (!err && rdma_migrate_id(l->id, l->events))
		err = -errno;
	if (!err)
		err = make_ready(l);
	if (err)
		return err;
	l->state = LINK_UP;
	return rdma_accept(l->id, &param) ? -errno : 0;
}

int rdma_link_accept(struct rdma_cm_event *event,
		     const struct rdma_setup *setup, struct rdma_link **link)
{
	struct rdma_link *l = link_new(setup, 0);
	struct rdma_cm_id *id = event->id;
	int err = -ENOMEM;

	if (l) {
		l->id = id;
		err = take_hello(l, &event->param.conn);
	}
	rdma_ack_cm_event(event);
	if (!err)
		err = accept_id(l);
	if (!err) {
		*link = l;
		return 0;
	}
	rdma_reject(id, NULL, 0);
	if (l)
		rdma_link_free(l);
	else
		rdma_destroy_id(id);
	return err;
}

int rdma_link_fd(const struct rdma_link *l)
{
	return l->epoll;
}

bool rdma_link_is_up(const struct rdma_link *l)
{
	return l->state == LINK_UP;
}

void rdma_link_name(const struct rdma_link *l, char name[ENDPOINT_NAME_SIZE])
{
	const struct sockaddr *addr = rdma_get_peer_addr(l->id);

	endpoint_name(addr, addr->sa_family == AF_INET6 ?
			    sizeof(struct sockaddr_in6) :
			    sizeof(struct sockaddr_in), name);
}

struct ibv_pd *rdma_link_pd(const struct rdma_link *l)
{
	return l->pd;
}

size_t rdma_link_most(const struct rdma_link *l)
{
	return l->most;
}

static int send_pieces(struct rdma_link *l, struct ibv_sge *pieces, int count,
		       unsigned int flags)
{
	struct ibv_send_wr wr = {
		.sg_list = pieces,
		.num_sge = count,
		.opcode = IBV_WR_SEND,
		.send_flags = flags,
	};
	int i, err;

	if (l->error)
		return l->error;
	if (!can_send(l) || !l->credits || l->sending >= SEND_DEPTH)
		return -EAGAIN;
	for (i = 0; i < count; i++)
		wr.wr_id += pieces[i].length;
	err = post_send(l, &wr);
	if (err)
		return err;
	l->credits--;
	l->sending++;
	l->sends++;
	return 0;
}

int rdma_link_send(struct rdma_link *l, struct ibv_sge *pieces, int count)
{
	return send_pieces(l, pieces, count, 0);
}

int rdma_link_send_copy(struct rdma_link *l, const void *bytes, size_t size)
{
	struct ibv_sge piece = { .addr = (uintptr_t)bytes, .length = size };

	return size > INLINE_SIZE ? -EMSGSIZE :
				    send_pieces(l, &piece, 1, IBV_SEND_INLINE);
}

int rdma_link_end(struct rdma_link *l)
{
	l->ending = true;
	post_controls(l);
	return l->error;
}

uint64_t rdma_link_acknowledged(const struct rdma_link *l)
{
	return l->acknowledged;
}

uint64_t rdma_link_sends(const struct rdma_link *l)
{
	return l->sends;
}

uint64_t rdma_link_completions(const struct rdma_link *l)
{
	return l->completions;
}

bool rdma_link_is_idle(const struct rdma_link *l)
{
	return !l->sending && l->ending == l->end_arrived;
}

int rdma_link_peek(const struct rdma_link *l)
{
	if (l->count)
		return 1;
	if (l->ended)
		return 0;
	return l->error ? l->error : -EAGAIN;
}

/* The oldest buffer was read to its end. */
static void give_back(struct rdma_link *l)
{
	unsigned int buffer = l->arrivals[l->first].buffer;

	l->first = (l->first + 1) % buffer_count(l);
	l->count--;
	l->taken = 0;
	if (l->error || !l->id->qp)
		return;
	if (post_receive(l, buffer))
		fail(l, -EIO);
	l->owed++;
	post_controls(l);
}

ssize_t rdma_link_read(struct rdma_link *l, void *at, size_t size)
{
	const struct arrival *a = &l->arrivals[l->first];
	int ret = rdma_link_peek(l);

	if (ret <= 0) {
		l->told |= ret != -EAGAIN;
		set_wake(l);
		return ret;
	}
	if (size > a->size - l->taken)
		size = a->size - l->taken;
	memcpy(at, buffer_at(l, a->buffer) + l->taken, size);
	l->taken += size;
	if (l->taken == a->size)
		give_back(l);
	set_wake(l);
	return size;
}

int rdma_link_grow(struct rdma_link *l)
{
	int err;

	if (l->buffers == buffer_count(l) || !can_send(l))
		return 0;
	err = add_area(l, buffer_count(l) - l->buffers);
	if (err) {
		fail(l, err);
		return err;
	}
	l->owed += l->setup.buffers - l->setup.few;
	post_controls(l);
	return 0;
}

void rdma_link_leave(struct rdma_link *l)
{
	l->leaving = true;
	rdma_link_end(l);
	set_wake(l);
}

void rdma_link_stop(struct rdma_link *l)
{
	if (!l->id || !l->id->qp)
		return;
	rdma_disconnect(l->id);
	fail(l, -ECONNRESET);
	take_completions(l);
	rdma_destroy_qp(l->id);
}

static void free_areas(struct rdma_link *l)
{
	unsigned int i;

	for (i = 0; i < l->area_count; i++) {
		if (l->areas[i].mr)
			ibv_dereg_mr(l->areas[i].mr);
		free(l->areas[i].memory);
	}
}

static void free_queues(struct rdma_link *l)
{
	free_areas(l);
	if (l->unacknowledged)
		ibv_ack_cq_events(l->cq, l->unacknowledged);
	if (l->cq)
		ibv_destroy_cq(l->cq);
	if (l->channel)
		ibv_destroy_comp_channel(l->channel);
	if (l->pd && !l->setup.pd)
		ibv_dealloc_pd(l->pd);
	free(l->arrivals);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void rdma_link_free(struct rdma_link *l)
{
	if (!l)
		return;
	rdma_link_stop(l);
	free_queues(l);
	if (l->id)
		rdma_destroy_id(l->id);
	if (l->events)
		rdma_destroy_event_channel(l->events);
	close_fd(l->timer);
	close_fd(l->wake);
	close_fd(l->epoll);
	free(l);
}
