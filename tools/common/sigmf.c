// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/message.h"
#include "common/newfile.h"
#include "common/sigmf.h"
#include "common/size.h"

/* The version of the format */
#define VERSION		"1.2.5"

/* And of what we add to it */
#define EXTENSION	"0.1.0"

/*
 * The file is written anew after this time, and after so many times of what that
 * took: with many gaps it is large.
 */
#define PERIOD_NS	NS_PER_SEC
#define PERIOD_TIMES	50

/**
 * struct segment - a stretch without a gap
 * @offset: where in the file it begins
 * @start_ns: CLOCK_REALTIME of its first sample, or 0: not known
 * @gap: samples may be missing before it
 * @lost_bytes: how many bytes, or 0: not known
 * @lost_captures: how many captures, or 0: not known
 * @window: it was chosen to be recorded
 * @unrecorded: so many bytes before it were not
 * @lost_unrecorded: samples may be missing among these
 * @count: what the counter says of its first capture
 */
struct segment {
	uint64_t offset;
	int64_t start_ns;
	bool gap;
	uint64_t lost_bytes;
	uint64_t lost_captures;
	bool window;
	uint64_t unrecorded;
	bool lost_unrecorded;
	struct hw_count count;
};

/**
 * struct list - what there is of a kind, in the order of the samples
 * @items: an array
 * @count: how many there are
 * @room: room for so many
 */
struct list {
	void *items;
	size_t count;
	size_t room;
};

/**
 * struct sigmf - the metadata of a file
 * @setup: what the samples are
 * @name: the file
 * @part: its name while it is written
 * @sample_size: bytes of a sample
 * @last: the last piece
 * @segments: the stretches
 * @marks: what is said of samples, besides
 * @dirty: they are not in the file
 * @due_ns: when to write it
 */
struct sigmf {
	const struct sigmf_setup *setup;
	char name[PATH_MAX];
	char part[PATH_MAX];
	unsigned int sample_size;
	struct sigmf_piece last;
	struct list segments;
	struct list marks;
	bool dirty;
	int64_t due_ns;
};

/* Bytes of a number, such as i16_le; 0 if no number has this name. */
static unsigned int number_size(const char *name)
{
	static const char * const large[] = {
		"f32", "f64", "i16", "u16", "i32", "u32"
	};
	size_t i;

	if (!strcmp(name, "i8") || !strcmp(name, "u8"))
		return 1;
	for (i = 0; i < sizeof(large) / sizeof(large[0]); i++)
		if (!strncmp(name, large[i], 3) &&
		    (!strcmp(name + 3, "_le") || !strcmp(name + 3, "_be")))
			return atoi(large[i] + 1) / 8;
	return 0;
}

unsigned int sigmf_sample_size(const char *datatype)
{
	switch (*datatype) {
	case 'r':
		return number_size(datatype + 1);
	case 'c':
		return 2 * number_size(datatype + 1);
	default:
		return 0;
	}
}

int sigmf_parse_type(const char *text, const char **datatype)
{
	parse_wants("a type of SigMF: r or c, then f32, f64, i8, u8, i16, u16, i32 or u32, and _le or _be if it has more than a byte; such as ci16_le");
	if (!sigmf_sample_size(text))
		return -EINVAL;
	*datatype = text;
	return 0;
}

size_t sigmf_stem(const char *name)
{
	const size_t len = strlen(name), ending = strlen(SIGMF_DATA);

	if (len <= ending || strcmp(name + len - ending, SIGMF_DATA))
		return len;
	return len - ending;
}

void sigmf_meta_name(const char *data, char *meta)
{
	snprintf(meta, PATH_MAX, "%.*s" SIGMF_META, (int)sigmf_stem(data), data);
}

bool sigmf_exists(const char *data)
{
	char meta[PATH_MAX];

	sigmf_meta_name(data, meta);
	return !access(meta, F_OK);
}

static bool name_files(struct sigmf *s, const char *data)
{
	sigmf_meta_name(data, s->name);
	if (snprintf(s->part, PATH_MAX, "%s.part", s->name) < PATH_MAX)
		return true;
	message("the name of the file is too long");
	return false;
}

struct sigmf *sigmf_open(const char *data, const struct sigmf_setup *setup)
{
	struct sigmf *new = calloc(1, sizeof(*new));

	if (!new) {
		message("out of memory");
		return NULL;
	}
	new->setup = setup;
	new->sample_size = sigmf_sample_size(setup->datatype);
	if (name_files(new, data))
		return new;
	free(new);
	return NULL;
}

static int64_t start_of(const struct sigmf *s, const struct sigmf_piece *p)
{
	const double rate = (double)s->setup->sample_rate * s->sample_size;

	if (!p->end_ns || !s->setup->sample_rate)
		return 0;
	return p->end_ns - (int64_t)(p->bytes / rate * NS_PER_SEC);
}

/* Room for one more item of @size bytes, or NULL after a message */
static void *add_item(struct list *list, size_t size)
{
	const size_t room = list->room ? 2 * list->room : 16;
	void *more;

	if (list->count == list->room) {
		more = realloc(list->items, room * size);
		if (!more) {
			message("out of memory");
			return NULL;
		}
		list->items = more;
		list->room = room;
	}
	return (char *)list->items + size * list->count++;
}

static const struct segment *segment_at(const struct sigmf *s, size_t i)
{
	return (const struct segment *)s->segments.items + i;
}

static const struct sigmf_mark *mark_at(const struct sigmf *s, size_t i)
{
	return (const struct sigmf_mark *)s->marks.items + i;
}

static void make_dirty(struct sigmf *s)
{
	s->dirty = true;
	if (!s->due_ns)
		s->due_ns = clock_ns();
}

static int add_segment(struct sigmf *s, const struct sigmf_piece *p)
{
	struct segment *new = add_item(&s->segments, sizeof(*new));

	if (!new)
		return -1;
	*new = (struct segment){
		.offset = p->offset,
		.start_ns = start_of(s, p),
		.gap = p->gap,
		.lost_bytes = p->lost_bytes,
		.lost_captures = p->lost_captures,
		.window = p->window,
		.unrecorded = p->unrecorded,
		.lost_unrecorded = p->lost_unrecorded,
	};
	make_dirty(s);
	return 0;
}

int sigmf_add(struct sigmf *s, const struct sigmf_piece *p)
{
	s->last = *p;
	if (s->segments.count && !p->gap && !p->window)
		return 0;
	return add_segment(s, p);
}

static struct segment *last_segment(const struct sigmf *s)
{
	return (struct segment *)s->segments.items + s->segments.count - 1;
}

int sigmf_count(struct sigmf *s, const struct hw_count *count)
{
	if (!count->known)
		return 0;
	if (last_segment(s)->offset != s->last.offset) {
		if (!count->untold)
			return 0;
		if (add_segment(s, &s->last))
			return -1;
	}
	last_segment(s)->count = *count;
	last_segment(s)->gap |= count->untold;
	make_dirty(s);
	return 0;
}

int sigmf_mark(struct sigmf *s, const struct sigmf_mark *mark)
{
	struct sigmf_mark *new = add_item(&s->marks, sizeof(*new));

	if (!new)
		return -1;
	*new = *mark;
	make_dirty(s);
	return 0;
}

static void write_time(FILE *f, int64_t ns)
{
	const time_t seconds = ns / NS_PER_SEC;
	struct tm utc;
	char text[32];

	gmtime_r(&seconds, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	fprintf(f, ", \"core:datetime\": \"%s.%09dZ\"", text,
		(int)(ns % NS_PER_SEC));
}

/* The first sample that is whole behind that place */
static uint64_t sample_at(const struct sigmf *s, uint64_t offset)
{
	return (offset + s->sample_size - 1) / s->sample_size;
}

static void write_segment(const struct sigmf *s, FILE *f, size_t i)
{
	const struct segment *seg = segment_at(s, i);

	fprintf(f, "%s\n    {\"core:sample_start\": %" PRIu64, i ? "," : "",
		sample_at(s, seg->offset));
	if (s->setup->has_frequency)
		fprintf(f, ", \"core:frequency\": %.15g",
			s->setup->frequency);
	if (seg->start_ns)
		write_time(f, seg->start_ns);
	if (seg->count.known)
		fprintf(f, ", \"fpgabuf:ticks\": %" PRIu64, seg->count.ticks);
	fputs("}", f);
}

static void write_lost(const struct sigmf *s, FILE *f,
		       const struct segment *seg)
{
	if (seg->count.counted)
		fprintf(f, "%" PRIu64 " samples are missing, by the counter%s",
			seg->count.missing, seg->count.untold ?
			"; the driver does not tell of it" : "");
	else if (seg->lost_bytes)
		fprintf(f, "%" PRIu64 " samples are missing",
			seg->lost_bytes / s->sample_size);
	else if (seg->lost_captures)
		fprintf(f, "%" PRIu64 " captures are missing; the number of samples is unknown",
			seg->lost_captures);
	else
		fputs("samples may be missing; their number is unknown", f);
}

/**
 * struct notes - the annotations that are being written
 * @sigmf: of what
 * @f: the file
 * @count: how many there are
 * @last: where the last one begins; SigMF wants them in order
 */
struct notes {
	const struct sigmf *sigmf;
	FILE *f;
	size_t count;
	uint64_t last;
};

static void begin_note(struct notes *n, uint64_t start, uint64_t count,
		       const char *label)
{
	if (start > n->last)
		n->last = start;
	fprintf(n->f, "%s\n    {\"core:sample_start\": %" PRIu64
		", \"core:sample_count\": %" PRIu64
		", \"core:label\": \"%s\", \"core:comment\": \"",
		n->count++ ? "," : "", n->last, count, label);
}

static void end_note(struct notes *n)
{
	fputs("\"}", n->f);
}

static void write_gap(struct notes *n, const struct segment *seg)
{
	begin_note(n, sample_at(n->sigmf, seg->offset), 0, "gap");
	fputs("before this sample ", n->f);
	write_lost(n->sigmf, n->f, seg);
	if (seg->offset % n->sigmf->sample_size)
		fputs("; the sample before it is not whole", n->f);
	fputs("\"", n->f);
	if (seg->count.counted)
		fprintf(n->f, ", \"fpgabuf:missing_samples\": %" PRIu64,
			seg->count.missing);
	fputs("}", n->f);
}

static void write_window(struct notes *n, const struct segment *seg)
{
	begin_note(n, sample_at(n->sigmf, seg->offset), 0, "window");
	fprintf(n->f, "a window begins; before it %" PRIu64 " samples were not recorded",
		seg->unrecorded / n->sigmf->sample_size);
	if (seg->lost_unrecorded)
		fputs(", and among these samples may be missing", n->f);
	end_note(n);
}

/* All samples that have bytes there */
static void write_mark(struct notes *n, const struct sigmf_mark *mark)
{
	const uint64_t start = mark->offset / n->sigmf->sample_size;
	const uint64_t end = sample_at(n->sigmf, mark->offset + mark->bytes);

	begin_note(n, start, end - start, mark->label);
	json_text(n->f, mark->comment);
	end_note(n);
}

static void write_start(struct notes *n, const struct segment *seg)
{
	if (seg->window)
		write_window(n, seg);
	if (seg->gap)
		write_gap(n, seg);
}

/* What is said of a place where a segment begins comes behind what that says. */
static void write_notes(struct notes *n, size_t segments, size_t marks)
{
	const struct sigmf *s = n->sigmf;
	size_t i, done = 0;

	for (i = 0; i < segments; i++) {
		const struct segment *seg = segment_at(s, i);

		while (done < marks && mark_at(s, done)->offset < seg->offset)
			write_mark(n, mark_at(s, done++));
		write_start(n, seg);
	}
	while (done < marks)
		write_mark(n, mark_at(s, done++));
}

static void write_texts(const struct sigmf *s, FILE *f)
{
	static const char * const names[] = {
		[SIGMF_AUTHOR] = "author",
		[SIGMF_DESCRIPTION] = "description",
		[SIGMF_HW] = "hw",
		[SIGMF_LICENSE] = "license",
	};
	unsigned int i;

	for (i = 0; i < SIGMF_TEXTS; i++) {
		if (!s->setup->texts[i])
			continue;
		fprintf(f, "    \"core:%s\": \"", names[i]);
		json_text(f, s->setup->texts[i]);
		fputs("\",\n", f);
	}
}

static void write_counter(const struct hw_time *counter, FILE *f)
{
	if (!hw_time_is_there(counter))
		return;
	fprintf(f, "    \"core:extensions\": [{\"name\": \"fpgabuf\", \"version\": \"" EXTENSION "\", \"optional\": true}],\n"
		"    \"fpgabuf:tick_offset\": %" PRIu64 ",\n"
		"    \"fpgabuf:tick_type\": \"u%u_%ce\",\n",
		counter->offset, 8 * counter->type.size,
		counter->type.big ? 'b' : 'l');
	if (counter->rate)
		fprintf(f, "    \"fpgabuf:tick_rate\": %" PRIu64 ",\n",
			counter->rate);
}

/* Of the first segments and marks only */
static void write_all(const struct sigmf *s, FILE *f, size_t segments,
		      size_t marks)
{
	struct notes notes = { .sigmf = s, .f = f };
	size_t i;

	fprintf(f, "{\n  \"global\": {\n    \"core:datatype\": \"%s\",\n",
		s->setup->datatype);
	if (s->setup->sample_rate)
		fprintf(f, "    \"core:sample_rate\": %" PRIu64 ",\n",
			s->setup->sample_rate);
	write_texts(s, f);
	write_counter(&s->setup->counter, f);
	fprintf(f, "    \"core:recorder\": \"%s\",\n    \"core:version\": \"" VERSION "\"\n  },\n  \"captures\": [",
		s->setup->recorder);
	for (i = 0; i < segments; i++)
		write_segment(s, f, i);
	fputs("\n  ],\n  \"annotations\": [", f);
	write_notes(&notes, segments, marks);
	fputs("\n  ]\n}\n", f);
}

static int fail(const struct sigmf *s, int err)
{
	message("cannot write %s: %s", s->name, strerror(err));
	newfile_explain_room(err);
	return -1;
}

static int write_part(const struct sigmf *s, size_t segments, size_t marks,
		      bool sync)
{
	FILE *f = fopen(s->part, "we");
	int err = 0;

	if (!f)
		return errno;
	write_all(s, f, segments, marks);
	if (fflush(f) || (sync && fsync(fileno(f))))
		err = errno;
	if (fclose(f) && !err)
		err = errno;
	return err;
}

static int write_file(struct sigmf *s, size_t segments, size_t marks,
		      bool sync)
{
	const int64_t begin = clock_ns();
	int err = write_part(s, segments, marks, sync);

	if (!err && rename(s->part, s->name))
		err = errno;
	if (err) {
		unlink(s->part);
		return fail(s, err);
	}
	s->dirty = segments < s->segments.count || marks < s->marks.count;
	s->due_ns = clock_ns();
	s->due_ns += PERIOD_NS + PERIOD_TIMES * (s->due_ns - begin);
	return 0;
}

int sigmf_tick(struct sigmf *s, uint64_t bytes)
{
	size_t segments = s->segments.count, marks = s->marks.count;

	if (!s->dirty || clock_ns() < s->due_ns)
		return 0;
	while (segments && segment_at(s, segments - 1)->offset >= bytes)
		segments--;
	while (marks && mark_at(s, marks - 1)->offset >= bytes)
		marks--;
	return write_file(s, segments, marks, false);
}

int64_t sigmf_due_ns(const struct sigmf *s)
{
	return s->dirty ? s->due_ns : 0;
}

int sigmf_close(struct sigmf *s, bool discard)
{
	int err = 0;

	if (!discard)
		err = write_file(s, s->segments.count, s->marks.count, true);
	free(s->segments.items);
	free(s->marks.items);
	free(s);
	return err;
}
