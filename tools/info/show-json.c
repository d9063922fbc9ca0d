// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "common/controller.h"
#include "common/json.h"
#include "info/show.h"

static void put_limits(struct json *j, const struct fpgabuf_info *info)
{
	json_number(j, "interface_version", info->version);
	json_number(j, "max_region_size", info->max_region_size);
	json_number(j, "limit_bytes", info->limit_bytes);
	json_number(j, "file_limit_bytes", info->file_limit_bytes);
	json_number(j, "queue_depth", info->queue_depth);
	json_number(j, "alignment", info->alignment);
	json_number(j, "default_timeout_ms", info->default_timeout_ms);
}

/* Older drivers do not report it. */
static void put_channel(struct json *j, const struct fpgabuf_info *info)
{
	if (!controller_is_told(info))
		return;
	json_bool(j, "bytes_exact",
		  controller_can(info, FPGABUF_CAP_EXACT_BYTES));
	json_bool(j, "packets_exact",
		  controller_can(info, FPGABUF_CAP_PACKETS));
	json_bool(j, "can_stop", controller_can(info, FPGABUF_CAP_STOP));
	json_number(j, "max_capture", info->max_capture);
	json_number(j, "max_packet", info->max_packet);
	json_number(j, "transfers", info->transfers);
}

static void put_counters(struct json *j, const struct device_state *d)
{
	json_number(j, "used_bytes", d->info.used_bytes);
	json_number(j, "queued", d->info.queued);
	json_number(j, "captures", d->info.captures);
	json_gaps(j, d->info.gaps, controller_gaps(&d->info));
	json_number(j, "busy", d->info.busy);
	if (d->debug_error) {
		json_quoted(j, "debugfs_error", strerror(-d->debug_error));
		return;
	}
	json_number(j, "synced_for_cpu_bytes", d->synced_for_cpu);
	json_number(j, "synced_for_device_bytes", d->synced_for_device);
}

static void put_rates(struct json *j, const struct device_state *d,
		      const struct rates *r)
{
	if (r->seconds <= 0)
		return;
	json_decimal(j, "seconds", r->seconds);
	json_decimal(j, "captures_per_s", r->captures);
	json_decimal(j, "gaps_per_s", r->gaps);
	json_decimal(j, "busy_per_s", r->busy);
	if (!d->debug_error)
		json_decimal(j, "synced_for_cpu_per_s", r->synced);
}

static void put_attached(struct json *j, const struct region *r)
{
	size_t i;

	json_array_begin(j, "attached");
	for (i = 0; i < r->attached_count; i++) {
		json_item_begin(j);
		json_quoted(j, "device", r->attached[i].name);
		json_item_end(j);
	}
	json_array_end(j);
}

static void put_owner(struct json *j, const struct owner *o)
{
	json_item_begin(j);
	json_number(j, "pid", o->pid);
	json_quoted(j, "name", o->name);
	json_number(j, "descriptors", o->descriptors);
	json_number(j, "mapped_bytes", o->mapped);
	json_item_end(j);
}

/* Fields that are not known are left out. */
static void put_description(struct json *j, const struct region *r)
{
	if (r->refs)
		json_number(j, "refs", r->refs);
	if (!r->described)
		return;
	json_quoted(j, "backend", r->backend);
	json_number(j, "chunks", r->chunks);
	json_quoted(j, "state", r->state);
	if (r->locked)
		return;
	json_number(j, "importers", r->importers);
	json_number(j, "mappings", r->mappings);
	json_number(j, "in_use", r->in_use);
	json_number(j, "in_flight_bytes", region_in_flight(r));
}

static void put_region(struct json *j, const struct region *r)
{
	size_t i;

	json_item_begin(j);
	json_number(j, "inode", r->inode);
	json_number(j, "bytes", r->size);
	put_description(j, r);
	if (r->asked)
		json_number(j, "standing", r->standing);
	put_attached(j, r);
	json_array_begin(j, "owners");
	for (i = 0; i < r->owner_count; i++)
		put_owner(j, &r->owners[i]);
	json_array_end(j);
	json_item_end(j);
}

static void put_regions(struct json *j, const char *name,
			const struct snapshot *s, int device)
{
	size_t i;

	json_array_begin(j, name);
	for (i = 0; i < s->regions.count; i++)
		if (s->regions.list[i].device == device)
			put_region(j, &s->regions.list[i]);
	json_array_end(j);
}

static void put_device(struct json *j, const struct snapshot *now,
		       const struct snapshot *before, unsigned int index)
{
	const struct device_state *d = &now->devices[index];
	struct rates rates = rates_since(before, now, index);
	char name[sizeof(d->info.name) + 1] = "";

	memcpy(name, d->info.name, sizeof(d->info.name));
	json_item_begin(j);
	json_quoted(j, "device", d->path);
	json_quoted(j, "name", name);
	put_limits(j, &d->info);
	put_channel(j, &d->info);
	put_counters(j, d);
	if (!d->debug_error)
		json_number(j, "in_flight_bytes", bytes_in_flight(now, index));
	put_rates(j, d, &rates);
	put_regions(j, "regions", now, index);
	json_item_end(j);
}

void show_json(FILE *out, const struct snapshot *now,
	       const struct snapshot *before)
{
	struct json j;
	unsigned int i;

	json_begin(&j, out);
	json_array_begin(&j, "devices");
	for (i = 0; i < now->device_count; i++)
		put_device(&j, now, before, i);
	json_array_end(&j);
	put_regions(&j, "other_regions", now, NO_DEVICE);
	json_number(&j, "hidden_processes", now->hidden);
	json_end(&j);
}
