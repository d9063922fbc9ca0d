/* SPDX-License-Identifier: GPL-2.0-only */
/* What the checks have found. */
#ifndef FPGABUF_DOCTOR_FINDINGS_H
#define FPGABUF_DOCTOR_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * enum verdict - how a check ended
 * @VERDICT_OK: all is well
 * @VERDICT_WRONG: it is not, and the finding says what to do
 * @VERDICT_UNKNOWN: it could not look, and says what for
 */
enum verdict { VERDICT_OK, VERDICT_WRONG, VERDICT_UNKNOWN };
#define VERDICTS	3

/**
 * struct finding - what a check has found
 * @verdict: how it ended
 * @check: its name
 * @subject: the device that it is about, or ""
 * @text: what is so
 * @remedy: what to do, or ""
 */
struct finding {
	enum verdict verdict;
	const char *check;
	char subject[64];
	char text[320];
	char remedy[320];
};

/**
 * struct findings - all of them, in order
 * @list: the findings
 * @count: how many
 * @room: for how many there is room
 * @failed: there was no memory for one
 */
struct findings {
	struct finding *list;
	size_t count;
	size_t room;
	bool failed;
};

/* Adds one; @check is a constant. */
void found(struct findings *findings, enum verdict verdict, const char *check,
	   const char *subject, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* What to do about the last one. */
void found_remedy(struct findings *findings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

size_t findings_count(const struct findings *findings, enum verdict verdict);

void findings_free(struct findings *findings);

#endif /* FPGABUF_DOCTOR_FINDINGS_H */
