// SPDX-License-Identifier: GPL-2.0-only
/* A recording with metadata, compared with what the simulated FPGA has lost */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gaps.h"
#include "program.h"

/* Most gaps, and segments, of one file */
#define MOST	64

/**
 * struct place - where the samples of a file do not go on
 * @start: the first sample behind it
 * @word: that sample
 * @missing: how many are missing before it
 */
struct place {
	uint64_t start;
	uint64_t word;
	uint64_t missing;
};

struct places {
	struct place list[MOST];
	unsigned int count;
};

/**
 * struct file - one file
 * @first: its first word
 * @breaks: what its samples say
 * @segments: what its metadata say
 * @notes: the same
 */
struct file {
	uint64_t first;
	struct places breaks;
	struct places segments;
	struct places notes;
};

static struct place *add(struct places *places)
{
	REQUIRE(places->count < MOST, true);
	return &places->list[places->count++];
}

void gaps_add(struct gaps *g, uint64_t words)
{
	REQUIRE(g->count < GAPS_MOST, true);
	g->lost[g->count++] = words;
}

static void break_at(struct gaps *g, struct file *f, uint64_t sample,
		     uint64_t word)
{
	*add(&f->breaks) = (struct place){
		.start = sample,
		.word = word,
		.missing = word - g->next,
	};
	g->at_start += !sample;
	REQUIRE(g->found < g->count, true);
	EXPECT(word - g->next, g->lost[g->found++]);
}

static void read_words(struct gaps *g, struct file *f, uint64_t sample,
		       const uint64_t *words, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const uint64_t word = le64toh(words[i]);

		if (word != g->next)
			break_at(g, f, sample + i, word);
		g->next = word + 1;
	}
}

static void read_data(struct gaps *g, struct file *f, const char *path)
{
	static uint64_t words[8192];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t sample = 0;
	ssize_t n;

	REQUIRE(fd < 0 ? -errno : 0, 0);
	while ((n = read(fd, words, sizeof(words))) > 0) {
		if (!sample)
			f->first = le64toh(words[0]);
		read_words(g, f, sample, words, n / 8);
		sample += n / 8;
		g->bytes += n;
		/* Only the last capture may end with a part of a word. */
		EXPECT(is_pattern((char *)words + n / 8 * 8, n % 8, g->next * 8),
		       true);
	}
	EXPECT(n, 0);
	close(fd);
}

static void read_time(struct gaps *g, const char *line)
{
	struct tm utc = { 0 };
	time_t at;

	REQUIRE(!strptime(json_at(line, "core:datetime"),
			  "\"%Y-%m-%dT%H:%M:%S", &utc), false);
	at = timegm(&utc);
	EXPECT(at >= g->last, true);
	g->last = at;
	if (!g->first)
		g->first = at;
}

static void read_segment(struct gaps *g, struct file *f, const char *line)
{
	*add(&f->segments) = (struct place){
		.start = json_count(line, "core:sample_start"),
		.word = json_count(line, "fpgabuf:ticks"),
	};
	read_time(g, line);
}

static void read_note(struct file *f, const char *line)
{
	EXPECT(!strncmp(json_at(line, "core:label"), "\"gap\"", 5), true);
	*add(&f->notes) = (struct place){
		.start = json_count(line, "core:sample_start"),
		.missing = json_count(line, "fpgabuf:missing_samples"),
	};
}

/* Each segment and each annotation is a line. */
static void read_meta(struct gaps *g, struct file *f, const char *path)
{
	FILE *meta = fopen(path, "re");
	char line[512];

	REQUIRE(!meta, false);
	while (fgets(line, sizeof(line), meta)) {
		if (!strstr(line, "core:sample_start"))
			continue;
		if (strstr(line, "core:label"))
			read_note(f, line);
		else
			read_segment(g, f, line);
	}
	fclose(meta);
}

static void compare_segment(const struct file *f, unsigned int i,
			    uint64_t start, uint64_t word)
{
	const struct place *segment = &f->segments.list[i];

	REQUIRE(i < f->segments.count, true);
	EXPECT(segment->start, start);
	EXPECT(segment->word, word);
}

/* A segment begins with the file, and with each gap. */
static void compare(const struct file *f)
{
	unsigned int i, segments = 0;

	compare_segment(f, segments++, 0, f->first);
	REQUIRE(f->notes.count, f->breaks.count);
	for (i = 0; i < f->breaks.count; i++) {
		const struct place *b = &f->breaks.list[i];

		EXPECT(f->notes.list[i].start, b->start);
		EXPECT(f->notes.list[i].missing, b->missing);
		if (b->start)
			compare_segment(f, segments++, b->start, b->word);
	}
	EXPECT(f->segments.count, segments);
}

void gaps_check(struct gaps *g, const char *data, const char *meta)
{
	struct file file = { 0 };

	read_data(g, &file, data);
	read_meta(g, &file, meta);
	compare(&file);
}
