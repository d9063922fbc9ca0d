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
#include "common/message.h"
#include "common/newfile.h"
#include "common/sigmf.h"

/* The version of the format */
#define VERSION		"1.2.5"

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
 */
struct segment {
	uint64_t offset;
	int64_t start_ns;
	bool gap;
	uint64_t lost_bytes;
	uint64_t lost_captures;
};

/**
 * struct sigmf - the metadata of a file
 * @setup: what the samples are
 * @name: the file
 * @part: its name while it is written
 * @sample_size: bytes of a sample
 * @segments: the stretches
 * @count: how many there are
 * @room: room for so many
 * @dirty: they are not in the file
 * @due_ns: when to write it
 */
struct sigmf {
	const struct sigmf_setup *setup;
	char name[PATH_MAX];
	char part[PATH_MAX];
	unsigned int sample_size;
	struct segment *segments;
	size_t count;
	size_t room;
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

static int make_room(struct sigmf *s)
{
	const size_t room = s->room ? 2 * s->room : 16;
	struct segment *more;

	if (s->count < s->room)
		return 0;
	more = realloc(s->segments, room * sizeof(*more));
	if (!more) {
		message("out of memory");
		return -1;
	}
	s->segments = more;
	s->room = room;
	return 0;
}

int sigmf_add(struct sigmf *s, const struct sigmf_piece *p)
{
	if (s->count && !p->gap)
		return 0;
	if (make_room(s))
		return -1;
	s->segments[s->count++] = (struct segment){
		.offset = p->offset,
		.start_ns = start_of(s, p),
		.gap = p->gap,
		.lost_bytes = p->lost_bytes,
		.lost_captures = p->lost_captures,
	};
	s->dirty = true;
	if (!s->due_ns)
		s->due_ns = clock_ns();
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

/* The first sample that is whole behind the beginning */
static uint64_t sample_of(const struct sigmf *s, const struct segment *seg)
{
	return (seg->offset + s->sample_size - 1) / s->sample_size;
}

static void write_segment(const struct sigmf *s, FILE *f,
			  const struct segment *seg)
{
	fprintf(f, "%s\n    {\"core:sample_start\": %" PRIu64,
		seg == s->segments ? "" : ",", sample_of(s, seg));
	if (seg->start_ns)
		write_time(f, seg->start_ns);
	fputs("}", f);
}

static void write_lost(const struct sigmf *s, FILE *f,
		       const struct segment *seg)
{
	if (seg->lost_bytes)
		fprintf(f, "%" PRIu64 " samples are missing",
			seg->lost_bytes / s->sample_size);
	else if (seg->lost_captures)
		fprintf(f, "%" PRIu64 " captures are missing; the number of samples is unknown",
			seg->lost_captures);
	else
		fputs("samples may be missing; their number is unknown", f);
}

static void write_gap(const struct sigmf *s, FILE *f,
		      const struct segment *seg, bool first)
{
	fprintf(f, "%s\n    {\"core:sample_start\": %" PRIu64
		", \"core:sample_count\": 0, \"core:label\": \"gap\", \"core:comment\": \"before this sample ",
		first ? "" : ",", sample_of(s, seg));
	write_lost(s, f, seg);
	if (seg->offset % s->sample_size)
		fputs("; the sample before it is not whole", f);
	fputs("\"}", f);
}

static void write_gaps(const struct sigmf *s, FILE *f, size_t count)
{
	bool first = true;
	size_t i;

	for (i = 0; i < count; i++) {
		if (!s->segments[i].gap)
			continue;
		write_gap(s, f, &s->segments[i], first);
		first = false;
	}
}

/* The first segments only */
static void write_all(const struct sigmf *s, FILE *f, size_t count)
{
	size_t i;

	fprintf(f, "{\n  \"global\": {\n    \"core:datatype\": \"%s\",\n",
		s->setup->datatype);
	if (s->setup->sample_rate)
		fprintf(f, "    \"core:sample_rate\": %" PRIu64 ",\n",
			s->setup->sample_rate);
	fprintf(f, "    \"core:recorder\": \"%s\",\n    \"core:version\": \"" VERSION "\"\n  },\n  \"captures\": [",
		s->setup->recorder);
	for (i = 0; i < count; i++)
		write_segment(s, f, &s->segments[i]);
	fputs("\n  ],\n  \"annotations\": [", f);
	write_gaps(s, f, count);
	fputs("\n  ]\n}\n", f);
}

static int fail(const struct sigmf *s, int err)
{
	message("cannot write %s: %s", s->name, strerror(err));
	newfile_explain_room(err);
	return -1;
}

static int write_part(const struct sigmf *s, size_t count, bool sync)
{
	FILE *f = fopen(s->part, "we");
	int err = 0;

	if (!f)
		return errno;
	write_all(s, f, count);
	if (fflush(f) || (sync && fsync(fileno(f))))
		err = errno;
	if (fclose(f) && !err)
		err = errno;
	return err;
}

static int write_file(struct sigmf *s, size_t count, bool sync)
{
	const int64_t begin = clock_ns();
	int err = write_part(s, count, sync);

	if (!err && rename(s->part, s->name))
		err = errno;
	if (err) {
		unlink(s->part);
		return fail(s, err);
	}
	s->dirty = count < s->count;
	s->due_ns = clock_ns();
	s->due_ns += PERIOD_NS + PERIOD_TIMES * (s->due_ns - begin);
	return 0;
}

int sigmf_tick(struct sigmf *s, uint64_t bytes)
{
	size_t count = s->count;

	if (!s->dirty || clock_ns() < s->due_ns)
		return 0;
	while (count && s->segments[count - 1].offset >= bytes)
		count--;
	return write_file(s, count, false);
}

int64_t sigmf_due_ns(const struct sigmf *s)
{
	return s->dirty ? s->due_ns : 0;
}

int sigmf_close(struct sigmf *s, bool discard)
{
	int err = 0;

	if (!discard)
		err = write_file(s, s->count, true);
	free(s->segments);
	free(s);
	return err;
}
