// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf-user - transfers, and what the program does with them
 *
 * The program gets one segment of a transfer at a time, a piece.  A packet may end
 * in any of them, and the transfer with it; so neither the next segment nor the
 * next transfer is given while that can still happen in the middle of this one.
 * Transfers of one segment, which is most of them, are given one behind the other,
 * as many as the program takes.
 *
 * Client and program meet at the lists, under the spinlock.  The client may take
 * a transfer away at any time: one that was given then moves to another list, and
 * is freed below the mutex only.
 */
#include <linux/dma-direct.h>
#include <linux/highmem.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <linux/fpgabuf_user.h>

#include "../compat.h"
#include "user.h"

static struct user_segment *segment_of(struct user_transfer *transfer)
{
	return &transfer->segments[transfer->segment];
}

static bool is_last_segment(const struct user_transfer *transfer)
{
	return transfer->segment + 1 == transfer->nr_segments;
}

static struct user_transfer *first_of(struct list_head *list)
{
	return list_first_entry_or_null(list, struct user_transfer, node);
}

/* One reference for each allocation that has a page of the segment */
static void on_each_head(const struct user_segment *seg,
			 void (*fn)(struct page *head))
{
	unsigned long pfn = PHYS_PFN(seg->phys);
	unsigned long end = PHYS_PFN(seg->phys + seg->size - 1) + 1;

	while (pfn < end) {
		struct page *head = compound_head(pfn_to_page(pfn));

		/* When fn() returns it may be none any more. */
		pfn = page_to_pfn(head) + compound_nr(head);
		fn(head);
	}
}

/* With the pages the module stays: it alone can give them back. */
static void hold(struct user_transfer *transfer)
{
	const struct user_segment *seg = segment_of(transfer);

	__module_get(THIS_MODULE);
	on_each_head(seg, get_page);
	WRITE_ONCE(transfer->held, seg->size);
}

/* Called by the program, whose open file keeps the module. */
static void unhold(struct user_transfer *transfer)
{
	if (!transfer->held)
		return;
	WRITE_ONCE(transfer->held, 0);
	on_each_head(segment_of(transfer), put_page);
	module_put(THIS_MODULE);
}

/* The transfer that a program may be given a piece of now, or NULL */
static struct user_transfer *next_to_give(struct user_door *door)
{
	struct user_transfer *transfer;
	u32 given = 0;

	lockdep_assert_held(&door->lock);
	if (!list_empty(&door->stopped))
		return NULL;
	list_for_each_entry(transfer, &door->issued, node) {
		if (transfer->state == USER_WAITING)
			return given < door->depth &&
			       (transfer->direct || door->node_only) ?
			       transfer : NULL;
		if (!is_last_segment(transfer))
			return NULL;
		given++;
	}
	return NULL;
}

static struct user_transfer *first_untold(struct list_head *list)
{
	struct user_transfer *transfer;

	list_for_each_entry(transfer, list, node)
		if (transfer->state != USER_WAITING && !transfer->told)
			return transfer;
	return NULL;
}

/* What the program has to be told first, or NULL */
static struct user_transfer *news(struct user_door *door)
{
	return first_untold(&door->stopped) ?:
	       first_untold(&door->issued) ?:
	       next_to_give(door);
}

static void give(struct user_door *door, struct user_transfer *transfer)
{
	transfer->state = USER_GIVEN;
	transfer->id = ++door->last_id;
	transfer->inherited = false;
	transfer->progress = 0;
}

static void tell(struct user_transfer *transfer,
		 struct fpgabuf_user_event *event)
{
	transfer->told = true;
	*event = (struct fpgabuf_user_event){
		.type = transfer->state == USER_GIVEN ? FPGABUF_USER_START :
							FPGABUF_USER_STOP,
		.id = transfer->id,
		.addr = segment_of(transfer)->addr,
		.length = segment_of(transfer)->size,
	};
	if (transfer->inherited)
		event->flags |= FPGABUF_USER_INHERITED;
	if (transfer->state == USER_ABANDONED)
		event->flags |= FPGABUF_USER_ABANDONED;
}

/**
 * user_transfer_event() - what the program shall do next
 * @door: the door
 * @event: filled in
 *
 * It follows from the state of the transfers, so nothing is told of a piece that
 * has ended meanwhile.
 *
 * Context: process, may sleep.
 *
 * Return: whether there is something.
 */
bool user_transfer_event(struct user_door *door,
			 struct fpgabuf_user_event *event)
{
	struct user_transfer *transfer;
	bool starts = false;

	mutex_lock(&door->busy);
	spin_lock_irq(&door->lock);
	transfer = news(door);
	if (transfer) {
		starts = transfer->state == USER_WAITING;
		if (starts)
			give(door, transfer);
		tell(transfer, event);
	}
	/* Taken away from now on, it is freed below the mutex only. */
	starts = starts && !door->node_only;
	spin_unlock_irq(&door->lock);
	if (starts)
		hold(transfer);
	mutex_unlock(&door->busy);
	return transfer;
}

/**
 * user_transfer_pending() - is there something that the program shall do?
 * @door: the door
 *
 * Context: process.
 *
 * Return: whether there is.
 */
bool user_transfer_pending(struct user_door *door)
{
	bool pending;

	spin_lock_irq(&door->lock);
	pending = news(door);
	spin_unlock_irq(&door->lock);
	return pending;
}

static struct user_transfer *find_in(struct list_head *list, u64 id)
{
	struct user_transfer *transfer;

	list_for_each_entry(transfer, list, node)
		if (transfer->state != USER_WAITING && transfer->id == id)
			return transfer;
	return NULL;
}

/**
 * user_transfer_untell() - the program could not read an event
 * @door: the door
 * @id: of its piece
 *
 * Context: process.
 */
void user_transfer_untell(struct user_door *door, u64 id)
{
	struct user_transfer *transfer;

	spin_lock_irq(&door->lock);
	transfer = find_in(&door->issued, id) ?: find_in(&door->stopped, id);
	if (transfer)
		transfer->told = false;
	spin_unlock_irq(&door->lock);
}

/* Callbacks may expect softirq context, which real controllers give them. */
static void call_back(struct user_transfer *transfer, int error)
{
	const struct dmaengine_result result = {
		.result = error ? DMA_TRANS_WRITE_FAILED : DMA_TRANS_NOERROR,
		.residue = transfer->size - transfer->done,
	};
	struct dma_async_tx_descriptor *tx = &transfer->tx;

	local_bh_disable();
	if (tx->callback_result)
		tx->callback_result(tx->callback_param, &result);
	else if (tx->callback)
		tx->callback(tx->callback_param);
	local_bh_enable();
}

/* Does the transfer go on with another piece after so many bytes of this one? */
static bool goes_on(struct user_transfer *transfer, u32 bytes, int error)
{
	return !error && bytes == segment_of(transfer)->size &&
	       !is_last_segment(transfer);
}

static void next_piece(struct user_transfer *transfer)
{
	transfer->segment++;
	transfer->state = USER_WAITING;
	transfer->told = false;
}

/* It has ended: out of the list, and no longer in progress. */
static void retire(struct user_transfer *transfer)
{
	list_del(&transfer->node);
	transfer->tx.chan->completed_cookie = transfer->tx.cookie;
}

/*
 * A piece has ended, and the client may have taken it away just now.  It shall
 * find the pages free, so they go first.
 */
static void end_piece(struct user_door *door, struct user_transfer *transfer,
		      u32 bytes, int error)
{
	bool wanted, on;

	lockdep_assert_held(&door->busy);
	unhold(transfer);
	spin_lock_irq(&door->lock);
	wanted = transfer->state == USER_GIVEN;
	on = wanted && goes_on(transfer, bytes, error);
	transfer->done += bytes;
	transfer->progress = 0;
	if (on)
		next_piece(transfer);
	else if (wanted)
		retire(transfer);
	else
		list_del(&transfer->node);
	spin_unlock_irq(&door->lock);
	if (on)
		return;
	if (wanted)
		call_back(transfer, error);
	kfree(transfer);
}

/* The piece that is said to be done, or why it cannot be */
static struct user_transfer *
find_done(struct user_door *door, const struct fpgabuf_user_command *command)
{
	struct user_transfer *transfer = find_in(&door->stopped, command->id);

	if (transfer)
		return transfer;
	transfer = find_in(&door->issued, command->id);
	if (!transfer)
		return ERR_PTR(-ESRCH);
	if (transfer != first_of(&door->issued) ||
	    command->value > segment_of(transfer)->size)
		return ERR_PTR(-EINVAL);
	return transfer;
}

/**
 * user_transfer_done() - a piece has ended
 * @door: the door
 * @command: which one, how many bytes came, and the error
 *
 * Context: process, may sleep.
 *
 * Return: 0; -ESRCH no such piece is given; -EINVAL it is not the oldest, or it
 * is shorter than that.
 */
int user_transfer_done(struct user_door *door,
		       const struct fpgabuf_user_command *command)
{
	struct user_transfer *transfer;

	mutex_lock(&door->busy);
	spin_lock_irq(&door->lock);
	transfer = find_done(door, command);
	spin_unlock_irq(&door->lock);
	if (!IS_ERR(transfer))
		end_piece(door, transfer, command->value, command->result);
	mutex_unlock(&door->busy);
	return PTR_ERR_OR_ZERO(transfer);
}

static struct user_transfer *first_given(struct user_door *door)
{
	struct user_transfer *transfer;

	spin_lock_irq(&door->lock);
	transfer = first_of(&door->stopped) ?: first_of(&door->issued);
	if (transfer && transfer->state == USER_WAITING)
		transfer = NULL;
	spin_unlock_irq(&door->lock);
	return transfer;
}

/**
 * user_transfer_quiet() - the master is at work on nothing any more
 * @door: the door
 *
 * Context: process, may sleep.
 */
void user_transfer_quiet(struct user_door *door)
{
	struct user_transfer *transfer;

	mutex_lock(&door->busy);
	while ((transfer = first_given(door)))
		end_piece(door, transfer, transfer->progress, -EIO);
	mutex_unlock(&door->busy);
}

/**
 * user_transfer_progress() - bytes of a piece have come
 * @door: the door
 * @command: which piece, and how many in all
 *
 * Context: process.
 *
 * Return: 0; -ESRCH no such piece is at work; -EINVAL it is shorter than that, or
 * more was said before.
 */
int user_transfer_progress(struct user_door *door,
			   const struct fpgabuf_user_command *command)
{
	struct user_transfer *transfer;
	int ret = 0;

	spin_lock_irq(&door->lock);
	transfer = find_in(&door->issued, command->id);
	if (!transfer)
		ret = -ESRCH;
	else if (command->value > segment_of(transfer)->size ||
		 command->value < transfer->progress)
		ret = -EINVAL;
	else
		transfer->progress = command->value;
	spin_unlock_irq(&door->lock);
	return ret;
}

/* The part that lies within one page; a bounce buffer's, if there is one */
static u32 write_page(struct device *dev, dma_addr_t addr, const void *from,
		      size_t size)
{
	phys_addr_t phys = dma_to_phys(dev, addr);
	u32 part = min_t(size_t, size, PAGE_SIZE - offset_in_page(phys));
	void *page = kmap_local_page(pfn_to_page(PHYS_PFN(phys)));

	memcpy(page + offset_in_page(phys), from, part);
	kunmap_local(page);
	return part;
}

static void write_bytes(struct device *dev, dma_addr_t addr, const void *from,
			size_t size)
{
	u32 part;

	for (; size; addr += part, from += part, size -= part)
		part = write_page(dev, addr, from, size);
}

/* Only what is there from the front on counts. */
static void count(struct user_door *door, struct user_transfer *transfer,
		  u32 begin, u32 end)
{
	spin_lock_irq(&door->lock);
	if (begin <= transfer->progress)
		transfer->progress = max(transfer->progress, end);
	spin_unlock_irq(&door->lock);
}

static struct user_transfer *
find_data(struct user_door *door, const struct fpgabuf_user_command *command,
	  size_t size)
{
	struct user_transfer *transfer = find_in(&door->issued, command->id);
	u64 end = (u64)command->value + size;

	if (!transfer)
		return ERR_PTR(-ESRCH);
	return end > segment_of(transfer)->size ? ERR_PTR(-EINVAL) : transfer;
}

/**
 * user_transfer_data() - write into a piece, as a simulated master does
 * @door: the door; the bytes are in its buffer
 * @command: which piece, and the offset
 * @size: bytes
 *
 * The client may take the transfer away meanwhile, but it waits for the mutex
 * before it uses the memory otherwise.
 *
 * Context: process, may sleep.
 *
 * Return: 0; -ESRCH no such piece is at work; -EINVAL past its end.
 */
int user_transfer_data(struct user_door *door,
		       const struct fpgabuf_user_command *command, size_t size)
{
	struct user_transfer *transfer;

	mutex_lock(&door->busy);
	spin_lock_irq(&door->lock);
	transfer = find_data(door, command, size);
	spin_unlock_irq(&door->lock);
	if (!IS_ERR(transfer)) {
		write_bytes(transfer->tx.chan->device->dev,
			    segment_of(transfer)->addr + command->value,
			    door->buffer, size);
		count(door, transfer, command->value, command->value + size);
	}
	mutex_unlock(&door->busy);
	return PTR_ERR_OR_ZERO(transfer);
}

static void inherit(struct list_head *list)
{
	struct user_transfer *transfer;

	list_for_each_entry(transfer, list, node) {
		transfer->told = false;
		transfer->inherited = transfer->state != USER_WAITING;
	}
}

/**
 * user_transfer_inherit() - another program takes over what was given
 * @door: the door
 *
 * Context: &user_door.lock held.
 */
void user_transfer_inherit(struct user_door *door)
{
	lockdep_assert_held(&door->lock);
	inherit(&door->issued);
	inherit(&door->stopped);
}

/* Given, but nobody writes there any more: another program can be given it. */
static void give_again(struct list_head *list)
{
	struct user_transfer *transfer;

	list_for_each_entry(transfer, list, node)
		if (!transfer->held)
			transfer->state = USER_WAITING;
}

static void drop_unheld(struct list_head *list)
{
	struct user_transfer *transfer, *next;

	list_for_each_entry_safe(transfer, next, list, node) {
		if (transfer->held)
			continue;
		list_del(&transfer->node);
		kfree(transfer);
	}
}

/**
 * user_transfer_take_back() - the program has gone
 * @door: the door
 *
 * What it alone could have written to has come to rest.
 *
 * Context: &user_door.lock held.
 */
void user_transfer_take_back(struct user_door *door)
{
	lockdep_assert_held(&door->lock);
	give_again(&door->issued);
	drop_unheld(&door->stopped);
}
