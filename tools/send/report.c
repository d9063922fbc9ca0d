// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/message.h"
#include "send/report.h"

static const char *backend_name(uint32_t backend)
{
	switch (backend) {
	case FPGABUF_BACKEND_FOLIO:
		return "folio";
	case FPGABUF_BACKEND_PAGES:
		return "pages";
	case FPGABUF_BACKEND_CARVEOUT:
		return "carveout";
	case FPGABUF_BACKEND_CMA:
		return "cma";
	case FPGABUF_BACKEND_SCATTER:
		return "scatter";
	case 0:
		return "mixed";
	default:
		return "unknown";
	}
}

static double seconds(const struct transfer *t)
{
	return (double)(t->end_ns - t->progress.start_ns) / NS_PER_SEC;
}

static double cpu_seconds(const struct timeval *tv)
{
	return tv->tv_sec + tv->tv_usec / 1e6;
}

static void print_json(const struct report *r,
		       const struct fpgabuf_sender_stats *st,
		       const struct rusage *ru)
{
	const struct source *src = r->transfer->source;
	double time = seconds(r->transfer);
	struct json j;

	json_begin(&j, stdout);
	json_bool(&j, "ok", r->ok);
	json_string(&j, "device", r->options->device);
	json_string(&j, "peer", r->peer);
	json_string(&j, "engine", engine_name(r->options->engine));
	json_number(&j, "bytes", st->bytes);
	json_decimal(&j, "seconds", time);
	json_decimal(&j, "mb_per_s", mb_per_s(st->bytes, time));
	json_number(&j, "captures", src->captures);
	json_number(&j, "regions", src->slot_count);
	json_number(&j, "region_size", src->region_size);
	json_string(&j, "backend", backend_name(src->backend));
	json_number(&j, "sends", st->sends);
	json_number(&j, "zerocopy_sends", st->zerocopy_sends);
	json_number(&j, "completions", st->completions);
	json_number(&j, "copied", st->copied);
	json_number(&j, "fallback_copies", st->fallback_copies);
	json_number(&j, "gaps", src->gaps);
	json_number(&j, "partial", src->partial);
	json_number(&j, "timeouts", src->timeouts);
	json_number(&j, "busy_retries", src->busy_retries);
	json_decimal(&j, "cpu_user_s", cpu_seconds(&ru->ru_utime));
	json_decimal(&j, "cpu_sys_s", cpu_seconds(&ru->ru_stime));
	json_end(&j);
}

static void print_text(const struct report *r,
		       const struct fpgabuf_sender_stats *st,
		       const struct rusage *ru)
{
	const struct source *src = r->transfer->source;
	double time = seconds(r->transfer);

	printf("%s -> %s: %" PRIu64 " bytes in %.3f s, %.1f MB/s, engine %s\n",
	       r->options->device, r->peer, st->bytes, time,
	       mb_per_s(st->bytes, time), engine_name(r->options->engine));
	printf("  captures %" PRIu64 " (gaps %" PRIu64 ", partial %" PRIu64
	       ", timeouts %" PRIu64 ") into %u regions of %" PRIu64
	       " bytes (%s)\n",
	       src->captures, src->gaps, src->partial, src->timeouts,
	       src->slot_count, src->region_size, backend_name(src->backend));
	printf("  sends %" PRIu64 ", zero-copy %" PRIu64 ", completions %" PRIu64
	       ", copied %" PRIu64 ", fallback copies %" PRIu64
	       ", busy retries %" PRIu64 "\n",
	       st->sends, st->zerocopy_sends, st->completions, st->copied,
	       st->fallback_copies, src->busy_retries);
	printf("  CPU %.3f s user, %.3f s system\n",
	       cpu_seconds(&ru->ru_utime), cpu_seconds(&ru->ru_stime));
}

/* Zero-copy that is none costs more than a copy, so say why it may be. */
static void print_reasons(const struct fpgabuf_sender_stats *st)
{
	if (st->copied) {
		message("the kernel copied after all for %" PRIu64
			" of %" PRIu64 " completions", st->copied,
			st->completions);
		remedy("loopback and taps always copy; so does a network device without scatter-gather (`ethtool -k DEV`), and a packet capture (tcpdump, a DHCP client)");
	}
	if (st->fallback_copies) {
		message("the kernel would not pin memory for %" PRIu64
			" of %" PRIu64 " sends, so they were copies",
			st->fallback_copies, st->sends);
		remedy("raise the limit of locked memory (`ulimit -l`, RLIMIT_MEMLOCK), or net.core.optmem_max");
	}
}

void report_print(const struct report *report)
{
	struct fpgabuf_sender_stats stats;
	struct rusage usage;

	fpgabuf_sender_stats(report->transfer->sender, &stats);
	getrusage(RUSAGE_SELF, &usage);
	if (report->options->json)
		print_json(report, &stats, &usage);
	else if (!report->options->quiet)
		print_text(report, &stats, &usage);
	if (!report->options->quiet)
		print_reasons(&stats);
}
