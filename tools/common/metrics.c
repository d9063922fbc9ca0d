// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "common/metrics.h"
#include "common/utf8.h"

static void begin(struct metrics *m, const char *family, const char *type,
		  const char *help)
{
	m->family = family;
	fprintf(m->out, "# HELP fpgabuf_%s_%s %s\n", m->program, family, help);
	fprintf(m->out, "# TYPE fpgabuf_%s_%s %s\n", m->program, family, type);
}

/* What could end the label or the line is escaped, and no byte writes to a terminal. */
static void put_byte(FILE *out, unsigned char c)
{
	if (c == '\n')
		fputs("\\n", out);
	else if (c == '\\' || c == '"')
		fprintf(out, "\\%c", c);
	else if (c < 0x20 || c == 0x7f)
		fputc('?', out);
	else if (c < 0x80)
		fputc(c, out);
	else
		fprintf(out, "%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
}

/* Any bytes: what is no UTF-8 becomes the Latin-1 character of that number. */
static void put_label(struct metrics *m, const char *name, const char *value)
{
	size_t len;

	fprintf(m->out, "%s=\"", name);
	while (*value) {
		len = utf8_length(value);
		if (len)
			fwrite(value, 1, len, m->out);
		else
			put_byte(m->out, *value);
		value += len ? len : 1;
	}
	fputc('"', m->out);
}

static void put_head(struct metrics *m)
{
	fprintf(m->out, "fpgabuf_%s_%s{", m->program, m->family);
	put_label(m, "name", m->name);
}

void metrics_counters(struct metrics *metrics, const char *family,
		      const char *help)
{
	begin(metrics, family, "counter", help);
}

void metrics_sample(struct metrics *metrics, const char *label,
		    const char *which, unsigned int number, uint64_t value)
{
	put_head(metrics);
	fputc(',', metrics->out);
	put_label(metrics, label, which);
	fprintf(metrics->out, ",number=\"%u\"} %" PRIu64 "\n", number, value);
}

void metrics_counter(struct metrics *metrics, const char *family,
		     const char *help, uint64_t value)
{
	begin(metrics, family, "counter", help);
	put_head(metrics);
	fprintf(metrics->out, "} %" PRIu64 "\n", value);
}

void metrics_gauge(struct metrics *metrics, const char *family,
		   const char *help, double value)
{
	begin(metrics, family, "gauge", help);
	put_head(metrics);
	fprintf(metrics->out, "} %.15g\n", value);
}
