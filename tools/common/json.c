// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "common/json.h"

void json_begin(struct json *json, FILE *out)
{
	json->out = out;
	json->fields = 0;
	fputc('{', out);
}

static void name_field(struct json *json, const char *name)
{
	fprintf(json->out, "%s\"%s\": ", json->fields++ ? ", " : "", name);
}

/*
 * Bytes above ASCII are written as the Latin-1 character of that number, since
 * nothing says that a file name is valid UTF-8, and JSON must be.
 */
static void put_byte(FILE *out, unsigned char c)
{
	if (c == '"' || c == '\\')
		fprintf(out, "\\%c", c);
	else if (c < 0x20 || c >= 0x7f)
		fprintf(out, "\\u%04x", c);
	else
		fputc(c, out);
}

void json_string(struct json *json, const char *name, const char *value)
{
	name_field(json, name);
	fputc('"', json->out);
	for (; *value; value++)
		put_byte(json->out, *value);
	fputc('"', json->out);
}

void json_number(struct json *json, const char *name, uint64_t value)
{
	name_field(json, name);
	fprintf(json->out, "%" PRIu64, value);
}

void json_decimal(struct json *json, const char *name, double value)
{
	name_field(json, name);
	fprintf(json->out, "%.6f", value);
}

void json_bool(struct json *json, const char *name, bool value)
{
	name_field(json, name);
	fputs(value ? "true" : "false", json->out);
}

void json_array_begin(struct json *json, const char *name)
{
	name_field(json, name);
	fputc('[', json->out);
	json->outer_fields = json->fields;
	json->items = 0;
}

void json_item_begin(struct json *json)
{
	fputs(json->items++ ? ", {" : "{", json->out);
	json->fields = 0;
}

void json_item_end(struct json *json)
{
	fputc('}', json->out);
}

void json_array_end(struct json *json)
{
	fputc(']', json->out);
	json->fields = json->outer_fields;
}

void json_end(struct json *json)
{
	fputs("}\n", json->out);
}
