// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <fpgabuf/fpgabuf.h>

#include "plan/limits.h"
#include "common/memlock.h"
#include "common/message.h"
#include "send/options.h"

#define MIB		(UINT64_C(1) << 20)

static void __attribute__((format(printf, 5, 6)))
add(struct limits *limits, const char *name, uint64_t need, uint64_t have,
    const char *format, ...)
{
	struct limit *limit = &limits->limit[limits->count++];
	va_list args;

	limit->name = name;
	limit->need = need;
	limit->have = have;
	va_start(args, format);
	vsnprintf(limit->remedy, sizeof(limit->remedy), format, args);
	va_end(args);
}

bool limits_ok(const struct limits *limits)
{
	unsigned int i;

	for (i = 0; i < limits->count; i++)
		if (!limit_ok(&limits->limit[i]))
			return false;
	return true;
}

/* Three numbers: the smallest, the default and the largest size */
static int add_sysctl(struct limits *limits, const char *proc, const char *name,
		      const char *title, uint64_t need)
{
	unsigned long long least, first, most;
	char path[256];
	int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/sys/net/ipv4/%s", proc, name);
	f = fopen(path, "re");
	if (f) {
		n = fscanf(f, "%llu %llu %llu", &least, &first, &most);
		fclose(f);
	}
	if (n != 3) {
		message("cannot read %s: %s", path,
			f ? "not three numbers" : strerror(errno));
		return -EIO;
	}
	add(limits, title, need, most, "sysctl -w net.ipv4.%s='%llu %llu %" PRIu64 "'",
	    name, least, first, need);
	return 0;
}

static void add_memlock(struct limits *limits, uint64_t need)
{
	add(limits, "locked memory", need, memlock_limit(),
	    "ulimit -l %" PRIu64 ", or LimitMEMLOCK= of a unit of systemd",
	    (need + 1023) / 1024);
}

static void add_device(struct limits *limits, const struct fpgabuf_info *info,
		       const struct stream *stream, const struct plan *plan)
{
	uint64_t others = info->used_bytes - info->file_used_bytes;

	add(limits, "bytes of a region", stream->region_size,
	    info->max_region_size, "choose a smaller --region-size");
	if (info->max_capture)
		add(limits, "bytes of a capture", stream->region_size,
		    info->max_capture, "choose a smaller --region-size");
	add(limits, "bytes of all regions", plan->bytes,
	    info->limit_bytes > others ? info->limit_bytes - others : 0,
	    "load the module with limit_mib=%" PRIu64,
	    (plan->bytes + others + MIB - 1) / MIB);
	add(limits, "bytes of one program", plan->bytes, info->file_limit_bytes,
	    "load the module with file_limit_mib=%" PRIu64,
	    (plan->bytes + MIB - 1) / MIB);
}

int limits_device(const char *path, struct fpgabuf_info *info)
{
	struct fpgabuf_device *device;
	int err;

	err = fpgabuf_device_open(path, O_NONBLOCK, &device);
	if (!err) {
		err = fpgabuf_device_info(device, info);
		fpgabuf_device_close(device);
	}
	if (!err)
		return 0;
	message("cannot look at %s: %s", path, strerror(-err));
	if (err == -ENOENT || err == -ENXIO)
		remedy("is the fpgabuf module loaded, and the FPGA bound to it? see `ls /dev/fpgabuf*`");
	else if (err == -EACCES || err == -EPERM)
		remedy("join the group that owns the device (`ls -l %s`), or become root",
		       path);
	return err;
}

int limits_read(struct limits *limits, const struct stream *stream,
		const struct plan *plan, const char *proc,
		const struct fpgabuf_info *device)
{
	int err;

	limits->count = 0;
	add(limits, "regions", plan->regions, MAX_REGIONS,
	    "choose a larger --region-size");
	add_memlock(limits, plan->bytes);
	err = add_sysctl(limits, proc, "tcp_wmem", "buffer to send from",
			 plan->socket);
	if (!err)
		err = add_sysctl(limits, proc, "tcp_rmem",
				 "buffer to receive to", plan->socket);
	if (!err && device)
		add_device(limits, device, stream, plan);
	return err;
}
