// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/json-read.h"

/*
 * Memory for each byte of the text.  The metadata of recordings need 14 bytes at most,
 * but two brackets need 200.
 */
#define BYTES_EACH	24

/* A short text has its buffers as well. */
#define BYTES_MORE	((uint64_t)1 << 20)

/* What jansson may still have, which it never gives back; and whether that was too little */
static struct {
	uint64_t left;
	bool refused;
} memory;

static void *take(size_t size)
{
	if (size > memory.left) {
		memory.refused = true;
		return NULL;
	}
	memory.left -= size;
	return malloc(size);
}

/* Some of the text is in it, which may be anything. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

json_t *json_read(const char *text, size_t len, char *why, size_t room)
{
	json_error_t error = { 0 };
	json_t *root;

	memory.left = (uint64_t)len * BYTES_EACH + BYTES_MORE;
	memory.refused = false;
	json_set_alloc_funcs(take, free);
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (root)
		return root;
	if (memory.refused)
		snprintf(why, room, "it needs more than %d times as much memory as it has bytes",
			 BYTES_EACH);
	else if (json_error_code(&error) == json_error_out_of_memory)
		snprintf(why, room, "out of memory");
	else
		snprintf(why, room, "line %d, column %d: %s", error.line,
			 error.column, error.text);
	make_printable(why);
	return NULL;
}
