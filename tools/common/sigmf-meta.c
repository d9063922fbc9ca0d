// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/json-read.h"
#include "common/sigmf.h"
#include "common/sigmf-meta.h"

#define ELSEWHERE	"there is more in the file than samples"

/**
 * struct reader - the metadata that are being read
 * @recording: what they say
 * @place: the object that is being read
 * @why: the reason why they are refused
 */
struct reader {
	struct sigmf_recording *recording;
	char place[32];
	char *why;
};

static int __attribute__((format(printf, 2, 3)))
fail(const struct reader *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->why, SIGMF_META_WHY, format, args);
	va_end(args);
	return -EBADMSG;
}

static int fail_kind(const struct reader *r, const char *name,
		     const char *wanted)
{
	return fail(r, "it is no SigMF: %s in %s is not %s", name, r->place,
		    wanted);
}

/* A whole number may be written with a point or an exponent, as 2.5e6. */
static bool get_whole(const json_t *number, uint64_t *value)
{
	const double real = json_number_value(number);

	if (json_is_integer(number)) {
		*value = json_integer_value(number);
		return json_integer_value(number) >= 0;
	}
	if (!json_is_real(number) || !(real >= 0 && real < 0x1p53))
		return false;
	*value = real;
	return *value == real;
}

/* @value stays if it is not there. */
static int read_whole(const struct reader *r, const json_t *object,
		      const char *name, uint64_t *value)
{
	const json_t *number = json_object_get(object, name);

	if (!number || get_whole(number, value))
		return 0;
	return fail_kind(r, name, "a whole number from 0 on");
}

/* A value that may only be as usual */
static int expect_whole(const struct reader *r, const json_t *object,
			const char *name, uint64_t usual,
			const char *otherwise)
{
	uint64_t value = usual;
	const int err = read_whole(r, object, name, &value);

	if (err || value == usual)
		return err;
	return fail(r, "%s", otherwise);
}

/* *@text is NULL if it is not there. */
static int read_text(const struct reader *r, const json_t *object,
		     const char *name, const char **text)
{
	const json_t *string = json_object_get(object, name);

	*text = json_string_value(string);
	return !string || *text ? 0 : fail_kind(r, name, "a text");
}

static int read_type(struct reader *r, const json_t *global)
{
	struct sigmf_recording *rec = r->recording;
	const char *type;
	int err = read_text(r, global, "core:datatype", &type);

	if (err)
		return err;
	if (!type || !sigmf_sample_size(type))
		return fail(r, "it does not say what its samples are (core:datatype)");
	snprintf(rec->datatype, sizeof(rec->datatype), "%s", type);
	rec->sample_size = sigmf_sample_size(type);
	return 0;
}

static int read_rate(struct reader *r, const json_t *global)
{
	const json_t *number = json_object_get(global, "core:sample_rate");
	const double rate = json_number_value(number);

	if (number && !json_is_number(number))
		return fail_kind(r, "core:sample_rate", "a number");
	if (rate >= 1 && rate <= SIGMF_MAX_RATE && rate == (uint64_t)rate)
		r->recording->sample_rate = rate;
	return 0;
}

static int check_data(const struct reader *r, const json_t *global)
{
	const json_t *alone = json_object_get(global, "core:metadata_only");

	if (json_object_get(global, "core:dataset"))
		return fail(r, "its data are in a file with another name");
	if (json_is_true(alone))
		return fail(r, "it has no data");
	if (alone && !json_is_false(alone))
		return fail_kind(r, "core:metadata_only", "true or false");
	return 0;
}

static int read_global(struct reader *r, const json_t *global)
{
	int err;

	strcpy(r->place, "\"global\"");
	err = read_type(r, global);
	if (!err)
		err = read_rate(r, global);
	if (!err)
		err = check_data(r, global);
	if (!err)
		err = expect_whole(r, global, "core:num_channels", 1,
				   "it has several channels");
	if (!err)
		err = expect_whole(r, global, "core:trailing_bytes", 0,
				   ELSEWHERE);
	return err;
}

/* Nanoseconds behind the point; NULL: that is no time. */
static const char *read_fraction(const char *at, int64_t *ns)
{
	int64_t unit = NS_PER_SEC;

	if (*at != '.')
		return at;
	for (at++; isdigit((unsigned char)*at); at++) {
		unit /= 10;
		*ns += (*at - '0') * unit;
	}
	return at;
}

/* As SigMF has it, in UTC; what cannot be read is not known. */
static int64_t parse_time(const char *text)
{
	struct tm utc = { 0 };
	const char *at = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
	/* time_t has 32 bits on some machines. */
	int64_t seconds;
	int64_t ns = 0;

	at = at ? read_fraction(at, &ns) : NULL;
	if (!at || strcmp(at, "Z"))
		return 0;
	seconds = timegm(&utc);
	if (seconds < 0 || seconds >= INT64_MAX / NS_PER_SEC)
		return 0;
	return seconds * NS_PER_SEC + ns;
}

static int read_capture(const struct reader *r, const json_t *capture,
			struct sigmf_stretch *s)
{
	const char *time;
	int err = read_text(r, capture, "core:datetime", &time);

	if (!err)
		err = expect_whole(r, capture, "core:header_bytes", 0, ELSEWHERE);
	s->start_ns = !err && time ? parse_time(time) : 0;
	s->offset = UINT64_MAX;
	return err ? err : read_whole(r, capture, "core:sample_start", &s->offset);
}

/* What is before the first capture has no stretch of its own. */
static int make_stretches(struct reader *r, size_t count)
{
	struct sigmf_recording *rec = r->recording;

	rec->count = count ? count : 1;
	rec->stretches = calloc(rec->count, sizeof(*rec->stretches));
	return rec->stretches ? 0 : fail(r, "out of memory");
}

static int read_captures(struct reader *r, const json_t *captures)
{
	const json_t *capture;
	size_t i;
	int err;

	strcpy(r->place, "the file");
	if (captures && !json_is_array(captures))
		return fail_kind(r, "\"captures\"", "an array");
	err = make_stretches(r, json_array_size(captures));
	for (i = 0; i < json_array_size(captures) && !err; i++) {
		capture = json_array_get(captures, i);
		snprintf(r->place, sizeof(r->place), "captures[%zu]", i);
		if (json_is_object(capture))
			err = read_capture(r, capture, &r->recording->stretches[i]);
		else
			err = fail(r, "it is no SigMF: %s is not an object", r->place);
	}
	return err;
}

/* Offsets are samples until now. */
static int settle_stretches(struct reader *r)
{
	struct sigmf_recording *rec = r->recording;
	uint64_t last = 0;
	size_t i;

	if (rec->stretches[0].offset)
		return fail(r, "its first capture segment does not begin at sample 0");
	for (i = 0; i < rec->count; i++) {
		struct sigmf_stretch *s = &rec->stretches[i];

		if (s->offset < last)
			return fail(r, "its capture segments are not in order");
		last = s->offset;
		if (last > INT64_MAX / rec->sample_size)
			return fail(r, "a capture segment does not say where it begins");
		s->offset *= rec->sample_size;
	}
	return 0;
}

static int read_all(struct reader *r, const json_t *root)
{
	const json_t *global = json_object_get(root, "global");
	int err;

	if (!json_is_object(root))
		return fail(r, "it is no SigMF: the file is not an object");
	if (global && !json_is_object(global))
		return fail(r, "it is no SigMF: \"global\" is not an object");
	err = read_global(r, global);
	if (!err)
		err = read_captures(r, json_object_get(root, "captures"));
	return err ? err : settle_stretches(r);
}

int sigmf_meta_parse(const char *text, size_t len,
		     struct sigmf_recording *recording, char *why)
{
	struct reader r = { .recording = recording, .why = why };
	char said[SIGMF_META_WHY - 32];
	json_t *root;
	int err;

	recording->sample_rate = 0;
	recording->stretches = NULL;
	recording->count = 0;
	root = json_read(text, len, said, sizeof(said));
	err = root ? read_all(&r, root) :
		     fail(&r, "it is no SigMF, %s", said);
	json_decref(root);
	if (err) {
		free(recording->stretches);
		recording->stretches = NULL;
	}
	return err;
}
