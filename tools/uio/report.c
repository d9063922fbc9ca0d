// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "uio/report.h"
#include "common/json.h"

static void summary_json(FILE *out, const struct uio_summary *s)
{
	const struct drive_counts *c = &s->drive->counts;
	struct json j;

	json_begin(&j, out);
	json_number(&j, "pieces", c->pieces);
	json_number(&j, "bytes", c->bytes);
	json_number(&j, "errors", c->errors);
	json_number(&j, "refused", c->refused);
	json_number(&j, "withdrawn", c->withdrawn);
	json_number(&j, "stops", c->stops);
	json_number(&j, "faults", c->faults);
	json_number(&j, "interrupts", s->interrupts);
	json_number(&j, "looks", s->looks);
	json_bool(&j, "quiet", drive_quiet(s->drive));
	json_end(&j);
}

static void summary_text(FILE *out, const struct uio_summary *s)
{
	const struct drive_counts *c = &s->drive->counts;

	fprintf(out, "%" PRIu64 " pieces, %" PRIu64 " bytes; %" PRIu64
		" failed, %" PRIu64 " refused, %" PRIu64 " withdrawn\n",
		c->pieces, c->bytes, c->errors, c->refused, c->withdrawn);
	fprintf(out, "%" PRIu64 " stops, %" PRIu64 " of them because the master had stopped by itself\n",
		c->stops, c->faults);
	fprintf(out, "%" PRIu64 " interrupts, %" PRIu64 " looks at the registers\n",
		s->interrupts, s->looks);
	fprintf(out, "The master %s\n", drive_quiet(s->drive) ?
		"is quiet" : "MAY STILL WRITE");
}

void report_summary(FILE *out, const struct uio_summary *summary, bool json)
{
	if (json)
		summary_json(out, summary);
	else
		summary_text(out, summary);
}

static const char *quiet_of(const struct master *m)
{
	if (m->quiet == QUIET_NEVER)
		return "never";
	return m->quiet == QUIET_AFTER ? "after a time" : "register";
}

static void master_json(FILE *out, const struct master *m)
{
	struct json j;

	json_begin(&j, out);
	json_bool(&j, "ok", true);
	json_number(&j, "registers", m->window);
	json_number(&j, "width", 8 * m->width);
	json_number(&j, "depth", m->depth);
	json_number(&j, "alignment", m->alignment);
	json_number(&j, "longest", m->longest);
	json_number(&j, "address_bits", m->address_bits);
	json_quoted(&j, "quiet", quiet_of(m));
	json_end(&j);
}

void report_master(FILE *out, const char *name, const struct master *m,
		   bool json)
{
	if (json) {
		master_json(out, m);
		return;
	}
	fprintf(out, "%s is right: %u bytes of registers, %u captures at a time\n",
		name, m->window, m->depth);
	fprintf(out, "modprobe fpgabuf-user alignment=%u address_bits=%u\n",
		m->alignment, m->address_bits);
	if (m->quiet == QUIET_NEVER)
		fprintf(out, "After a stop its memory stays kept until you reset the FPGA\n");
}
