/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The metadata of a recording, as SigMF has it: a capture segment for each stretch
 * without a gap, and an annotation for each gap and each trigger
 *
 * The file is written anew under another name and then renamed, at intervals.  So
 * there is always a valid one, whenever the program is killed.
 */
#ifndef FPGABUF_COMMON_SIGMF_H
#define FPGABUF_COMMON_SIGMF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/hw-time.h"

/* The endings of the names of the two files */
#define SIGMF_DATA	".sigmf-data"
#define SIGMF_META	".sigmf-meta"

#define SIGMF_MAX_RATE	1000000000000ULL

#define SIGMF_MAX_FREQUENCY	1e12

/* Texts about all of the samples */
enum sigmf_text {
	SIGMF_AUTHOR, SIGMF_DESCRIPTION, SIGMF_HW, SIGMF_LICENSE, SIGMF_TEXTS,
};

/**
 * struct sigmf_setup - what the samples are
 * @datatype: as SigMF has it, such as "ci16_le"
 * @sample_rate: samples a second, or 0: not known
 * @recorder: the program
 * @texts: by enum sigmf_text, or NULL
 * @frequency: in Hz, of the centre
 * @has_frequency: that is known
 * @counter: a counter in each capture, if there is one
 */
struct sigmf_setup {
	const char *datatype;
	uint64_t sample_rate;
	const char *recorder;
	const char *texts[SIGMF_TEXTS];
	double frequency;
	bool has_frequency;
	struct hw_time counter;
};

/**
 * struct sigmf_piece - a piece of the data, without a gap in it
 * @offset: where in the file it begins
 * @bytes: how many
 * @end_ns: CLOCK_REALTIME of its end, or 0: not known
 * @gap: samples may be missing before it
 * @lost_bytes: how many bytes, or 0: not known
 * @lost_captures: how many captures, or 0: not known
 * @window: it begins a stretch that was chosen to be recorded
 * @unrecorded: so many bytes before it were not chosen
 * @lost_unrecorded: samples may be missing among these
 */
struct sigmf_piece {
	uint64_t offset;
	uint64_t bytes;
	int64_t end_ns;
	bool gap;
	uint64_t lost_bytes;
	uint64_t lost_captures;
	bool window;
	uint64_t unrecorded;
	bool lost_unrecorded;
};

/**
 * struct sigmf_mark - samples that something is to be said of
 * @offset: where in the file they begin
 * @bytes: how many
 * @label: one word, which stays yours, and must stay
 * @comment: a text, as well
 */
struct sigmf_mark {
	uint64_t offset;
	uint64_t bytes;
	const char *label;
	const char *comment;
};

struct sigmf;

/* Bytes of a sample of the type, or 0: there is no such type. */
unsigned int sigmf_sample_size(const char *datatype);

/* Takes such a type: 0, or -EINVAL and parse_wanted() says what one looks like. */
int sigmf_parse_type(const char *text, const char **datatype);

/* Length of a name without the ending that SigMF gives to data */
size_t sigmf_stem(const char *name);

/* The name of the metadata of @data, of PATH_MAX bytes */
void sigmf_meta_name(const char *data, char *meta);

/* Are there metadata for @data already? */
bool sigmf_exists(const char *data);

/*
 * The metadata of a file: @data is its name.  Others are overwritten.  NULL after a
 * message.  The setup stays yours.
 */
struct sigmf *sigmf_open(const char *data, const struct sigmf_setup *setup);

/* A piece is in the file, or will be: 0, or -1 after a message. */
int sigmf_add(struct sigmf *sigmf, const struct sigmf_piece *piece);

/*
 * What the counter says of the last piece, before it is marked: the same.  Where it says
 * that samples are missing, a segment begins.
 */
int sigmf_count(struct sigmf *sigmf, const struct hw_count *count);

/* Marks samples of the last piece, in order: the same. */
int sigmf_mark(struct sigmf *sigmf, const struct sigmf_mark *mark);

/*
 * Writes what is new of the first @bytes of the data, which are in the file; call it at
 * sigmf_due_ns(), unless that is 0.
 */
int sigmf_tick(struct sigmf *sigmf, uint64_t bytes);
int64_t sigmf_due_ns(const struct sigmf *sigmf);

/* Writes and syncs the rest, unless no file is wanted because nothing came. */
int sigmf_close(struct sigmf *sigmf, bool discard);

#endif /* FPGABUF_COMMON_SIGMF_H */
