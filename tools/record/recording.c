// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/newfile.h"
#include "common/output-name.h"
#include "common/sigmf.h"
#include "record/disk.h"
#include "record/kept.h"
#include "record/recording.h"

/* Files that are not closed yet; captures for more wait for the disk. */
#define MOST_FILES	64

/**
 * struct file - a file that is not closed yet
 * @target: the file
 * @next: the next newer one
 * @sigmf: its metadata, or NULL
 * @waiting: captures of it that are not written yet
 * @opened_ns: since when it is written
 * @sync: a sync of it
 * @syncing: that is on its way
 * @ending: no further capture comes
 * @last_sync: that sync is the last
 */
struct file {
	struct target target;
	struct file *next;
	struct sigmf *sigmf;
	unsigned int waiting;
	int64_t opened_ns;
	struct disk_request sync;
	bool syncing;
	bool ending;
	bool last_sync;
};

/**
 * struct recording - the files
 * @options: the command line
 * @writer: writes to them
 * @syncs: syncs them, meanwhile
 * @first: the oldest that is not closed
 * @current: the newest, which is written
 * @open: how many there are
 * @files: how many there were
 * @name: the name of the last one
 * @before: bytes given to those before the current one
 * @kept: those that are closed
 * @failed: a sync or the end of a file has failed
 */
struct recording {
	const struct record_options *options;
	struct writer *writer;
	struct disk *syncs;
	struct file *first;
	struct file *current;
	unsigned int open;
	unsigned int files;
	char name[PATH_MAX];
	uint64_t before;
	struct kept kept;
	bool failed;
};

static bool rotates(const struct recording *r)
{
	return r->options->rotate_size || r->options->rotate_ns;
}

/* Bytes that the next file will have, or 0 if that is not known */
static uint64_t expected(const struct recording *r)
{
	uint64_t bytes = r->options->bytes;

	if (bytes == UNLIMITED)
		return 0;
	bytes -= r->before < bytes ? r->before : bytes;
	if (r->options->rotate_size && bytes > r->options->rotate_size)
		return r->options->rotate_size;
	return bytes;
}

static void explain_exists(const char *name)
{
	message("%s exists, and is not overwritten", name);
	remedy("name another file, put the time into the name with %%t, or use --overwrite");
}

static int name_target(struct recording *r, struct target *t)
{
	if (!output_name(t->name, sizeof(t->name), r->options->output, 1,
			 r->files + 1, time(NULL)))
		return 0;
	message("the name of the file is too long");
	return -1;
}

static int open_target(struct recording *r, struct target *t)
{
	const struct record_options *o = r->options;
	int err;

	err = target_open(t, o->overwrite);
	if (err == -EEXIST)
		explain_exists(t->name);
	if (err)
		return -1;
	t->limit = o->rotate_size;
	err = target_reserve(t, expected(r));
	if (err)
		target_close(t, true);
	return err;
}

static void append(struct recording *r, struct file *file)
{
	if (r->current)
		r->current->next = file;
	else
		r->first = file;
	r->current = file;
	r->open++;
	r->files++;
	strcpy(r->name, file->target.name);
}

/* They are not made before there is something in them. */
static int open_metadata(struct recording *r, struct file *f)
{
	const struct record_options *o = r->options;
	char meta[PATH_MAX];

	if (!o->metadata)
		return 0;
	if (!o->overwrite && sigmf_exists(f->target.name)) {
		sigmf_meta_name(f->target.name, meta);
		explain_exists(meta);
		return -1;
	}
	f->sigmf = sigmf_open(f->target.name, &o->sigmf);
	return f->sigmf ? 0 : -1;
}

static int open_file(struct recording *r, struct file *f)
{
	if (name_target(r, &f->target) || open_metadata(r, f))
		return -1;
	if (!open_target(r, &f->target))
		return 0;
	if (f->sigmf)
		sigmf_close(f->sigmf, true);
	return -1;
}

static int open_next(struct recording *r)
{
	struct file *new = calloc(1, sizeof(*new));

	if (!new) {
		message("out of memory");
		return -1;
	}
	if (open_file(r, new)) {
		free(new);
		return -1;
	}
	new->opened_ns = clock_ns();
	append(r, new);
	if (r->options->verbose)
		inform("writing %s", r->name);
	return 0;
}

struct recording *recording_open(const struct record_options *options,
				 const struct source *source)
{
	struct recording *new = calloc(1, sizeof(*new));

	if (!new) {
		message("out of memory");
		return NULL;
	}
	new->options = options;
	new->kept.sigmf = options->metadata;
	new->writer = writer_new(source, options->verbose);
	if (new->writer)
		new->syncs = disk_open(MOST_FILES);
	if (new->syncs && !open_next(new))
		return new;
	recording_free(new);
	return NULL;
}

/* A capture that is larger than the limit gets a file of its own. */
static bool is_full(const struct recording *r, uint64_t next)
{
	const struct record_options *o = r->options;
	const uint64_t size = r->current->target.size;
	const int64_t age = clock_ns() - r->current->opened_ns;

	if (!size || !rotates(r))
		return false;
	if (o->rotate_ns && age >= o->rotate_ns)
		return true;
	return o->rotate_size && (size >= o->rotate_size ||
				  next > o->rotate_size - size);
}

static void remove_first(struct recording *r)
{
	struct file *file = r->first;

	r->first = file->next;
	if (!r->first)
		r->current = NULL;
	r->open--;
	free(file);
}

static uint64_t open_bytes(const struct recording *r)
{
	const struct file *f;
	uint64_t bytes = 0;

	for (f = r->first; f; f = f->next)
		bytes += f->target.size;
	return bytes;
}

/* What is not closed cannot be removed. */
static void make_room(struct recording *r, uint64_t bytes)
{
	bytes += open_bytes(r);
	while (r->options->max_disk &&
	       bytes + r->kept.bytes > r->options->max_disk &&
	       kept_remove_oldest(&r->kept))
		;
}

/* Nothing more comes to the oldest file, and it is on the disk. */
static int close_first(struct recording *r, bool discard)
{
	struct target *t = &r->first->target;
	const bool nothing = discard && !t->done;
	int err = 0;

	if (r->first->sigmf)
		err = sigmf_close(r->first->sigmf, nothing);
	if (target_close(t, discard))
		err = -1;
	if (t->made && !nothing)
		newfile_sync_folder(t->name);
	if (!err && r->options->max_disk)
		err = kept_add(&r->kept, t->name, t->done);
	remove_first(r);
	make_room(r, 0);
	return err;
}

static int check_sync(struct file *f)
{
	const int err = f->sync.result;

	f->syncing = false;
	/* Not everything can be synced. */
	if (!err || err == -EINVAL || err == -EROFS)
		return 0;
	target_explain(&f->target, -err);
	return -1;
}

static void begin_sync(struct recording *r, struct file *f)
{
	f->target.unsynced_ns = 0;
	f->syncing = true;
	f->sync.fd = f->target.fd;
	disk_sync(r->syncs, &f->sync);
}

/* One step of a file on its way to its end: -1 if that fails */
static int step(struct recording *r, struct file *f)
{
	int err = 0;

	if (f->syncing && f->sync.done)
		err = check_sync(f);
	if (!f->ending || f->waiting || f->syncing || f->last_sync)
		return err;
	f->last_sync = true;
	if (target_trim(&f->target))
		err = -1;
	begin_sync(r, f);
	return err;
}

static int step_all(struct recording *r, bool discard)
{
	struct file *f;
	int err = 0;

	disk_collect(r->syncs);
	for (f = r->first; f; f = f->next)
		if (step(r, f))
			err = -1;
	while (r->first && r->first->last_sync && !r->first->syncing)
		if (close_first(r, discard))
			err = -1;
	if (err)
		r->failed = true;
	return err;
}

static int rotate(struct recording *r)
{
	r->before += r->current->target.size;
	r->current->ending = true;
	return open_next(r);
}

/* Files that the disk has not synced take room as well. */
bool recording_ready(const struct recording *r)
{
	if (r->options->max_disk && r->open > 1 &&
	    open_bytes(r) > r->options->max_disk)
		return false;
	return r->open < MOST_FILES;
}

int recording_put(struct recording *r, const struct fpgabuf_capture *capture,
		  const struct note *note)
{
	if (is_full(r, capture->bytes) && rotate(r))
		return -1;
	make_room(r, capture->bytes);
	if (target_expect(&r->current->target, capture->bytes))
		return -1;
	r->current->waiting++;
	writer_put(r->writer, &r->current->target, capture, note);
	return 0;
}

static int64_t now_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

/* The end of a capture */
static int64_t end_of(const struct written *w)
{
	if (w->note.replayed)
		return w->note.utc_ns;
	return w->capture.timestamp_ns + now_of(CLOCK_REALTIME) -
	       now_of(CLOCK_MONOTONIC);
}

/* When exactly somebody has asked is not known: it was while all of them came. */
static int mark_asked(struct file *f, const struct written *w)
{
	const unsigned int asked = w->note.trigger.asked;
	const struct sigmf_mark mark = {
		w->offset, w->capture.bytes, "trigger",
		asked == ASKED_BY_SIGNAL  ? "SIGUSR1" :
		asked == ASKED_BY_COMMAND ? "command" :
					    "SIGUSR1, command",
	};

	return asked ? sigmf_mark(f->sigmf, &mark) : 0;
}

static int mark_number(struct file *f, const struct written *w)
{
	const struct trigger *t = &w->note.trigger;
	struct sigmf_mark mark = { .label = "trigger" };

	if (!t->rule)
		return 0;
	mark.offset = w->offset + t->at;
	mark.bytes = t->rule->type.size;
	mark.comment = t->rule->text;
	return sigmf_mark(f->sigmf, &mark);
}

/* Samples before the first capture are not missing. */
static int describe(struct file *f, const struct written *w)
{
	const struct sigmf_piece piece = {
		.offset = w->offset,
		.bytes = w->capture.bytes,
		.end_ns = end_of(w),
		.gap = w->capture.sequence &&
		       w->capture.status & FPGABUF_CAPTURE_GAP,
		.lost_captures = w->note.missed,
		.window = w->note.window,
		.unrecorded = w->note.unrecorded,
		.lost_unrecorded = w->note.lost_unrecorded,
	};
	int err = sigmf_add(f->sigmf, &piece);

	if (!err)
		err = sigmf_count(f->sigmf, &w->note.count);
	if (!err)
		err = mark_asked(f, w);
	return err ? err : mark_number(f, w);
}

bool recording_next(struct recording *r, struct fpgabuf_capture *capture)
{
	struct written w;
	struct file *f;

	if (!writer_next(r->writer, &w))
		return false;
	/* The target is the first member. */
	f = (struct file *)w.target;
	f->waiting--;
	if (w.ok && f->sigmf && describe(f, &w))
		r->failed = true;
	*capture = w.capture;
	return true;
}

static int64_t sync_due_ns(const struct recording *r)
{
	const struct file *f = r->current;

	if (!r->options->sync_ns || f->syncing || !f->target.unsynced_ns)
		return 0;
	return f->target.unsynced_ns + r->options->sync_ns;
}

int recording_tick(struct recording *r)
{
	int err = step_all(r, false);
	const int64_t due = sync_due_ns(r);

	if (!err && due && clock_ns() >= due)
		begin_sync(r, r->current);
	if (!err && r->current->sigmf)
		err = sigmf_tick(r->current->sigmf, UINT64_MAX);
	return err;
}

int64_t recording_due_ns(const struct recording *r)
{
	const struct sigmf *sigmf = r->current->sigmf;
	const int64_t sync = sync_due_ns(r);
	const int64_t meta = sigmf ? sigmf_due_ns(sigmf) : 0;

	return !sync || (meta && meta < sync) ? meta : sync;
}

int recording_fd(const struct recording *r)
{
	return writer_fd(r->writer);
}

int recording_sync_fd(const struct recording *r)
{
	return disk_fd(r->syncs);
}

bool recording_failed(const struct recording *r)
{
	return r->failed || writer_failed(r->writer);
}

void recording_wait(struct recording *r)
{
	writer_wait(r->writer);
}

int recording_finish(struct recording *r, bool discard)
{
	if (r->current)
		r->current->ending = true;
	step_all(r, discard);
	while (r->first) {
		disk_wait(r->syncs);
		step_all(r, discard);
	}
	return recording_failed(r) ? -1 : 0;
}

/* Files are open still only if the first could not be opened. */
void recording_free(struct recording *r)
{
	disk_close(r->syncs);
	writer_free(r->writer);
	kept_free(&r->kept);
	free(r);
}

void recording_look(const struct recording *r, struct recording_state *state)
{
	*state = (struct recording_state){
		.name = r->name,
		.files = r->files,
		.removed = r->kept.removed,
		.async = writer_is_async(r->writer),
		.registered = writer_is_registered(r->writer),
	};
	writer_count(r->writer, &state->disk);
}
