// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json-read.h"
#include "common/message.h"
#include "common/sigmf.h"
#include "common/sigmf-read.h"

/* Metadata that are larger are none of ours. */
#define MAX_META	((off_t)1 << 30)

/* Room for a time */
#define TIME		48

/**
 * struct reader - the metadata that are being read
 * @json: the text
 * @meta: their name
 * @recording: what they say
 * @room: for so many stretches
 * @unusual: something that is not read, or NULL
 */
struct reader {
	struct json_read json;
	char meta[PATH_MAX];
	struct sigmf_recording *recording;
	size_t room;
	const char *unusual;
};

static int fail(const struct reader *r, const char *why)
{
	message("cannot replay %s: %s", r->meta, why);
	return -EBADMSG;
}

static bool out_of_memory(struct reader *r)
{
	r->unusual = "out of memory";
	return false;
}

/* A value that may only be as usual */
static void expect_whole(struct reader *r, uint64_t usual, const char *what)
{
	uint64_t value;

	if (json_read_whole(&r->json, &value) && value != usual)
		r->unusual = what;
}

static void read_rate(struct reader *r)
{
	double rate;

	if (!json_read_number(&r->json, &rate))
		return;
	if (rate >= 1 && rate <= SIGMF_MAX_RATE && rate == (uint64_t)rate)
		r->recording->sample_rate = rate;
}

static void read_global_field(struct reader *r)
{
	const char *name = r->json.name;
	bool alone;

	if (!strcmp(name, "core:datatype")) {
		json_read_text(&r->json, r->recording->datatype, SIGMF_TYPE);
	} else if (!strcmp(name, "core:sample_rate")) {
		read_rate(r);
	} else if (!strcmp(name, "core:num_channels")) {
		expect_whole(r, 1, "it has several channels");
	} else if (!strcmp(name, "core:trailing_bytes")) {
		expect_whole(r, 0, "there is more in the file than samples");
	} else if (!strcmp(name, "core:dataset")) {
		r->unusual = "its data are in a file with another name";
		json_read_skip(&r->json);
	} else if (!strcmp(name, "core:metadata_only")) {
		if (json_read_bool(&r->json, &alone) && alone)
			r->unusual = "it has no data";
	} else {
		json_read_skip(&r->json);
	}
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

static void read_capture_field(struct reader *r, struct sigmf_stretch *s)
{
	char text[TIME];

	if (!strcmp(r->json.name, "core:sample_start")) {
		json_read_whole(&r->json, &s->offset);
	} else if (!strcmp(r->json.name, "core:datetime")) {
		if (json_read_text(&r->json, text, sizeof(text)))
			s->start_ns = parse_time(text);
	} else if (!strcmp(r->json.name, "core:header_bytes")) {
		expect_whole(r, 0, "there is more in the file than samples");
	} else {
		json_read_skip(&r->json);
	}
}

static bool add_stretch(struct reader *r, const struct sigmf_stretch *s)
{
	struct sigmf_recording *rec = r->recording;
	const size_t room = r->room ? 2 * r->room : 16;
	struct sigmf_stretch *more;

	if (rec->count == r->room) {
		more = realloc(rec->stretches, room * sizeof(*more));
		if (!more)
			return out_of_memory(r);
		rec->stretches = more;
		r->room = room;
	}
	rec->stretches[rec->count++] = *s;
	return true;
}

static void read_captures(struct reader *r)
{
	struct sigmf_stretch s;

	if (!json_read_array(&r->json))
		return;
	while (json_read_item(&r->json)) {
		s = (struct sigmf_stretch){ .offset = UINT64_MAX };
		if (!json_read_object(&r->json))
			return;
		while (json_read_member(&r->json))
			read_capture_field(r, &s);
		if (!r->json.bad && !add_stretch(r, &s))
			return;
	}
}

static void read_global(struct reader *r)
{
	if (!json_read_object(&r->json))
		return;
	while (json_read_member(&r->json))
		read_global_field(r);
}

static void read_all(struct reader *r)
{
	if (!json_read_object(&r->json))
		return;
	while (!r->unusual && json_read_member(&r->json)) {
		if (!strcmp(r->json.name, "global"))
			read_global(r);
		else if (!strcmp(r->json.name, "captures"))
			read_captures(r);
		else
			json_read_skip(&r->json);
	}
}

/* Offsets are samples until now.  What is before the first has no stretch of its own. */
static int settle_stretches(struct reader *r)
{
	struct sigmf_recording *rec = r->recording;
	const struct sigmf_stretch whole = { 0 };
	uint64_t last = 0;
	size_t i;

	if (!rec->count && !add_stretch(r, &whole))
		return fail(r, r->unusual);
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

static int check(struct reader *r)
{
	struct sigmf_recording *rec = r->recording;
	char why[64];

	if (r->unusual)
		return fail(r, r->unusual);
	if (!json_read_end(&r->json)) {
		snprintf(why, sizeof(why), "it is no SigMF, see byte %zu",
			 (size_t)(r->json.at - r->json.begin));
		return fail(r, why);
	}
	rec->sample_size = sigmf_sample_size(rec->datatype);
	if (!rec->sample_size)
		return fail(r, "it does not say what its samples are (core:datatype)");
	return settle_stretches(r);
}

static int read_text(struct reader *r, const char *text, size_t len)
{
	int err;

	json_read_begin(&r->json, text, len);
	read_all(r);
	err = check(r);
	if (err)
		sigmf_read_free(r->recording);
	return err;
}

static int read_full(int fd, char *text, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, text + done, len - done);
		if (!n)
			return -EIO;
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? n : 0;
	}
	return 0;
}

static int read_file(struct reader *r, int fd)
{
	struct stat st;
	char *text;
	int err;

	if (fstat(fd, &st))
		return fail(r, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > MAX_META)
		return fail(r, "it is no file of metadata");
	text = malloc(st.st_size + 1);
	if (!text)
		return fail(r, "out of memory");
	err = read_full(fd, text, st.st_size);
	err = err ? fail(r, strerror(-err)) : read_text(r, text, st.st_size);
	free(text);
	return err;
}

static bool ends_with(const char *name, const char *ending)
{
	const size_t len = strlen(name), end = strlen(ending);

	return len > end && !strcmp(name + len - end, ending);
}

static int name_files(struct reader *r, const char *name)
{
	size_t stem = sigmf_stem(name);

	if (ends_with(name, SIGMF_META))
		stem = strlen(name) - strlen(SIGMF_META);
	if (stem + sizeof(SIGMF_DATA) > PATH_MAX) {
		message("the name of the recording is too long");
		return -ENAMETOOLONG;
	}
	snprintf(r->meta, PATH_MAX, "%.*s" SIGMF_META, (int)stem, name);
	snprintf(r->recording->data, PATH_MAX, "%.*s" SIGMF_DATA, (int)stem,
		 name);
	return 0;
}

int sigmf_read(const char *name, struct sigmf_recording *recording)
{
	struct reader r = { .recording = recording };
	int fd, err;

	*recording = (struct sigmf_recording){ .count = 0 };
	err = name_files(&r, name);
	if (err)
		return err;
	fd = open(r.meta, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return fail(&r, strerror(errno));
	err = read_file(&r, fd);
	close(fd);
	return err;
}

void sigmf_read_free(struct sigmf_recording *recording)
{
	free(recording->stretches);
	recording->stretches = NULL;
	recording->count = 0;
}
