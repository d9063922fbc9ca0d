// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

#include <rdma/rdma_cma.h>

#include "common/message.h"
#include "common/standing.h"
#include "send/registered.h"

/* The kernel moves pages that cannot be pinned where they are, for ever if they stay. */
#define PATIENCE_S	10

/**
 * struct registered_device - an RDMA device
 * @pd: its domain
 * @mrs: by slot, its memory
 */
struct registered_device {
	struct ibv_pd *pd;
	struct ibv_mr **mrs;
};

/**
 * struct registered - the memory
 * @source: whose it is
 * @size: bytes of each slot
 * @maps: by slot, where it is mapped for this
 * @devices: who knows it
 * @count: how many they are
 */
struct registered {
	const struct source *source;
	size_t size;
	void **maps;
	struct registered_device *devices;
	unsigned int count;
};

static int no_memory(void)
{
	message("out of memory");
	return -ENOMEM;
}

static int map_slot(struct registered *r, unsigned int slot)
{
	r->maps[slot] = standing_map(r->source, slot);
	if (r->maps[slot])
		return 0;
	message("%s: cannot map its memory for RDMA: %s", r->source->name,
		strerror(errno));
	remedy("RDMA needs a dma-buf that may be written to; use --engine auto");
	return -EACCES;
}

static int explain_register(const struct registered *r, const char *device,
			    int err)
{
	message("%s: RDMA device %s does not take its memory: %s",
		r->source->name, device, strerror(-err));
	if (err == -EFAULT)
		remedy("this memory has no pages that can be pinned; use --engine copy");
	else if (err == -ENOMEM)
		remedy("registered memory counts as locked: raise the limit (`ulimit -l`), or use fewer --regions");
	else if (err == -EINTR)
		remedy("its pages cannot be pinned where they are, as with memory of CMA; use --engine auto");
	else
		remedy("use --engine auto");
	return err;
}

/* Ends a call that would take for ever. */
static void on_alarm(int signal)
{
	(void)signal;
}

static struct ibv_mr *reg_mr(struct ibv_pd *pd, void *addr, size_t size)
{
	const struct itimerval patience = {
		.it_interval.tv_sec = 1,
		.it_value.tv_sec = PATIENCE_S,
	}, off = { 0 };
	struct sigaction action = { .sa_handler = on_alarm }, old;
	struct ibv_mr *mr;
	int err;

	sigaction(SIGALRM, &action, &old);
	setitimer(ITIMER_REAL, &patience, NULL);
	mr = ibv_reg_mr(pd, addr, size, 0);
	err = errno;
	setitimer(ITIMER_REAL, &off, NULL);
	sigaction(SIGALRM, &old, NULL);
	errno = err;
	return mr;
}

static int register_slot(struct registered *r, struct registered_device *d,
			 unsigned int slot)
{
	d->mrs[slot] = reg_mr(d->pd, r->maps[slot], r->size);
	return d->mrs[slot] ? 0 :
	       explain_register(r, ibv_get_device_name(d->pd->context->device),
				-errno);
}

static int add_device(struct registered *r, struct ibv_context *context)
{
	struct registered_device *d = &r->devices[r->count++];
	unsigned int slot;
	int err = 0;

	d->mrs = calloc(r->source->slot_count, sizeof(*d->mrs));
	if (!d->mrs)
		return no_memory();
	d->pd = ibv_alloc_pd(context);
	if (!d->pd)
		return explain_register(r, ibv_get_device_name(context->device),
					-errno);
	for (slot = 0; slot < r->source->slot_count && !err; slot++)
		err = register_slot(r, d, slot);
	return err;
}

static int no_device(void)
{
	message("this machine has no RDMA device");
	remedy("`rdma link` shows them; with soft-RoCE, `rdma link add NAME type rxe netdev INTERFACE` makes one");
	return -ENODEV;
}

static int add_devices(struct registered *r)
{
	struct ibv_context **contexts;
	int i, n = 0, err = 0;

	contexts = rdma_get_devices(&n);
	if (!contexts || !n) {
		rdma_free_devices(contexts);
		return no_device();
	}
	r->devices = calloc(n, sizeof(*r->devices));
	if (!r->devices)
		err = no_memory();
	for (i = 0; i < n && !err; i++)
		err = add_device(r, contexts[i]);
	rdma_free_devices(contexts);
	return err;
}

static int explain_baseline(const struct registered *r, int err)
{
	message("%s cannot capture into memory that stays registered: %s",
		r->source->name, strerror(-err));
	if (err == -ENOTTY)
		remedy("the driver is older than this program; use --engine auto");
	else if (err == -EBUSY)
		remedy("another program holds the memory: does it look at all of this machine's?");
	else
		remedy("use --engine auto");
	return err;
}

/* From now on the pins of the devices are no use. */
static int settle_slot(const struct registered *r, unsigned int slot)
{
	int err = standing_settle(r->source, slot);

	return err ? explain_baseline(r, err) : 0;
}

static int fill(struct registered *r)
{
	const unsigned int count = r->source->slot_count;
	unsigned int i;
	int err = 0;

	r->maps = calloc(count, sizeof(*r->maps));
	if (!r->maps)
		return no_memory();
	for (i = 0; i < count && !err; i++)
		err = map_slot(r, i);
	if (!err)
		err = add_devices(r);
	/* A dma-buf that somebody else has captured into is sent once. */
	for (i = 0; i < count && !err; i++)
		err = settle_slot(r, i);
	return err;
}

struct registered *registered_new(const struct source *source)
{
	struct registered *r = calloc(1, sizeof(*r));

	if (!r) {
		no_memory();
		return NULL;
	}
	r->source = source;
	r->size = source->region_size;
	if (!fill(r))
		return r;
	registered_free(r);
	return NULL;
}

static void forget_device(const struct registered *r,
			  const struct registered_device *d)
{
	unsigned int slot;

	for (slot = 0; slot < r->source->slot_count && d->mrs; slot++)
		if (d->mrs[slot])
			ibv_dereg_mr(d->mrs[slot]);
	if (d->pd)
		ibv_dealloc_pd(d->pd);
	free(d->mrs);
}

void registered_free(struct registered *r)
{
	unsigned int i;

	if (!r)
		return;
	for (i = 0; i < r->count; i++)
		forget_device(r, &r->devices[i]);
	for (i = 0; i < r->source->slot_count && r->maps; i++)
		if (r->maps[i])
			munmap(r->maps[i], r->size);
	free(r->devices);
	free(r->maps);
	free(r);
}

struct ibv_pd *registered_pd(struct registered *r,
			     const struct ibv_context *device)
{
	unsigned int i;

	for (i = 0; i < r->count; i++)
		if (r->devices[i].pd->context == device)
			return r->devices[i].pd;
	return NULL;
}

struct ibv_sge registered_piece(const struct registered *r,
				const struct ibv_pd *pd, unsigned int slot,
				const void *addr, size_t size)
{
	const struct source *source = r->source;
	unsigned int i = 0;

	while (r->devices[i].pd != pd)
		i++;
	return (struct ibv_sge){
		.addr = (uintptr_t)standing_at(source, slot, r->maps[slot],
					       addr),
		.length = size,
		.lkey = r->devices[i].mrs[slot]->lkey,
	};
}
