// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor/findings.h"

static struct finding *next(struct findings *f)
{
	size_t room = f->room ? 2 * f->room : 16;
	struct finding *list;

	if (f->count == f->room) {
		list = realloc(f->list, room * sizeof(*list));
		if (!list)
			return NULL;
		f->list = list;
		f->room = room;
	}
	return &f->list[f->count++];
}

void found(struct findings *f, enum verdict verdict, const char *check,
	   const char *subject, const char *format, ...)
{
	struct finding *finding = next(f);
	va_list args;

	if (!finding) {
		f->failed = true;
		return;
	}
	*finding = (struct finding){ .verdict = verdict, .check = check };
	snprintf(finding->subject, sizeof(finding->subject), "%s", subject);
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

void found_remedy(struct findings *f, const char *format, ...)
{
	struct finding *last;
	va_list args;

	if (f->failed)
		return;
	last = &f->list[f->count - 1];
	va_start(args, format);
	vsnprintf(last->remedy, sizeof(last->remedy), format, args);
	va_end(args);
}

size_t findings_count(const struct findings *f, enum verdict verdict)
{
	size_t i, n = 0;

	for (i = 0; i < f->count; i++)
		n += f->list[i].verdict == verdict;
	return n;
}

void findings_free(struct findings *f)
{
	free(f->list);
	*f = (struct findings){ 0 };
}
