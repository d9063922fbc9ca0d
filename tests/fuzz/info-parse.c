// SPDX-License-Identifier: GPL-2.0-only
/*
 * What fpgabuf-info reads from the kernel: what was understood can be written
 * down and is understood as the same
 *
 * The first byte says which of the parsers gets the rest.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "info/parse.h"

static char text[1024];

static void write_region(const struct region *r)
{
	int n = snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64 " %s %u %s",
			 r->inode, r->size, r->backend, r->chunks, r->state);

	if (r->locked)
		snprintf(text + n, sizeof(text) - n, " locked\n");
	else
		snprintf(text + n, sizeof(text) - n,
			 " %u %" PRIu64 " %" PRIu64 "\n", r->importers,
			 r->mappings, r->in_use);
}

static void try_region(const char *input)
{
	struct region r, again;

	if (parse_region(input, &r))
		return;
	CHECK(r.described && *r.backend && *r.state && !r.owners);
	CHECK(memchr(r.backend, 0, sizeof(r.backend)));
	CHECK(memchr(r.state, 0, sizeof(r.state)));
	write_region(&r);
	CHECK(!parse_region(text, &again));
	CHECK(again.inode == r.inode && again.size == r.size);
	CHECK(!strcmp(again.backend, r.backend));
	CHECK(!strcmp(again.state, r.state));
	CHECK(again.chunks == r.chunks && again.locked == r.locked);
	CHECK(again.importers == r.importers);
	CHECK(again.mappings == r.mappings && again.in_use == r.in_use);
}

static void check_same(const struct dmabuf_info *a, const struct dmabuf_info *b)
{
	CHECK(a->inode == b->inode && a->size == b->size);
	CHECK(a->refs == b->refs);
}

static void try_bufinfo(const char *input)
{
	struct dmabuf_info i, again;

	if (parse_bufinfo(input, &i))
		return;
	snprintf(text, sizeof(text), "%08" PRIu64 "\t00000002\t00080007\t%08" PRIu64 "\tfpgabuf\t%08" PRIu64 "\t<none>\n",
		 i.size, i.refs, i.inode);
	CHECK(!parse_bufinfo(text, &again));
	check_same(&i, &again);
}

/* A name at the end changes nothing, whatever it is. */
static void try_fdinfo(const char *input)
{
	struct dmabuf_info i, again;

	if (parse_fdinfo(input, &i))
		return;
	snprintf(text, sizeof(text), "pos:\t0\nino:\t%" PRIu64 "\nsize:\t%" PRIu64 "\ncount:\t%" PRIu64 "\nexp_name:\tfpgabuf\nname:\t%.500s",
		 i.inode, i.size, i.refs, input);
	CHECK(!parse_fdinfo(text, &again));
	check_same(&i, &again);
}

static void try_mapping(const char *input)
{
	struct dmabuf_info i, again;

	if (parse_mapping(input, &i))
		return;
	CHECK(i.size && !i.refs);
	snprintf(text, sizeof(text), "0-%" PRIx64 " rw-s 00000000 00:0b %" PRIu64 " /dmabuf:x\n",
		 i.size, i.inode);
	CHECK(!parse_mapping(text, &again));
	check_same(&i, &again);
}

static void try_counter(const char *input)
{
	uint64_t value, again;

	if (parse_counter(input, "gaps", &value))
		return;
	snprintf(text, sizeof(text), "gaps: %" PRIu64 "\n", value);
	CHECK(!parse_counter(text, "gaps", &again) && again == value);
	CHECK(parse_counter(text, "gap", &again) == -ENOENT);
}

static void try_attached(const char *input)
{
	char name[64], again[64];

	if (parse_attached(input, name, sizeof(name)))
		return;
	CHECK(*name && !strchr(name, '\n'));
	snprintf(text, sizeof(text), "\t%s\n", name);
	CHECK(!parse_attached(text, again, sizeof(again)));
	CHECK(!strcmp(name, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (* const parsers[])(const char *) = {
		try_region, try_bufinfo, try_fdinfo, try_mapping, try_counter,
		try_attached,
	};
	char *input;

	if (!size)
		return 0;
	input = input_string(data + 1, size - 1);
	parsers[data[0] % 6](input);
	free(input);
	return 0;
}
