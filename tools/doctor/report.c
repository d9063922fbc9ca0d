// SPDX-License-Identifier: GPL-2.0-only
#include "common/json.h"
#include "doctor/report.h"

static const char * const for_people[VERDICTS] = {
	[VERDICT_OK] = "ok",
	[VERDICT_WRONG] = "WRONG",
	[VERDICT_UNKNOWN] = "not known",
};

static const char * const for_machines[VERDICTS] = {
	[VERDICT_OK] = "ok",
	[VERDICT_WRONG] = "wrong",
	[VERDICT_UNKNOWN] = "unknown",
};

static void print(FILE *out, const struct finding *finding)
{
	fprintf(out, "%-9s  %-8s  %s%s%s\n", for_people[finding->verdict],
		finding->check, finding->subject,
		*finding->subject ? ": " : "", finding->text);
	if (*finding->remedy)
		fprintf(out, "%-9s  -> %s\n", "", finding->remedy);
}

void findings_text(FILE *out, const struct findings *f)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		print(out, &f->list[i]);
	fprintf(out, "\n%zu wrong, %zu not known, %zu ok\n",
		findings_count(f, VERDICT_WRONG),
		findings_count(f, VERDICT_UNKNOWN),
		findings_count(f, VERDICT_OK));
}

static void json_finding(struct json *j, const struct finding *finding)
{
	json_item_begin(j);
	json_quoted(j, "check", finding->check);
	json_quoted(j, "subject", finding->subject);
	json_quoted(j, "verdict", for_machines[finding->verdict]);
	json_quoted(j, "text", finding->text);
	json_quoted(j, "remedy", finding->remedy);
	json_item_end(j);
}

void findings_json(FILE *out, const struct findings *f)
{
	struct json j;
	size_t i;

	json_begin(&j, out);
	json_bool(&j, "ok", !findings_count(f, VERDICT_WRONG));
	json_number(&j, "wrong", findings_count(f, VERDICT_WRONG));
	json_number(&j, "unknown", findings_count(f, VERDICT_UNKNOWN));
	json_array_begin(&j, "checks");
	for (i = 0; i < f->count; i++)
		json_finding(&j, &f->list[i]);
	json_array_end(&j);
	json_end(&j);
}
