// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "uio/drive.h"
#include "uio/steps.h"
#include "common/clock.h"
#include "common/message.h"

bool drive_identify(const struct drive *d)
{
	const struct condition *identify = &d->master->identify;

	return !identify->given || condition_holds(identify, &d->registers);
}

int drive_begin(struct drive *d)
{
	int err = 0;

	if (!d->ready)
		err = steps_run(&d->master->init, &d->registers, 0, 0);
	if (err) {
		message("init: a register does not become what it should");
		remedy("is the clock of the master running, and its reset released?");
	}
	d->ready = !err;
	return err;
}

bool drive_quiet(const struct drive *d)
{
	return !d->stopping && !d->count;
}

bool drive_hopeful(const struct drive *d)
{
	return d->assume_quiet || d->master->quiet != QUIET_NEVER;
}

static void remove_at(struct drive *d, unsigned int i)
{
	d->count--;
	memmove(&d->given[i], &d->given[i + 1],
		(d->count - i) * sizeof(d->given[0]));
	if (i < d->begun)
		d->begun--;
}

/* Steps that wait in vain are no reason not to go on: quiet tells. */
void drive_stop(struct drive *d)
{
	if (d->stopping)
		return;
	d->stopping = true;
	d->ready = false;
	d->counts.stops++;
	if (!d->assume_quiet)
		steps_run(&d->master->stop, &d->registers, 0, 0);
	d->quiet_ns = clock_ns() + d->master->quiet_ms * NS_PER_MS;
	if (drive_hopeful(d))
		return;
	message("nothing tells when this master is quiet, so the memory of what it was given stays kept");
	remedy("reset the FPGA, then start this program again with --assume-quiet");
}

static int find(const struct drive *d, uint64_t id)
{
	unsigned int i;

	for (i = 0; i < d->count; i++)
		if (d->given[i].id == id)
			return i;
	return -1;
}

/* The master knows nothing of a piece that it was not told to begin. */
static int stop_piece(struct drive *d, const struct fpgabuf_user_event *event)
{
	int i = find(d, event->id);

	if (i >= 0 && (unsigned int)i >= d->begun && !d->stopping) {
		d->counts.withdrawn++;
		remove_at(d, i);
		return d->answers.done(d->answers.arg, event->id, 0, 0);
	}
	drive_stop(d);
	return 0;
}

int drive_event(struct drive *d, const struct fpgabuf_user_event *event)
{
	if (event->type == FPGABUF_USER_STOP)
		return stop_piece(d, event);
	if (d->count == FPGABUF_USER_MAX_DEPTH)
		return -EOVERFLOW;
	d->given[d->count++] = *event;
	if (event->flags & FPGABUF_USER_INHERITED) {
		d->begun = d->count;
		drive_stop(d);
	}
	return 0;
}

static bool is_quiet(const struct drive *d)
{
	const struct master *m = d->master;

	if (d->assume_quiet)
		return true;
	if (m->quiet == QUIET_AFTER)
		return clock_ns() >= d->quiet_ns;
	return m->quiet == QUIET_CONDITION &&
	       condition_holds(&m->quiet_when, &d->registers);
}

static int come_to_rest(struct drive *d)
{
	int err;

	if (!is_quiet(d))
		return 0;
	err = d->answers.quiet(d->answers.arg);
	if (err)
		return err;
	d->count = 0;
	d->begun = 0;
	d->stopping = false;
	d->assume_quiet = false;
	return 0;
}

/* 0, or why the master cannot fill it. */
static int unfit(const struct master *m, const struct fpgabuf_user_event *piece)
{
	uint64_t end = piece->addr + piece->length - 1;

	if (m->address_bits < 64 && end >> m->address_bits)
		return -EIO;
	if (piece->length > m->longest ||
	    (piece->addr | piece->length) & (m->alignment - 1))
		return -EINVAL;
	return 0;
}

static void explain_unfit(const struct drive *d,
			  const struct fpgabuf_user_event *piece, int why)
{
	const struct master *m = d->master;

	if (d->counts.refused > 1)
		return;
	message("the master cannot fill %u bytes at 0x%llx", piece->length,
		(unsigned long long)piece->addr);
	if (why == -EIO)
		remedy("its addresses have %u bits: load fpgabuf-user with address_bits=%u",
		       m->address_bits, m->address_bits);
	else
		remedy("capture at most %u bytes, and load fpgabuf-user with alignment=%u",
		       m->longest, m->alignment);
}

/* Pieces end in order, so one that cannot be begun waits for those before it. */
static int refuse(struct drive *d, bool *refused)
{
	struct fpgabuf_user_event piece = d->given[0];
	int why;

	*refused = false;
	if (!d->count)
		return 0;
	why = unfit(d->master, &piece);
	if (!why)
		return 0;
	*refused = true;
	d->counts.refused++;
	explain_unfit(d, &piece, why);
	remove_at(d, 0);
	return d->answers.done(d->answers.arg, piece.id, 0, why);
}

static bool accepts(const struct drive *d)
{
	if (d->begun == d->master->depth)
		return false;
	return !d->master->accept.given ||
	       condition_holds(&d->master->accept, &d->registers);
}

static int begin_one(struct drive *d)
{
	const struct fpgabuf_user_event *piece = &d->given[d->begun];
	int err;

	d->begun++;
	err = steps_run(&d->master->start, &d->registers, piece->addr,
			piece->length);
	if (err) {
		message("start: a register does not become what it should");
		remedy("is the description that of this master?");
	}
	return err;
}

static int begin(struct drive *d)
{
	bool refused;
	int err;

	if (!d->count)
		return 0;
	err = drive_begin(d);
	do {
		err = err ?: refuse(d, &refused);
	} while (!err && refused);
	while (!err && d->begun < d->count &&
	       !unfit(d->master, &d->given[d->begun]) && accepts(d))
		err = begin_one(d);
	return err;
}

/* What no register tells it has not, if it has failed. */
static uint32_t bytes_of(const struct drive *d,
			 const struct fpgabuf_user_event *piece, bool failed)
{
	const struct master *m = d->master;
	uint64_t value;

	if (m->bytes == BYTES_WHOLE)
		return failed ? 0 : piece->length;
	value = d->registers.read(d->registers.arg, m->bytes_reg);
	value = (value & m->bytes_mask) << m->bytes_shift;
	if (m->bytes == BYTES_REMAINING)
		value = piece->length - value;
	else if (m->bytes == BYTES_END)
		value = (value - piece->addr) & m->bytes_mask;
	return value <= piece->length ? value : UINT32_MAX;
}

/* More than there is room for: the registers are not what the description says. */
static int finish(struct drive *d)
{
	struct fpgabuf_user_event piece = d->given[0];
	bool failed = condition_holds(&d->master->error, &d->registers);
	uint32_t bytes = bytes_of(d, &piece, failed);
	int err;

	if (bytes > piece.length) {
		message("the master says that a capture of %u bytes has more than that",
			piece.length);
		remedy("is \"bytes\" in the description right?");
		bytes = 0;
		failed = true;
	}
	err = steps_run(&d->master->ack, &d->registers, 0, 0);
	if (err)
		return err;
	d->counts.pieces++;
	d->counts.bytes += bytes;
	d->counts.errors += failed;
	remove_at(d, 0);
	return d->answers.done(d->answers.arg, piece.id, bytes,
			       failed ? -EIO : 0);
}

int drive_look(struct drive *d)
{
	int err = 0;

	if (d->stopping)
		return come_to_rest(d);
	while (!err && d->begun &&
	       condition_holds(&d->master->done, &d->registers))
		err = finish(d);
	if (!err && d->begun &&
	    condition_holds(&d->master->fault, &d->registers)) {
		d->counts.faults++;
		drive_stop(d);
		return come_to_rest(d);
	}
	return err ?: begin(d);
}
