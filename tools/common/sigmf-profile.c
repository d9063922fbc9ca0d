// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/message.h"
#include "common/sigmf-profile.h"
#include "common/size.h"

#define MAX_PROFILE	65536

static const char * const keys[] = {
	[SIGMF_AUTHOR] = "author",
	[SIGMF_DESCRIPTION] = "description",
	[SIGMF_HW] = "hw",
	[SIGMF_LICENSE] = "license",
	/* These are no texts. */
	"datatype", "frequency", "hw_time", "sample_rate",
};

#define KEYS		(sizeof(keys) / sizeof(keys[0]))
#define KEY_DATATYPE	(SIGMF_TEXTS + 0)
#define KEY_FREQUENCY	(SIGMF_TEXTS + 1)
#define KEY_HW_TIME	(SIGMF_TEXTS + 2)
#define KEY_SAMPLE_RATE	(SIGMF_TEXTS + 3)

/**
 * struct profile - a profile that is being read
 * @path: its name
 * @line: the number of the line
 * @seen: the keys that have come
 * @setup: what is not known yet is filled in there
 */
struct profile {
	const char *path;
	unsigned int line;
	bool seen[KEYS];
	struct sigmf_setup *setup;
};

static int fail(const struct profile *p, const char *what, const char *text)
{
	message("%s:%u: %s%s%s", p->path, p->line, what, *text ? ": " : "",
		text);
	return -1;
}

static int fail_value(const struct profile *p, const char *value)
{
	fail(p, "not a valid value", value);
	remedy("it takes %s", parse_wanted());
	return -1;
}

static int set_datatype(const struct profile *p, const char *value)
{
	const char *type;

	if (sigmf_parse_type(value, &type))
		return fail_value(p, value);
	if (!p->setup->datatype)
		p->setup->datatype = type;
	return 0;
}

static int set_rate(const struct profile *p, const char *value)
{
	uint64_t rate;

	if (parse_number(value, 1, SIGMF_MAX_RATE, &rate))
		return fail_value(p, value);
	if (!p->setup->sample_rate)
		p->setup->sample_rate = rate;
	return 0;
}

static int set_frequency(const struct profile *p, const char *value)
{
	const double most = SIGMF_MAX_FREQUENCY;
	double hertz;
	char *end;

	parse_wants("a frequency in Hz, such as 433.92e6");
	hertz = strtod(value, &end);
	if (end == value || *end || !(hertz >= -most && hertz <= most))
		return fail_value(p, value);
	p->setup->frequency = hertz;
	p->setup->has_frequency = true;
	return 0;
}

static int set_counter(const struct profile *p, const char *value)
{
	struct hw_time counter;

	if (hw_time_parse(value, &counter))
		return fail_value(p, value);
	if (!hw_time_is_there(&p->setup->counter))
		p->setup->counter = counter;
	return 0;
}

static int set(const struct profile *p, unsigned int key, const char *value)
{
	switch (key) {
	case KEY_DATATYPE:
		return set_datatype(p, value);
	case KEY_FREQUENCY:
		return set_frequency(p, value);
	case KEY_HW_TIME:
		return set_counter(p, value);
	case KEY_SAMPLE_RATE:
		return set_rate(p, value);
	default:
		p->setup->texts[key] = value;
		return 0;
	}
}

/* An option has a hyphen where SigMF has an underscore: both will do. */
static bool is_key(const char *text, const char *key)
{
	while (*text && (*text == *key || (*text == '-' && *key == '_'))) {
		text++;
		key++;
	}
	return !*text && !*key;
}

static int set_key(struct profile *p, const char *text, const char *value)
{
	unsigned int key = 0;

	while (key < KEYS && !is_key(text, keys[key]))
		key++;
	if (key == KEYS) {
		fail(p, "no such key", text);
		remedy("the keys are author, datatype, description, frequency, hw, hw_time, license and sample_rate");
		return -1;
	}
	if (p->seen[key])
		return fail(p, "it is there twice", text);
	p->seen[key] = true;
	if (!*value)
		return fail(p, "no value given", text);
	return set(p, key, value);
}

/* Without the blanks around it; changes the text. */
static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

static int read_line(struct profile *p, char *line)
{
	char *value;

	line = trim(line);
	if (!*line || *line == '#')
		return 0;
	value = strchr(line, '=');
	if (!value)
		return fail(p, "not of the form key = value", line);
	*value++ = '\0';
	return set_key(p, trim(line), trim(value));
}

static int read_lines(struct profile *p, char *text)
{
	char *line;
	int err = 0;

	while (!err && (line = strsep(&text, "\n"))) {
		p->line++;
		err = read_line(p, line);
	}
	return err;
}

/* Bytes of it, or a negative errno */
static ssize_t read_text(const char *path, char *text, size_t room)
{
	size_t len = 0;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		n = read(fd, text + len, room - len);
		if (n < 0)
			n = errno == EINTR ? 1 : -errno;
		else
			len += n;
	} while (n > 0 && len < room);
	close(fd);
	return n < 0 ? n : (ssize_t)len;
}

int sigmf_profile_read(const char *path, struct sigmf_setup *setup)
{
	static char text[MAX_PROFILE];
	struct profile p = { .path = path, .setup = setup };
	const ssize_t len = read_text(path, text, sizeof(text));

	if (len < 0) {
		message("cannot read %s: %s", path, strerror(-len));
		return -1;
	}
	if ((size_t)len == sizeof(text) || memchr(text, '\0', len)) {
		message("%s is no profile", path);
		remedy("it is a text of lines such as datatype = ci16_le");
		return -1;
	}
	text[len] = '\0';
	return read_lines(&p, text);
}
