// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/message.h"
#include "common/output.h"

/* Two names of files fit into a line. */
#define LINE_SIZE	9000

#define LAST_CHANCE_MS	1000

/* @waiting: what stderr has not taken yet; @lost: lines that were too many */
static struct {
	struct output out;
	bool open;
	char waiting[4 * LINE_SIZE];
	size_t len;
	unsigned int lost;
	char first[LINE_SIZE];
	char last[LINE_SIZE];
} said;

/* There is no place to report an error of stderr. */
static void push(void)
{
	ssize_t n = 0;

	if (!said.open) {
		output_take(&said.out, STDERR_FILENO);
		said.open = true;
	}
	while (said.len) {
		n = output_write(&said.out, said.waiting, said.len);
		if (n < 0)
			break;
		said.len -= n;
		memmove(said.waiting, said.waiting + n, said.len);
	}
	if (n < 0 && n != -EAGAIN)
		said.len = 0;
}

static bool append(const char *text)
{
	size_t len = strlen(text);

	if (len > sizeof(said.waiting) - said.len)
		return false;
	memcpy(said.waiting + said.len, text, len);
	said.len += len;
	return true;
}

static void tell_lost(void)
{
	char text[64];

	snprintf(text, sizeof(text), "(%u lines are missing here)\n", said.lost);
	if (append(text))
		said.lost = 0;
}

static void say(const char *text)
{
	push();
	if (said.lost)
		tell_lost();
	if (said.lost || !append(text))
		said.lost++;
	push();
}

static void say_line(const char *head, const char *text)
{
	char line[LINE_SIZE + 64];

	snprintf(line, sizeof(line), "%s%s\n", head, text);
	say(line);
}

static void say_of_program(const char *text)
{
	char head[64];

	snprintf(head, sizeof(head), "%s: ", program_invocation_short_name);
	say_line(head, text);
}

void message(const char *format, ...)
{
	char text[LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!*said.first)
		strcpy(said.first, text);
	strcpy(said.last, text);
	say_of_program(text);
}

void inform(const char *format, ...)
{
	char text[LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say_of_program(text);
}

void remedy(const char *format, ...)
{
	char text[LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say_line("  -> ", text);
}

void message_show(const char *text)
{
	push();
	if (!said.len)
		append(text);
	push();
}

const char *message_first(void)
{
	return said.first;
}

const char *message_last(void)
{
	return said.last;
}

void message_end(void)
{
	push();
	while (said.len && !output_wait(&said.out, LAST_CHANCE_MS))
		push();
}
