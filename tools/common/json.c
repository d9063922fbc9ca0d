// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "common/json.h"
#include "common/utf8.h"

static bool printed;

bool json_printed(void)
{
	return printed;
}

void json_begin(struct json *json, FILE *out)
{
	*json = (struct json){ .out = out };
	fputc('{', out);
}

static void separate(struct json *json)
{
	if (json->count[json->depth]++)
		fputs(", ", json->out);
}

static void name_field(struct json *json, const char *name)
{
	separate(json);
	fprintf(json->out, "\"%s\": ", name);
}

static void put_byte(FILE *out, unsigned char c)
{
	if (c == '"' || c == '\\')
		fprintf(out, "\\%c", c);
	else if (c < 0x20 || c >= 0x7f)
		fprintf(out, "\\u%04x", c);
	else
		fputc(c, out);
}

void json_text(FILE *out, const char *text)
{
	size_t len;

	while (*text) {
		len = utf8_length(text);
		if (len)
			fwrite(text, 1, len, out);
		else
			put_byte(out, *text);
		text += len ? len : 1;
	}
}

void json_quoted(struct json *json, const char *name, const char *value)
{
	name_field(json, name);
	fputc('"', json->out);
	json_text(json->out, value);
	fputc('"', json->out);
}

void json_number(struct json *json, const char *name, uint64_t value)
{
	name_field(json, name);
	fprintf(json->out, "%" PRIu64, value);
}

void json_signed(struct json *json, const char *name, int64_t value)
{
	name_field(json, name);
	fprintf(json->out, "%" PRId64, value);
}

void json_decimal(struct json *json, const char *name, double value)
{
	name_field(json, name);
	fprintf(json->out, "%.6f", value);
}

void json_float(struct json *json, const char *name, double value)
{
	name_field(json, name);
	fprintf(json->out, "%.12g", value);
}

void json_bool(struct json *json, const char *name, bool value)
{
	name_field(json, name);
	fputs(value ? "true" : "false", json->out);
}

static void open_level(struct json *json, char bracket)
{
	fputc(bracket, json->out);
	json->count[++json->depth] = 0;
}

static void close_level(struct json *json, char bracket)
{
	fputc(bracket, json->out);
	json->depth--;
}

void json_array_begin(struct json *json, const char *name)
{
	name_field(json, name);
	open_level(json, '[');
}

void json_item_begin(struct json *json)
{
	separate(json);
	open_level(json, '{');
}

void json_item_end(struct json *json)
{
	close_level(json, '}');
}

void json_array_end(struct json *json)
{
	close_level(json, ']');
}

void json_end(struct json *json)
{
	fputs("}\n", json->out);
	printed = true;
}
