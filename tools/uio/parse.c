// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text that describes a master: a word, and what belongs to it, in each line.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <linux/fpgabuf_user.h>

#include "uio/master.h"

#define MAX_WORDS	8
#define MAX_WORD	32
#define MAX_WINDOW	(1U << 24)
#define MAX_MS		60000

/* A line: its words, and where in them we are */
struct line {
	char words[MAX_WORDS][MAX_WORD];
	unsigned int count, next;
	struct master *master;
	struct master_error *error;
};

static int __attribute__((format(printf, 2, 3)))
wrong(struct master_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->why, sizeof(error->why), format, args);
	va_end(args);
	return -EINVAL;
}

/* The next word, or NULL after having said that @what is missing. */
static const char *word(struct line *line, const char *what)
{
	if (line->next < line->count)
		return line->words[line->next++];
	wrong(line->error, "%s: %s is missing", line->words[0], what);
	return NULL;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Decimal, or hexadecimal with 0x.  NULL: no number; else what follows it. */
static const char *scan_number(const char *text, uint64_t *number)
{
	int base = 10;
	const char *p = text;
	uint64_t value = 0;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	}
	if (digit(*p) >= base)
		return NULL;
	for (; digit(*p) < base; p++) {
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit(*p), &value))
			return NULL;
	}
	*number = value;
	return p;
}

static int number(struct line *line, const char *what, uint64_t min,
		  uint64_t max, uint64_t *value)
{
	const char *text = word(line, what), *end;

	if (!text)
		return -EINVAL;
	end = scan_number(text, value);
	if (!end || *end)
		return wrong(line->error, "%s: %s is no number, such as 24 or 0x18",
			     line->words[0], text);
	if (*value < min || *value > max)
		return wrong(line->error, "%s: %s is not from %llu to %llu",
			     line->words[0], text, (unsigned long long)min,
			     (unsigned long long)max);
	return 0;
}

static int small(struct line *line, const char *what, uint64_t min,
		 uint64_t max, uint32_t *value)
{
	uint64_t wide = 0;
	int err = number(line, what, min, max, &wide);

	*value = wide;
	return err;
}

/* Whether it lies in the window is known at the end. */
static int reg(struct line *line, uint32_t *offset)
{
	return small(line, "the offset of a register", 0, MAX_WINDOW, offset);
}

static int any(struct line *line, const char *what, uint64_t *value)
{
	return number(line, what, 0, UINT64_MAX, value);
}

static int ms(struct line *line, unsigned int *value)
{
	return small(line, "the number of milliseconds", 1, MAX_MS, value);
}

/* $addr, $len, each with >>N; or a number */
static int value(struct line *line, struct value *value)
{
	const char *text = word(line, "what to write"), *end;
	uint64_t shift = 0;

	if (!text)
		return -EINVAL;
	*value = (struct value){ VALUE_CONSTANT, 0, 0 };
	if (*text != '$') {
		line->next--;
		return any(line, "what to write", &value->constant);
	}
	if (!strncmp(text, "$addr", 5)) {
		value->kind = VALUE_ADDR;
		end = text + 5;
	} else if (!strncmp(text, "$len", 4)) {
		value->kind = VALUE_LENGTH;
		end = text + 4;
	} else {
		return wrong(line->error, "%s: it is $addr or $len", text);
	}
	if (!strncmp(end, ">>", 2))
		end = scan_number(end + 2, &shift);
	if (!end || *end || shift > 63)
		return wrong(line->error, "%s: behind it comes nothing, or >> and 0 to 63",
			     text);
	value->shift = shift;
	return 0;
}

/* REG MASK =|!= VALUE */
static int condition(struct line *line, struct condition *condition)
{
	const char *text;
	int err;

	err = reg(line, &condition->reg) ?:
	      any(line, "a mask", &condition->mask);
	if (err)
		return err;
	text = word(line, "= or !=");
	if (!text)
		return -EINVAL;
	condition->differs = !strcmp(text, "!=");
	if (!condition->differs && strcmp(text, "="))
		return wrong(line->error, "%s: it is = or !=", text);
	err = any(line, "a value", &condition->value);
	if (err)
		return err;
	if (condition->value & ~condition->mask)
		return wrong(line->error, "%s: the value has bits that the mask does not have",
			     line->words[0]);
	condition->given = true;
	return 0;
}

static int once(struct line *line, bool given)
{
	return given ? wrong(line->error, "%s: it is there already",
			     line->words[0]) : 0;
}

static int condition_once(struct line *line, struct condition *c)
{
	return once(line, c->given) ?: condition(line, c);
}

static int step_kind(struct line *line, enum step_kind *kind)
{
	static const char * const names[] = {
		[STEP_WRITE] = "write", [STEP_SET] = "set",
		[STEP_CLEAR] = "clear", [STEP_ECHO] = "echo",
		[STEP_WAIT] = "wait",
	};
	const char *text = word(line, "a step");
	unsigned int i;

	if (!text)
		return -EINVAL;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]))
			continue;
		*kind = i;
		return 0;
	}
	return wrong(line->error, "%s: a step is write, set, clear, echo or wait",
		     text);
}

static int step(struct line *line, struct steps *steps)
{
	struct step *step = &steps->step[steps->count];
	int err;

	if (steps->count == MASTER_STEPS)
		return wrong(line->error, "%s: there are more than %d steps",
			     line->words[0], MASTER_STEPS);
	err = step_kind(line, &step->kind);
	if (!err && step->kind == STEP_WAIT)
		err = condition(line, &step->until) ?: ms(line, &step->ms);
	else if (!err)
		err = reg(line, &step->reg) ?: value(line, &step->value);
	if (!err)
		steps->count++;
	return err;
}

static int bytes_kind(struct line *line, enum bytes_kind *kind)
{
	const char *text = word(line, "whole, count, remaining or end");

	if (!text)
		return -EINVAL;
	if (!strcmp(text, "whole"))
		*kind = BYTES_WHOLE;
	else if (!strcmp(text, "count"))
		*kind = BYTES_COUNT;
	else if (!strcmp(text, "remaining"))
		*kind = BYTES_REMAINING;
	else if (!strcmp(text, "end"))
		*kind = BYTES_END;
	else
		return wrong(line->error, "%s: it is whole, count, remaining or end",
			     text);
	return 0;
}

/* KIND REG MASK [<< N] */
static int bytes(struct line *line)
{
	struct master *m = line->master;
	int err;

	err = once(line, m->bytes_given) ?: bytes_kind(line, &m->bytes);
	m->bytes_given = true;
	if (err || m->bytes == BYTES_WHOLE)
		return err;
	err = reg(line, &m->bytes_reg) ?:
	      any(line, "a mask", &m->bytes_mask);
	if (err || line->next == line->count)
		return err;
	if (strcmp(line->words[line->next++], "<<"))
		return wrong(line->error, "bytes: behind the mask comes nothing, or << and a number");
	return small(line, "a number", 0, 31, &m->bytes_shift);
}

/* never | after MS | a condition */
static int quiet(struct line *line)
{
	struct master *m = line->master;
	const char *text;
	int err = once(line, m->quiet_given);

	if (err)
		return err;
	m->quiet_given = true;
	text = word(line, "never, after, or the offset of a register");
	if (!text)
		return -EINVAL;
	m->quiet = QUIET_NEVER;
	if (!strcmp(text, "never"))
		return 0;
	m->quiet = QUIET_AFTER;
	if (!strcmp(text, "after"))
		return ms(line, &m->quiet_ms);
	m->quiet = QUIET_CONDITION;
	line->next--;
	return condition(line, &m->quiet_when);
}

static int width(struct line *line)
{
	uint32_t bits;
	int err = small(line, "the number of bits", 8, 64, &bits);

	if (err)
		return err;
	if (bits & (bits - 1))
		return wrong(line->error, "width: it is 8, 16, 32 or 64");
	line->master->width = bits / 8;
	return 0;
}

static int order(struct line *line)
{
	const char *text = word(line, "little or big");

	if (!text)
		return -EINVAL;
	line->master->big_endian = !strcmp(text, "big");
	if (!line->master->big_endian && strcmp(text, "little"))
		return wrong(line->error, "order: it is little or big");
	return 0;
}

static int alignment(struct line *line)
{
	uint32_t *value = &line->master->alignment;
	int err = small(line, "a number of bytes", 1, 4096, value);

	if (!err && *value & (*value - 1))
		return wrong(line->error, "alignment: it is a power of two");
	return err;
}

static int statement(struct line *line)
{
	struct master *m = line->master;
	const char *name = word(line, "a word");

	if (!strcmp(name, "registers"))
		return small(line, "the number of bytes", 1, MAX_WINDOW,
			     &m->window);
	if (!strcmp(name, "width"))
		return width(line);
	if (!strcmp(name, "order"))
		return order(line);
	if (!strcmp(name, "depth"))
		return small(line, "the number of pieces", 1,
			     FPGABUF_USER_MAX_DEPTH, &m->depth);
	if (!strcmp(name, "alignment"))
		return alignment(line);
	if (!strcmp(name, "longest"))
		return small(line, "the number of bytes", 1, UINT32_MAX,
			     &m->longest);
	if (!strcmp(name, "address-bits"))
		return small(line, "the number of bits", 12, 64,
			     &m->address_bits);
	if (!strcmp(name, "identify"))
		return condition_once(line, &m->identify);
	if (!strcmp(name, "init"))
		return step(line, &m->init);
	if (!strcmp(name, "start"))
		return step(line, &m->start);
	if (!strcmp(name, "accept"))
		return condition_once(line, &m->accept);
	if (!strcmp(name, "done"))
		return condition_once(line, &m->done);
	if (!strcmp(name, "error"))
		return condition_once(line, &m->error);
	if (!strcmp(name, "fault"))
		return condition_once(line, &m->fault);
	if (!strcmp(name, "bytes"))
		return bytes(line);
	if (!strcmp(name, "ack"))
		return step(line, &m->ack);
	if (!strcmp(name, "stop"))
		return step(line, &m->stop);
	if (!strcmp(name, "quiet"))
		return quiet(line);
	return wrong(line->error, "%s: there is no such word", name);
}

/* What is behind # is for people. */
static int split(const char *text, size_t length, struct line *line)
{
	size_t i, size = 0;

	for (i = 0; i <= length; i++) {
		bool end = i == length || text[i] == '#';

		if (!end && !isspace((unsigned char)text[i])) {
			if (line->count == MAX_WORDS)
				return wrong(line->error, "there are too many words");
			if (size == MAX_WORD - 1 || !isgraph((unsigned char)text[i]))
				return wrong(line->error, "a word is too long, or no text");
			line->words[line->count][size++] = text[i];
			continue;
		}
		if (size)
			line->words[line->count++][size] = 0;
		size = 0;
		if (end)
			break;
	}
	return 0;
}

static int parse_line(const char *text, size_t length, struct master *master,
		      struct master_error *error)
{
	struct line line = { .master = master, .error = error };
	int err = split(text, length, &line);

	if (err || !line.count)
		return err;
	err = statement(&line);
	if (!err && line.next < line.count)
		return wrong(error, "%s: behind it is more than belongs there: %s",
			     line.words[0], line.words[line.next]);
	return err;
}

static bool in_window(const struct master *m, uint32_t reg)
{
	return reg % m->width == 0 && reg < m->window &&
	       m->window - reg >= m->width;
}

static bool condition_fits(const struct master *m, const struct condition *c)
{
	return !c->given || in_window(m, c->reg);
}

static bool steps_fit(const struct master *m, const struct steps *steps)
{
	unsigned int i;

	for (i = 0; i < steps->count; i++) {
		const struct step *step = &steps->step[i];

		if (!in_window(m, step->kind == STEP_WAIT ? step->until.reg :
							    step->reg))
			return false;
	}
	return true;
}

static bool registers_fit(const struct master *m)
{
	return condition_fits(m, &m->identify) && steps_fit(m, &m->init) &&
	       steps_fit(m, &m->start) && condition_fits(m, &m->accept) &&
	       condition_fits(m, &m->done) && condition_fits(m, &m->error) &&
	       condition_fits(m, &m->fault) && steps_fit(m, &m->ack) &&
	       steps_fit(m, &m->stop) && condition_fits(m, &m->quiet_when) &&
	       (m->bytes == BYTES_WHOLE || in_window(m, m->bytes_reg));
}

/* Outside of a piece there is neither an address nor a length. */
static bool speaks_of_piece(const struct steps *steps)
{
	unsigned int i;

	for (i = 0; i < steps->count; i++)
		if (steps->step[i].value.kind != VALUE_CONSTANT)
			return true;
	return false;
}

static int check(const struct master *m, struct master_error *error)
{
	error->line = 0;
	if (!m->window)
		return wrong(error, "registers is missing: how many bytes of registers there are");
	if (!m->start.count)
		return wrong(error, "start is missing: how a capture begins");
	if (!m->done.given)
		return wrong(error, "done is missing: how one sees that a capture has ended");
	if (!m->bytes_given)
		return wrong(error, "bytes is missing: how many a capture has; \"bytes whole\" if it always has all");
	if (!m->quiet_given)
		return wrong(error, "quiet is missing: how one knows that it writes no more; \"quiet never\" if one does not");
	if (!registers_fit(m))
		return wrong(error, "a register is not in the window of %u bytes, or not at a multiple of %u",
			     m->window, m->width);
	if (speaks_of_piece(&m->init) || speaks_of_piece(&m->stop) ||
	    speaks_of_piece(&m->ack))
		return wrong(error, "$addr and $len are for start alone");
	if (m->depth > 1 && !m->accept.given)
		return wrong(error, "accept is missing: how one sees that it takes another capture; depth is %u",
			     m->depth);
	if (m->longest < m->alignment)
		return wrong(error, "longest is less than alignment");
	return 0;
}

int master_parse(const char *text, size_t length, struct master *master,
		 struct master_error *error)
{
	struct master m = {
		.width = 4,
		.depth = 1,
		.alignment = 1,
		.longest = UINT32_MAX,
		.address_bits = 64,
	};
	const char *end = text + length, *next;
	int err;

	for (error->line = 1; text < end; text = next + 1, error->line++) {
		next = memchr(text, '\n', end - text) ?: end;
		err = parse_line(text, next - text, &m, error);
		if (err)
			return err;
	}
	err = check(&m, error);
	if (!err)
		*master = m;
	return err;
}
