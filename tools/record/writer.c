// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "record/disk.h"
#include "record/fixed.h"
#include "record/writer.h"

/* A beginning, whole blocks, and an end; the blocks may be too many for one. */
#define PIECES		8

/**
 * struct job - a capture that is written
 * @target: its file
 * @capture: the capture
 * @note: what goes with it
 * @offset: where in the file it begins
 * @pieces: the requests
 * @count: how many there are
 * @since_ns: when it was given
 */
struct job {
	struct target *target;
	struct fpgabuf_capture capture;
	struct note note;
	uint64_t offset;
	struct disk_request pieces[PIECES];
	unsigned int count;
	int64_t since_ns;
};

/**
 * struct writer - the captures on their way
 * @disk: where they go
 * @fixed: their memory as the disk knows it, or NULL
 * @jobs: a ring of them
 * @size: how many there can be
 * @first: the oldest
 * @failed: nothing more is written
 * @told: that the file system wants the page cache
 * @counts: what was done; their waiting is the number of jobs
 */
struct writer {
	struct disk *disk;
	struct fixed *fixed;
	struct job *jobs;
	unsigned int size;
	unsigned int first;
	bool failed;
	bool told;
	struct writer_counts counts;
};

static void fix(struct writer *w, const struct source *source, bool verbose)
{
	int err = fixed_new(source, w->disk, &w->fixed);

	if (!verbose)
		return;
	if (err)
		inform("the memory is not registered for writing: %s",
		       strerror(-err));
	else
		inform("the memory is registered for writing");
}

struct writer *writer_new(const struct source *source, bool verbose)
{
	struct writer *new = calloc(1, sizeof(*new));

	if (new)
		new->jobs = calloc(source->capacity, sizeof(*new->jobs));
	if (!new || !new->jobs) {
		message("out of memory");
		writer_free(new);
		return NULL;
	}
	new->size = source->capacity;
	new->disk = disk_open(new->size * PIECES);
	if (!new->disk) {
		writer_free(new);
		return NULL;
	}
	fix(new, source, verbose);
	return new;
}

void writer_free(struct writer *writer)
{
	if (!writer)
		return;
	fixed_free(writer->fixed);
	disk_close(writer->disk);
	free(writer->jobs);
	free(writer);
}

/* Where in the capture whole blocks of the file begin; its end if nowhere */
static uint64_t head_of(const struct job *j)
{
	const struct fpgabuf_capture *c = &j->capture;
	uint64_t head = -j->offset % TARGET_BLOCK;

	if (j->target->direct < 0 || j->target->refuses ||
	    head + TARGET_BLOCK > c->bytes ||
	    ((uintptr_t)c->addr + head) % TARGET_MEMORY)
		return c->bytes;
	return head;
}

static void add_piece(struct writer *w, struct job *j, int fd, uint64_t from,
		      uint64_t len)
{
	struct disk_request *r = &j->pieces[j->count];

	if (!len)
		return;
	j->count++;
	*r = (struct disk_request){
		.fd = fd,
		.addr = (const char *)j->capture.addr + from,
		.len = len,
		.offset = j->offset + from,
	};
	if (w->fixed)
		fixed_request(w->fixed, j->capture.slot, r);
	disk_write(w->disk, r);
}

static void add_pieces(struct writer *w, struct job *j, int fd, uint64_t from,
		       uint64_t to)
{
	while (from < to) {
		uint64_t len = to - from;

		if (len > DISK_MOST_BYTES)
			len = DISK_MOST_BYTES;
		add_piece(w, j, fd, from, len);
		from += len;
	}
}

static void say_cached(struct writer *w, const struct target *t)
{
	if (w->told)
		return;
	w->told = true;
	inform("%s is written through the page cache: its file system cannot do without",
	       t->name);
}

void writer_put(struct writer *w, struct target *target,
		const struct fpgabuf_capture *capture, const struct note *note)
{
	struct job *j = &w->jobs[(w->first + w->counts.waiting) % w->size];
	uint64_t head, blocks;

	*j = (struct job){
		.target = target,
		.capture = *capture,
		.note = *note,
		.offset = target->size,
		.since_ns = clock_ns(),
	};
	target->size += capture->bytes;
	if (++w->counts.waiting > w->counts.most_waiting)
		w->counts.most_waiting = w->counts.waiting;
	if (w->failed)
		return;
	if (target->direct < 0)
		say_cached(w, target);
	head = head_of(j);
	blocks = (capture->bytes - head) / TARGET_BLOCK * TARGET_BLOCK;
	add_pieces(w, j, target->fd, 0, head);
	add_pieces(w, j, target->direct, head, head + blocks);
	add_pieces(w, j, target->fd, head + blocks, capture->bytes);
}

/* A file system may accept O_DIRECT, and refuse the write. */
static void note_refusal(struct writer *w, struct target *t,
			 const struct disk_request *r)
{
	if (r->result != -EINVAL || r->fd != t->direct)
		return;
	say_cached(w, t);
	t->refuses = true;
}

/* Less was written than was asked for: the rest goes the usual way, or says why not. */
static int finish(struct writer *w, struct target *t, struct disk_request *r)
{
	size_t done = r->result > 0 ? r->result : 0;
	ssize_t n;

	if (r->fd == t->direct)
		w->counts.direct += done;
	while (done < r->len) {
		n = pwrite(t->fd, (const char *)r->addr + done, r->len - done,
			   r->offset + done);
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? n : 0;
	}
	note_refusal(w, t, r);
	return 0;
}

static void settle(struct writer *w, struct job *j)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < j->count && !err && !w->failed; i++)
		err = finish(w, j->target, &j->pieces[i]);
	if (err) {
		target_explain(j->target, -err);
		w->failed = true;
	}
}

static bool is_done(const struct job *j)
{
	unsigned int i;

	for (i = 0; i < j->count; i++)
		if (!j->pieces[i].done)
			return false;
	return true;
}

static void note_written(struct writer *w, const struct job *j)
{
	int64_t now = clock_ns();

	j->target->done += j->capture.bytes;
	w->counts.bytes += j->capture.bytes;
	if (!j->target->unsynced_ns)
		j->target->unsynced_ns = now;
	if (now - j->since_ns > w->counts.longest_ns)
		w->counts.longest_ns = now - j->since_ns;
}

bool writer_next(struct writer *w, struct written *written)
{
	struct job *j = &w->jobs[w->first];

	disk_collect(w->disk);
	if (!w->counts.waiting || !is_done(j))
		return false;
	settle(w, j);
	if (!w->failed)
		note_written(w, j);
	*written = (struct written){
		j->target, j->capture, j->note, j->offset, !w->failed
	};
	w->first = (w->first + 1) % w->size;
	w->counts.waiting--;
	return true;
}

void writer_wait(struct writer *writer)
{
	disk_wait(writer->disk);
}

int writer_fd(const struct writer *writer)
{
	return writer->counts.waiting ? disk_fd(writer->disk) : -1;
}

bool writer_failed(const struct writer *writer)
{
	return writer->failed;
}

bool writer_is_async(const struct writer *writer)
{
	return disk_is_async(writer->disk);
}

bool writer_is_registered(const struct writer *writer)
{
	return writer->fixed;
}

void writer_count(const struct writer *writer, struct writer_counts *counts)
{
	*counts = writer->counts;
}
