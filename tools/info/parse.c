// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "info/parse.h"

/* The name of our driver in the dma-buf core */
#define EXPORTER	"fpgabuf"

/* Takes a word from *@at: its length, 0 at the end of the line. */
static size_t take_word(const char **at, const char **word)
{
	*word = *at + strspn(*at, " \t\n");
	*at = *word + strcspn(*word, " \t\n");
	return *at - *word;
}

/* Takes a number in this base from *@at. */
static int take_number(const char **at, int base, uint64_t *value)
{
	const char *word;
	size_t len = take_word(at, &word);
	char *end;

	if (!len || !isxdigit((unsigned char)*word))
		return -EINVAL;
	errno = 0;
	*value = strtoull(word, &end, base);
	return errno || end != *at ? -EINVAL : 0;
}

static int take_uint(const char **at, unsigned int *value)
{
	uint64_t number;
	int err = take_number(at, 10, &number);

	if (err || number > UINT_MAX)
		return -EINVAL;
	*value = number;
	return 0;
}

/* Words up to the first that begins with a digit; they are one name. */
static int take_backend(const char **at, char *name, size_t size)
{
	const char *rest = *at, *word;
	size_t len, used = 0;

	for (;;) {
		len = take_word(&rest, &word);
		if (!len)
			return -EINVAL;
		if (isdigit((unsigned char)*word))
			return used ? 0 : -EINVAL;
		used += snprintf(name + used, size - used, "%s%.*s",
				 used ? " " : "", (int)len, word);
		if (used >= size)
			return -EINVAL;
		*at = rest;
	}
}

static int take_name(const char **at, char *name, size_t size)
{
	const char *word;
	size_t len = take_word(at, &word);

	if (!len || len >= size)
		return -EINVAL;
	memcpy(name, word, len);
	name[len] = '\0';
	return 0;
}

/* Importers, mappings and references; or one word if they are not known. */
static int take_usage(const char *at, struct region *r)
{
	const char *rest = at, *word;
	size_t len = take_word(&rest, &word);

	r->locked = len == 6 && !memcmp(word, "locked", 6);
	if (r->locked)
		return take_word(&rest, &word) ? -EINVAL : 0;
	if (take_uint(&at, &r->importers) ||
	    take_number(&at, 10, &r->mappings) ||
	    take_number(&at, 10, &r->in_use))
		return -EINVAL;
	return take_word(&at, &word) ? -EINVAL : 0;
}

int parse_region(const char *line, struct region *region)
{
	struct region r = { .device = NO_DEVICE, .described = true };

	if (take_number(&line, 10, &r.inode) ||
	    take_number(&line, 10, &r.size) ||
	    take_backend(&line, r.backend, sizeof(r.backend)) ||
	    take_uint(&line, &r.chunks) ||
	    take_name(&line, r.state, sizeof(r.state)) ||
	    take_usage(line, &r))
		return -EINVAL;
	*region = r;
	return 0;
}

int parse_counter(const char *line, const char *name, uint64_t *value)
{
	size_t len = strlen(name);

	if (strncmp(line, name, len) || line[len] != ':')
		return -ENOENT;
	line += len + 1;
	return take_number(&line, 10, value);
}

/* size, flags, mode, references, exporter, inode, name */
int parse_bufinfo(const char *line, struct dmabuf_info *info)
{
	char exporter[sizeof(EXPORTER) + 1];
	struct dmabuf_info i;
	uint64_t unused;

	if (take_number(&line, 10, &i.size) ||
	    take_number(&line, 16, &unused) ||
	    take_number(&line, 16, &unused) ||
	    take_number(&line, 10, &i.refs) ||
	    take_name(&line, exporter, sizeof(exporter)) ||
	    strcmp(exporter, EXPORTER))
		return -ENOENT;
	if (take_number(&line, 10, &i.inode))
		return -EINVAL;
	*info = i;
	return 0;
}

bool parse_attached_title(const char *line)
{
	return !strcmp(line, "\tAttached Devices:\n");
}

/* The name may have spaces. */
int parse_attached(const char *line, char *name, size_t size)
{
	const size_t len = strcspn(line, "\n");

	if (*line != '\t')
		return -ENOENT;
	if (len < 2 || len > size)
		return -EINVAL;
	memcpy(name, line + 1, len - 1);
	name[len - 1] = '\0';
	return 0;
}

/*
 * The number after "name:" at the beginning of a line.  The text after the exporter
 * is a name that users choose, and may look like a field.
 */
static int find_number(const char *text, const char *end, const char *name,
		       uint64_t *value)
{
	const char *line = text;

	while (line && line < end) {
		if (parse_counter(line, name, value) != -ENOENT)
			return parse_counter(line, name, value);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return -EINVAL;
}

int parse_fdinfo(const char *text, struct dmabuf_info *info)
{
	const char *exporter = strstr(text, "\nexp_name:\t" EXPORTER "\n");
	const char *other = strstr(text, "\nexp_name:");
	struct dmabuf_info i;

	if (!exporter || exporter != other)
		return -ENOENT;
	/* Missing before Linux 5.14 */
	if (find_number(text, exporter, "ino", &i.inode))
		i.inode = 0;
	if (find_number(text, exporter, "size", &i.size) ||
	    find_number(text, exporter, "count", &i.refs))
		return -EINVAL;
	*info = i;
	return 0;
}

/* start-end permissions offset device inode path */
int parse_mapping(const char *line, struct dmabuf_info *info)
{
	const char *path = strstr(line, " /dmabuf:");
	uint64_t start, end, inode;

	if (!path)
		return -ENOENT;
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*4s %*x %*x:%*x %" SCNu64,
		   &start, &end, &inode) != 3 || end <= start)
		return -EINVAL;
	*info = (struct dmabuf_info){ .inode = inode, .size = end - start };
	return 0;
}
