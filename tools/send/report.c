// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/frame-clock.h"
#include "common/json.h"
#include "common/message.h"
#include "common/results.h"
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
	int64_t end_ns = t->end_ns ? t->end_ns : clock_ns();

	return (double)(end_ns - t->progress.start_ns) / NS_PER_SEC;
}

static double cpu_seconds(const struct timeval *tv)
{
	return tv->tv_sec + tv->tv_usec / 1e6;
}

/* The sum over all peers. */
static void sum_up(const struct transfer *t, struct fpgabuf_sender_stats *sum)
{
	struct fpgabuf_sender_stats st;
	unsigned int i;

	*sum = (struct fpgabuf_sender_stats){ .copied_exact = 1 };
	for (i = 0; i < t->peer_count; i++) {
		peer_stats(&t->peers[i], &st);
		sum->bytes += st.bytes;
		sum->sends += st.sends;
		sum->zerocopy_sends += st.zerocopy_sends;
		sum->registered_sends += st.registered_sends;
		sum->completions += st.completions;
		sum->copied += st.copied;
		sum->copied_exact &= st.copied_exact;
		sum->fallback_copies += st.fallback_copies;
	}
}

static void json_stats(struct json *j, const struct fpgabuf_sender_stats *st)
{
	json_number(j, "bytes", st->bytes);
	json_number(j, "sends", st->sends);
	json_number(j, "zerocopy_sends", st->zerocopy_sends);
	json_number(j, "registered_sends", st->registered_sends);
	json_number(j, "completions", st->completions);
	json_number(j, "copied", st->copied);
	json_bool(j, "copied_exact", st->copied_exact);
	json_number(j, "fallback_copies", st->fallback_copies);
}

static const char *acknowledged_by(const struct peer *p)
{
	switch (p->acknowledged) {
	case BY_RECEIVER:
		return "receiver";
	case BY_KERNEL:
		return "kernel";
	default:
		return "nobody";
	}
}

static void json_peer(struct json *j, const struct peer *p)
{
	struct fpgabuf_sender_stats st;

	peer_stats(p, &st);
	json_item_begin(j);
	json_bool(j, "ok", !p->error && !p->broken);
	json_quoted(j, "acknowledged", acknowledged_by(p));
	json_quoted(j, "peer", p->name);
	json_quoted(j, "error", p->error ? resolve_strerror(p->error) : "");
	json_quoted(j, "engine", engine_name(p->engine));
	json_quoted(j, "engine_why", p->why);
	json_quoted(j, "obstacle", p->obstacle);
	json_stats(j, &st);
	json_number(j, "skipped_captures", p->skipped_captures);
	json_number(j, "skipped_bytes", p->skipped_bytes);
	json_number(j, "reconnects", p->reconnects);
	json_item_end(j);
}

static double mean_ms(const struct holding *h)
{
	return h->count ? h->total_ns / h->count / NS_PER_MS : 0;
}

static double most_ms(const struct holding *h)
{
	return (double)h->most_ns / NS_PER_MS;
}

static void json_source(struct json *j, const struct source *src)
{
	json_quoted(j, "device", src->name);
	json_number(j, "captures", src->counts.captures);
	json_number(j, "captured_bytes", src->counts.bytes);
	json_number(j, "regions", src->slot_count);
	json_number(j, "region_size", src->region_size);
	json_quoted(j, "backend", backend_name(src->backend));
	json_gaps(j, src->counts.gaps, src->gaps_worth);
	json_number(j, "partial", src->counts.partial);
	json_number(j, "timeouts", src->counts.timeouts);
	json_number(j, "errors", src->counts.failures);
	json_number(j, "missed", src->counts.missed);
	json_number(j, "busy_retries", src->counts.busy_retries);
}

static void print_json(FILE *out, const struct report *r, const struct rusage *ru)
{
	struct fpgabuf_frame_clock clock;
	const struct transfer *t = r->transfer;
	struct fpgabuf_sender_stats st;
	unsigned int i;
	struct json j;

	sum_up(t, &st);
	fpgabuf_frame_read_clock(&clock);
	json_begin(&j, out);
	json_bool(&j, "ok", r->ok);
	json_quoted(&j, "engine", engine_name(r->options->engine));
	json_bool(&j, "framed", r->options->framed);
	json_decimal(&j, "seconds", seconds(t));
	json_decimal(&j, "mb_per_s", mb_per_s(st.bytes, seconds(t)));
	json_source(&j, t->source);
	json_clock(&j, &clock);
	json_decimal(&j, "held_mean_ms", mean_ms(&t->holding));
	json_decimal(&j, "held_most_ms", most_ms(&t->holding));
	json_stats(&j, &st);
	json_decimal(&j, "cpu_user_s", cpu_seconds(&ru->ru_utime));
	json_decimal(&j, "cpu_sys_s", cpu_seconds(&ru->ru_stime));
	json_quoted(&j, "error", r->ok ? "" : message_first());
	json_array_begin(&j, "peers");
	for (i = 0; i < t->peer_count; i++)
		json_peer(&j, &t->peers[i]);
	json_array_end(&j);
	json_end(&j);
}

static void print_peer(FILE *out, const struct transfer *t, const struct peer *p)
{
	struct fpgabuf_sender_stats st;

	peer_stats(p, &st);
	fprintf(out, "%s -> %s: %" PRIu64 " bytes in %.3f s, %.1f MB/s, engine %s, acknowledged by %s%s%s\n",
		t->source->name, p->name, st.bytes, seconds(t),
		mb_per_s(st.bytes, seconds(t)), engine_name(p->engine),
		acknowledged_by(p), p->error ? "; failed: " : "",
		p->error ? resolve_strerror(p->error) : "");
	fprintf(out, "  sends %" PRIu64 ", zero-copy %" PRIu64 ", completions %" PRIu64
	       ", copied %s%" PRIu64 ", fallback copies %" PRIu64 "\n",
	       st.sends, st.zerocopy_sends, st.completions,
	       st.copied && !st.copied_exact ? "at least " : "", st.copied,
	       st.fallback_copies);
	if (p->skipped_captures || p->reconnects)
		fprintf(out, "  left out %" PRIu64 " captures, %" PRIu64
		       " bytes; connected again %u times\n",
		       p->skipped_captures, p->skipped_bytes, p->reconnects);
}

static void print_captures(FILE *out, const struct source *src)
{
	fprintf(out, "  captures %" PRIu64 " (", src->counts.captures);
	if (src->gaps_worth != GAPS_UNKNOWN)
		fprintf(out, "gaps %" PRIu64 ", ", src->counts.gaps);
	fprintf(out, "partial %" PRIu64 ", timeouts %" PRIu64 ", errors %" PRIu64 ", missed %" PRIu64
	       ") in %u regions of %" PRIu64 " bytes (%s), busy retries %"
	       PRIu64 "\n", src->counts.partial, src->counts.timeouts,
	       src->counts.failures, src->counts.missed,
	       src->slot_count, src->region_size, backend_name(src->backend),
	       src->counts.busy_retries);
	if (src->gaps_worth == GAPS_UNKNOWN)
		fputs("  gaps " GAPS_NOT_KNOWN "\n", out);
}

static void print_text(FILE *out, const struct report *r, const struct rusage *ru)
{
	unsigned int i;

	for (i = 0; i < r->transfer->peer_count; i++)
		print_peer(out, r->transfer, &r->transfer->peers[i]);
	print_captures(out, r->transfer->source);
	fprintf(out, "  each held for %.3f ms on average, %.3f ms at most\n",
	       mean_ms(&r->transfer->holding), most_ms(&r->transfer->holding));
	fprintf(out, "  CPU %.3f s user, %.3f s system\n",
	       cpu_seconds(&ru->ru_utime), cpu_seconds(&ru->ru_stime));
}

/* Falling back to a copy costs more than a plain send, so report the cause. */
static void print_reasons(const struct peer *p)
{
	struct fpgabuf_sender_stats st;

	peer_stats(p, &st);
	if (st.copied) {
		message("%s: the kernel copied after all for %s%" PRIu64
			" of %" PRIu64 " completions", p->name,
			st.copied_exact ? "" : "at least ", st.copied,
			st.completions);
		if (*p->obstacle)
			remedy("%s; --engine auto does not try zero-copy there",
			       p->obstacle);
		else
			remedy("the interface seems able to do it (`ethtool -k DEV`): look for a packet capture (tcpdump, a DHCP client), or a tunnel or bridge on the route");
	} else if (st.zerocopy_sends && *p->obstacle) {
		/* The kernel does not report the copies of software segmentation. */
		message("%s: %s, so there were copies that the kernel does not report",
			p->name, p->obstacle);
		remedy("--engine auto does not try zero-copy there");
	}
	if (st.fallback_copies) {
		message("%s: the kernel refused to pin memory for %" PRIu64
			" of %" PRIu64 " sends, so they were copies",
			p->name, st.fallback_copies, st.sends);
		remedy("raise the limit of locked memory (`ulimit -l`, RLIMIT_MEMLOCK), or net.core.optmem_max");
	}
	if (p->skipped_captures)
		message("%s: %" PRIu64 " captures with %" PRIu64
			" bytes were left out", p->name,
			p->skipped_captures, p->skipped_bytes);
}

static void print(const struct report *report)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	if (report->options->json)
		print_json(results_begin(), report, &usage);
	else if (!report->options->quiet)
		print_text(results_begin(), report, &usage);
}

void report_stats(const struct transfer *transfer)
{
	const struct report report = {
		.options = transfer->peers[0].options,
		.transfer = transfer,
		.ok = true,
	};

	print(&report);
}

void report_print(const struct report *report)
{
	const struct transfer *t = report->transfer;
	unsigned int i;

	print(report);
	results_end(false);
	for (i = 0; i < t->peer_count && !report->options->quiet; i++)
		print_reasons(&t->peers[i]);
}
