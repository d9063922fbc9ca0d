// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/json-read.h"

/* The longest number */
#define MAX_NUMBER	64

static bool fail(struct json_read *j)
{
	j->bad = true;
	return false;
}

/* The next character that is no blank; 0 at the end */
static char peek(struct json_read *j)
{
	while (j->at < j->end && *j->at && strchr(" \t\r\n", *j->at))
		j->at++;
	return j->bad || j->at == j->end ? '\0' : *j->at;
}

static bool take(struct json_read *j, char c)
{
	if (peek(j) != c)
		return fail(j);
	j->at++;
	return true;
}

void json_read_begin(struct json_read *json, const char *text, size_t len)
{
	*json = (struct json_read){
		.begin = text,
		.at = text,
		.end = text + len,
	};
}

bool json_read_end(struct json_read *json)
{
	peek(json);
	return !json->bad && json->at == json->end;
}

static bool open_level(struct json_read *j, char bracket)
{
	if (!take(j, bracket))
		return false;
	if (j->depth == JSON_READ_DEPTH)
		return fail(j);
	j->some[++j->depth] = false;
	return true;
}

/* Is there one more?  If not, the level is closed. */
static bool goes_on(struct json_read *j, char bracket)
{
	if (peek(j) == bracket) {
		j->at++;
		j->depth--;
		return false;
	}
	if (j->some[j->depth] && !take(j, ','))
		return false;
	j->some[j->depth] = true;
	return !j->bad;
}

bool json_read_object(struct json_read *json)
{
	return open_level(json, '{');
}

bool json_read_array(struct json_read *json)
{
	return open_level(json, '[');
}

bool json_read_item(struct json_read *json)
{
	return goes_on(json, ']');
}

/**
 * struct sink - where a text goes
 * @text: room for it, or NULL
 * @room: how much
 * @len: how long it is, whether there is room or not
 */
struct sink {
	char *text;
	size_t room;
	size_t len;
};

static void put(struct sink *s, unsigned int byte)
{
	if (s->len + 1 < s->room)
		s->text[s->len] = byte;
	s->len++;
}

static void put_utf8(struct sink *s, unsigned int c)
{
	if (c < 0x80) {
		put(s, c);
		return;
	}
	if (c < 0x800) {
		put(s, 0xc0 | c >> 6);
	} else if (c < 0x10000) {
		put(s, 0xe0 | c >> 12);
		put(s, 0x80 | (c >> 6 & 0x3f));
	} else {
		put(s, 0xf0 | c >> 18);
		put(s, 0x80 | (c >> 12 & 0x3f));
		put(s, 0x80 | (c >> 6 & 0x3f));
	}
	put(s, 0x80 | (c & 0x3f));
}

static bool read_hex(struct json_read *j, unsigned int *value)
{
	unsigned int i;

	*value = 0;
	for (i = 0; i < 4; i++) {
		const char c = j->at < j->end ? *j->at : '\0';

		if (!isxdigit((unsigned char)c))
			return fail(j);
		*value = *value << 4 |
			 (isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10);
		j->at++;
	}
	return true;
}

/* What is beyond 16 bits comes as two of them.  No text has the character 0. */
static bool read_unicode(struct json_read *j, struct sink *s)
{
	unsigned int c, low;

	if (!read_hex(j, &c))
		return false;
	if (c >= 0xd800 && c < 0xdc00) {
		if (j->end - j->at < 2 || j->at[0] != '\\' || j->at[1] != 'u')
			return fail(j);
		j->at += 2;
		if (!read_hex(j, &low))
			return false;
		if (low < 0xdc00 || low >= 0xe000)
			return fail(j);
		c = 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00));
	} else if (!c || (c >= 0xdc00 && c < 0xe000)) {
		return fail(j);
	}
	put_utf8(s, c);
	return true;
}

static bool read_escape(struct json_read *j, struct sink *s)
{
	static const char names[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	const char *at;
	char c;

	if (j->at == j->end)
		return fail(j);
	c = *j->at++;
	if (c == 'u')
		return read_unicode(j, s);
	at = c ? strchr(names, c) : NULL;
	if (!at)
		return fail(j);
	put(s, meant[at - names]);
	return true;
}

static bool read_string(struct json_read *j, struct sink *s)
{
	if (!take(j, '"'))
		return false;
	while (j->at < j->end && *j->at != '"') {
		const unsigned char c = *j->at++;

		if (c < 0x20)
			return fail(j);
		if (c != '\\')
			put(s, c);
		else if (!read_escape(j, s))
			return false;
	}
	if (j->at == j->end)
		return fail(j);
	j->at++;
	if (s->room)
		s->text[s->len < s->room ? s->len : s->room - 1] = '\0';
	return true;
}

bool json_read_member(struct json_read *json)
{
	struct sink name = { json->name, sizeof(json->name), 0 };

	return goes_on(json, '}') && read_string(json, &name) &&
	       take(json, ':');
}

bool json_read_text(struct json_read *json, char *text, size_t room)
{
	struct sink s = { text, room, 0 };

	if (!read_string(json, &s))
		return false;
	return s.len < room ? true : fail(json);
}

/* strtod() takes more than JSON does: other bases, signs and words. */
static bool is_number(const char *text)
{
	const char *at = text + (*text == '-');

	if (!isdigit((unsigned char)*at) ||
	    (*at == '0' && isdigit((unsigned char)at[1])))
		return false;
	at += strspn(at, "0123456789");
	if (*at == '.') {
		if (!isdigit((unsigned char)*++at))
			return false;
		at += strspn(at, "0123456789");
	}
	if (*at == 'e' || *at == 'E') {
		at++;
		at += *at == '-' || *at == '+';
		if (!isdigit((unsigned char)*at))
			return false;
		at += strspn(at, "0123456789");
	}
	return !*at;
}

/* The number as a text, of MAX_NUMBER bytes */
static bool copy_number(struct json_read *j, char *text)
{
	size_t len = 0;

	peek(j);
	while (j->at + len < j->end && len < MAX_NUMBER - 1 && j->at[len] &&
	       strchr("+-.0123456789Ee", j->at[len]))
		len++;
	memcpy(text, j->at, len);
	text[len] = '\0';
	if (j->bad || !is_number(text))
		return fail(j);
	j->at += len;
	return true;
}

bool json_read_number(struct json_read *json, double *value)
{
	char text[MAX_NUMBER];

	if (!copy_number(json, text))
		return false;
	*value = strtod(text, NULL);
	return isfinite(*value) ? true : fail(json);
}

/* A whole number may be written with a point or an exponent, as 2.5e6. */
bool json_read_whole(struct json_read *json, uint64_t *value)
{
	char text[MAX_NUMBER];
	double number;

	if (!copy_number(json, text))
		return false;
	if (text[strspn(text, "0123456789")] == '\0') {
		errno = 0;
		*value = strtoull(text, NULL, 10);
		return errno ? fail(json) : true;
	}
	number = strtod(text, NULL);
	if (!(number >= 0 && number < 0x1p53))
		return fail(json);
	*value = number;
	return *value == number ? true : fail(json);
}

static bool take_word(struct json_read *j, const char *word)
{
	const size_t len = strlen(word);

	if ((size_t)(j->end - j->at) < len || memcmp(j->at, word, len))
		return fail(j);
	j->at += len;
	return true;
}

bool json_read_bool(struct json_read *json, bool *value)
{
	*value = peek(json) == 't';
	return take_word(json, *value ? "true" : "false");
}

static bool skip_object(struct json_read *j)
{
	if (!json_read_object(j))
		return false;
	while (json_read_member(j))
		json_read_skip(j);
	return !j->bad;
}

static bool skip_array(struct json_read *j)
{
	if (!json_read_array(j))
		return false;
	while (json_read_item(j))
		json_read_skip(j);
	return !j->bad;
}

/* It calls itself JSON_READ_DEPTH times at most. */
bool json_read_skip(struct json_read *json)
{
	struct sink nowhere = { 0 };
	double number;
	bool value;

	switch (peek(json)) {
	case '{':
		return skip_object(json);
	case '[':
		return skip_array(json);
	case '"':
		return read_string(json, &nowhere);
	case 't':
	case 'f':
		return json_read_bool(json, &value);
	case 'n':
		return take_word(json, "null");
	default:
		return json_read_number(json, &number);
	}
}
