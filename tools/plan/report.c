// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "plan/report.h"
#include "common/controller.h"
#include "common/json.h"

#define US_PER_MS	1e3
#define MEGA		1e6

static void print_limit(FILE *out, const struct limit *limit)
{
	char have[32] = "no limit";

	if (limit->have != NO_LIMIT)
		snprintf(have, sizeof(have), "%" PRIu64, limit->have);
	fprintf(out, "  %-4s  %s: %" PRIu64 " needed, %s\n",
		limit_ok(limit) ? "ok" : "LOW", limit->name, limit->need, have);
	if (!limit_ok(limit))
		fprintf(out, "        -> %s\n", limit->remedy);
}

void report_text(FILE *out, const struct stream *s, const struct plan *p,
		 const struct limits *limits,
		 const struct fpgabuf_info *device)
{
	unsigned int i;

	fprintf(out, "%.1f MB/s (%.1f Mbit/s) in regions of %" PRIu64
		" bytes: one each %.3f ms\n", s->rate / MEGA,
		8 * s->rate / MEGA, s->region_size, p->capture_us / US_PER_MS);
	fprintf(out, "A region is held for %.3f ms: %.3f ms to send it, %.3f ms for the round trip, %.3f ms until it is completed\n\n",
		p->held_us / US_PER_MS, p->sending_us / US_PER_MS,
		s->rtt_us / US_PER_MS, s->delay_us / US_PER_MS);
	fprintf(out, "regions     %" PRIu64 ": %" PRIu64
		" held, 1 being captured into, 1 queued\n", p->regions,
		p->held);
	fprintf(out, "memory      %" PRIu64 " bytes\n", p->bytes);
	fprintf(out, "on its way  %" PRIu64 " bytes\n", p->on_its_way);
	if (p->start_regions > p->regions)
		fprintf(out, "start       %" PRIu64 " regions lose nothing even while TCP speeds up; with fewer\n"
			"            there are gaps at the beginning\n",
			p->start_regions);
	if (device && controller_gaps(device) == GAPS_UNKNOWN)
		fprintf(out, "gaps        " GAPS_NOT_KNOWN ";\n"
			"            what the FPGA cannot hold back meanwhile is lost, with any number\n"
			"            of regions\n");
	fprintf(out, "\nThis machine (the buffer to receive to matters on the other machine):\n");
	for (i = 0; i < limits->count; i++)
		print_limit(out, &limits->limit[i]);
	fprintf(out, "\nfpgabuf-send --region-size %" PRIu64 " --regions %" PRIu64
		" PEER\n", s->region_size, p->regions);
}

static void json_limit(struct json *j, const struct limit *limit)
{
	json_item_begin(j);
	json_quoted(j, "name", limit->name);
	json_bool(j, "ok", limit_ok(limit));
	json_number(j, "need", limit->need);
	json_bool(j, "limited", limit->have != NO_LIMIT);
	if (limit->have != NO_LIMIT)
		json_number(j, "have", limit->have);
	json_quoted(j, "remedy", limit_ok(limit) ? "" : limit->remedy);
	json_item_end(j);
}

void report_json(FILE *out, const struct stream *s, const struct plan *p,
		 const struct limits *limits,
		 const struct fpgabuf_info *device)
{
	unsigned int i;
	struct json j;

	json_begin(&j, out);
	json_bool(&j, "ok", limits_ok(limits));
	json_number(&j, "rate", s->rate);
	json_number(&j, "link", s->link);
	json_number(&j, "region_size", s->region_size);
	json_decimal(&j, "rtt_ms", s->rtt_us / US_PER_MS);
	json_decimal(&j, "delay_ms", s->delay_us / US_PER_MS);
	json_decimal(&j, "capture_ms", p->capture_us / US_PER_MS);
	json_decimal(&j, "sending_ms", p->sending_us / US_PER_MS);
	json_decimal(&j, "held_ms", p->held_us / US_PER_MS);
	json_number(&j, "held", p->held);
	json_number(&j, "regions", p->regions);
	json_number(&j, "bytes", p->bytes);
	json_number(&j, "on_its_way", p->on_its_way);
	json_number(&j, "start_regions", p->start_regions);
	if (device && controller_is_told(device))
		json_bool(&j, "gaps_exact",
			  controller_gaps(device) == GAPS_EXACT);
	json_array_begin(&j, "limits");
	for (i = 0; i < limits->count; i++)
		json_limit(&j, &limits->limit[i]);
	json_array_end(&j);
	json_end(&j);
}
