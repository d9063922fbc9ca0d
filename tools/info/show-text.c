// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "common/controller.h"
#include "info/show.h"

/* Bytes with three digits or so, in powers of 1024 */
static const char *amount(uint64_t bytes, char text[16])
{
	static const char * const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double value = bytes / 1024.0;
	unsigned int i = 0;

	if (bytes < 1024) {
		snprintf(text, 16, "%" PRIu64 " B", bytes);
		return text;
	}
	while (value >= 1024 && i < 3) {
		value /= 1024;
		i++;
	}
	snprintf(text, 16, "%.4g %s", value, units[i]);
	return text;
}

static void show_limits(FILE *out, const struct fpgabuf_info *info)
{
	char region[16], device[16], file[16];

	fprintf(out, "  limits    %s a region, %s a file, %s in all; %u queued; a multiple of %u bytes; %u ms\n",
		amount(info->max_region_size, region),
		amount(info->file_limit_bytes, file),
		amount(info->limit_bytes, device), info->queue_depth,
		info->alignment, info->default_timeout_ms);
}

static void show_sizes(FILE *out, const struct fpgabuf_info *info)
{
	char text[16];

	fprintf(out, "            takes %u capture%s at once", info->transfers,
		info->transfers == 1 ? "" : "s");
	if (info->max_capture)
		fprintf(out, ", of %s at most",
			amount(info->max_capture, text));
	if (info->max_packet)
		fprintf(out, "; a packet that ends one has %s at most",
			amount(info->max_packet, text));
	fputc('\n', out);
}

/* Older drivers do not report it. */
static void show_channel(FILE *out, const struct fpgabuf_info *info)
{
	if (!controller_is_told(info))
		return;
	fprintf(out, "  channel   %s\n",
		controller_gaps(info) == GAPS_EXACT ?
		"gaps exact: samples are missing before captures with a gap, and nowhere else" :
		"gaps " GAPS_NOT_KNOWN);
	fprintf(out, "            %s\n",
		controller_can(info, FPGABUF_CAP_EXACT_BYTES) ?
		"bytes exact: a capture that is cut short has all bytes that came" :
		"bytes not known: a capture that is cut short has no bytes");
	fprintf(out, "            %s\n",
		controller_can(info, FPGABUF_CAP_PACKETS) ?
		"packets exact: a capture that the FPGA ends early has all bytes that came" :
		"packets not known: a capture that the FPGA ends early may have no bytes");
	fprintf(out, "            %s\n",
		controller_can(info, FPGABUF_CAP_STOP) ?
		"can be stopped" :
		"cannot be stopped: after a timeout the FPGA keeps the region until it has filled it");
	show_sizes(out, info);
}

static void show_now(FILE *out, const struct snapshot *s, unsigned int device)
{
	const struct device_state *d = &s->devices[device];
	char used[16], flight[16];

	fprintf(out, "  now       %s in regions, %u queued",
		amount(d->info.used_bytes, used), d->info.queued);
	if (!d->debug_error)
		fprintf(out, ", %s in flight",
			amount(bytes_in_flight(s, device), flight));
	fputc('\n', out);
}

static const char *gaps_number(const struct fpgabuf_info *info, char text[32])
{
	if (controller_gaps(info) == GAPS_UNKNOWN)
		return "gaps not known";
	snprintf(text, 32, "%" PRIu64 " gaps", (uint64_t)info->gaps);
	return text;
}

/* Empty if the number has no meaning */
static const char *gaps_rate(const struct fpgabuf_info *info, double rate,
			     const char *unit, char text[32])
{
	*text = '\0';
	if (controller_gaps(info) != GAPS_UNKNOWN)
		snprintf(text, 32, ", %.1f%s", rate, unit);
	return text;
}

static void show_counters(FILE *out, const struct device_state *d,
			  const struct rates *r)
{
	char cpu[16], device[16], gaps[32];

	fprintf(out, "  so far    %" PRIu64 " captures, %s, %" PRIu64 " refused as busy\n",
		(uint64_t)d->info.captures, gaps_number(&d->info, gaps),
		(uint64_t)d->info.busy);
	if (!d->debug_error)
		fprintf(out, "            synced %s for the CPU, %s for the device\n",
			amount(d->synced_for_cpu, cpu),
			amount(d->synced_for_device, device));
	if (r->seconds > 0)
		fprintf(out, "  a second  %.1f captures%s, %.1f refused as busy\n",
			r->captures,
			gaps_rate(&d->info, r->gaps, " gaps", gaps), r->busy);
	if (r->seconds > 0 && !d->debug_error)
		fprintf(out, "            synced %.1f MB for the CPU\n",
			r->synced / 1e6);
}

/* A display, say, that keeps it */
static void show_attached(FILE *out, const struct region *region)
{
	size_t i;

	for (i = 0; i < region->attached_count; i++)
		fprintf(out, "%s%s", i ? ", " : "  attached: ",
			region->attached[i].name);
}

static void show_owners(FILE *out, const struct region *region)
{
	const struct owner *o;
	char mapped[16];
	size_t i;

	for (i = 0; i < region->owner_count; i++) {
		o = &region->owners[i];
		fprintf(out, "%s%s[%d]: ", i ? "; " : "  ", o->name, o->pid);
		if (o->descriptors)
			fprintf(out, "%u fd%s", o->descriptors,
				o->mapped ? ", " : "");
		if (o->mapped)
			fprintf(out, "%s mapped", amount(o->mapped, mapped));
	}
}

/* show_number() - or that it is not known */
static void show_number(FILE *out, int width, bool known, uint64_t value)
{
	if (known)
		fprintf(out, " %*" PRIu64, width, value);
	else
		fprintf(out, " %*s", width, "?");
}

static void show_usage(FILE *out, const struct region *r)
{
	const bool known = r->described && !r->locked;

	show_number(out, 9, known, r->importers);
	show_number(out, 8, known, r->mappings);
	show_number(out, 6, known, r->in_use);
	show_number(out, 8, r->asked, r->standing);
	show_number(out, 4, r->refs, r->refs);
}

static void show_region(FILE *out, const struct region *r)
{
	fprintf(out, "  %8" PRIu64 " %11" PRIu64 " %-15s", r->inode, r->size,
		r->described ? r->backend : "?");
	if (r->described)
		fprintf(out, " %6u %-6s", r->chunks, r->state);
	else
		fprintf(out, " %6s %-6s", "?", "?");
	show_usage(out, r);
	show_owners(out, r);
	show_attached(out, r);
	fputc('\n', out);
}

/* The regions of a device, or of no device that is shown. */
static void show_regions(FILE *out, const struct snapshot *s, int device)
{
	bool any = false;
	size_t i;

	for (i = 0; i < s->regions.count; i++) {
		if (s->regions.list[i].device != device)
			continue;
		if (!any && device == NO_DEVICE)
			fputs("regions whose device is not known, or not shown\n",
			      out);
		if (!any)
			fprintf(out, "  %8s %11s %-15s %6s %-6s %9s %8s %6s %8s %4s  %s\n",
				"inode", "bytes", "backend", "chunks", "state",
				"importers", "mappings", "in use", "standing",
				"refs", "owners");
		any = true;
		show_region(out, &s->regions.list[i]);
	}
}

void show_text(FILE *out, const struct snapshot *now,
	       const struct snapshot *before)
{
	const struct device_state *d;
	struct rates rates;
	unsigned int i;

	for (i = 0; i < now->device_count; i++) {
		d = &now->devices[i];
		rates = rates_since(before, now, i);
		fprintf(out, "%s: %.*s, interface version %u\n", d->path,
			(int)sizeof(d->info.name), d->info.name,
			d->info.version);
		show_limits(out, &d->info);
		show_channel(out, &d->info);
		show_now(out, now, i);
		show_counters(out, d, &rates);
		show_regions(out, now, i);
	}
	show_regions(out, now, NO_DEVICE);
}

void show_lines(FILE *out, const struct snapshot *now,
		const struct snapshot *before)
{
	const struct device_state *d;
	struct rates r;
	unsigned int i;
	char used[16], gaps[32], lost[32];

	for (i = 0; i < now->device_count; i++) {
		d = &now->devices[i];
		r = rates_since(before, now, i);
		fprintf(out, "%s: %" PRIu64 " captures, %.1f/s; %s%s; %" PRIu64 " busy, %.1f/s; %u queued, %s\n",
			d->path, (uint64_t)d->info.captures, r.captures,
			gaps_number(&d->info, gaps),
			gaps_rate(&d->info, r.gaps, "/s", lost),
			(uint64_t)d->info.busy, r.busy, d->info.queued,
			amount(d->info.used_bytes, used));
	}
}

void show_hidden(FILE *out, const struct snapshot *now)
{
	unsigned int i;

	for (i = 0; i < now->device_count; i++)
		if (now->devices[i].debug_error)
			fprintf(out, "Not shown: backend and use of the regions of %s: debugfs: %s\n",
				now->devices[i].path,
				strerror(-now->devices[i].debug_error));
	if (now->hidden)
		fprintf(out, "Not shown: what %u processes of other users hold; only root can see it\n",
			now->hidden);
}
