// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/files.h"
#include "doctor/klog.h"
#include "doctor/reason.h"

/**
 * struct known_reason - something that the driver says
 * @says: part of it
 * @check: what is wrong then
 * @remedy: what to do
 */
struct known_reason {
	const char *says;
	const char *check;
	const char *remedy;
};

static const struct known_reason known[] = {
	{ "no DMA channel", "channel",
	  "name the channel in the node (dmas, and dma-names = \"rx\"), and load the driver of the DMA controller" },
	{ "cannot capture to memory", "channel",
	  "name a channel that goes from the FPGA to memory, such as the S2MM channel of an AXI DMA" },
	{ "cannot read from", "channel",
	  "this DMA controller reads no register: take reg out of the node" },
	{ "no stream to capture from", "channel",
	  "use an AXI DMA or an AXI MCDMA in the design" },
	{ "reg-io-width", "width",
	  "set reg-io-width to the bytes that one read of the register takes: 1, 2, 4, 8 or 16, and no more than reg has" },
	{ "fpgabuf,burst", "burst",
	  "set fpgabuf,burst to as many reads as the FIFO of the FPGA has when it asks, within these limits" },
	{ "cannot use memory-region", "reserved",
	  "take no-map out of the reserved memory, and name one memory-region without reusable, and one with, at most" },
};

/*
 * The kernel tries again when more drivers are there, and remembers why it could not:
 * a line has the device, a tab, and the reason.
 */
static int deferred_reason(const char *device, char *text, size_t size,
			   const struct doctor_places *places)
{
	size_t len = strlen(device), room = 0;
	char path[PATH_SIZE], *line = NULL;
	int ret = -ENODATA;
	FILE *f;

	path_make(path, "%s/devices_deferred", places->debug);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (ret && getline(&line, &room, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, device, len) || line[len] != '\t')
			continue;
		snprintf(text, size, "%s", line[len + 1] ? line + len + 1 :
			 "it waits for another device");
		ret = 0;
	}
	free(line);
	fclose(f);
	return ret;
}

static void add_reason(const char *device, const char *text, struct findings *f)
{
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strstr(text, known[i].says))
			continue;
		found(f, VERDICT_WRONG, known[i].check, device,
		      "the driver does not take the device: %s", text);
		found_remedy(f, "%s", known[i].remedy);
		return;
	}
	found(f, VERDICT_WRONG, "driver", device,
	      "it is bound to no driver; the last that was said of it: %s", text);
	found_remedy(f, "echo %s >/sys/bus/platform/drivers/fpgabuf/bind, and look into the kernel log",
		     device);
}

void reason_find(const char *device, struct findings *f,
		 const struct doctor_places *places)
{
	char text[256];
	int err, log;

	err = deferred_reason(device, text, sizeof(text), places);
	if (!err) {
		add_reason(device, text, f);
		return;
	}
	log = klog_last(places->kmsg, device, text, sizeof(text));
	if (!log) {
		add_reason(device, text, f);
	} else if (log == -ENODATA && err == -ENODATA) {
		found(f, VERDICT_WRONG, "driver", device,
		      "it is bound to no driver, and the kernel log does not say why");
		found_remedy(f, "echo %s >/sys/bus/platform/drivers/fpgabuf/bind, and look into the kernel log",
			     device);
	} else {
		found(f, VERDICT_WRONG, "driver", device,
		      "it is bound to no driver, and why cannot be read: %s",
		      strerror(-(log == -ENODATA ? err : log)));
		found_remedy(f, "run this as root, who may read the kernel log and, if it is mounted, debugfs");
	}
}
