// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/controller.h"
#include "common/message.h"

/* One capture may fail; so many in a row mean that the device is broken. */
#define MAX_FAILURES	8

/* The version that tells of it */
#define TOLD_SINCE	2

bool controller_is_told(const struct fpgabuf_info *info)
{
	return info->version >= TOLD_SINCE;
}

bool controller_can(const struct fpgabuf_info *info, uint64_t capability)
{
	return info->capabilities & capability;
}

enum gaps_worth controller_gaps(const struct fpgabuf_info *info)
{
	if (!controller_is_told(info))
		return GAPS_UNTOLD;
	return controller_can(info, FPGABUF_CAP_EXACT_GAPS) ? GAPS_EXACT :
							      GAPS_UNKNOWN;
}

void json_gaps(struct json *json, uint64_t gaps, enum gaps_worth worth)
{
	json_number(json, "gaps", gaps);
	if (worth != GAPS_UNTOLD)
		json_bool(json, "gaps_exact", worth == GAPS_EXACT);
}

uint64_t controller_region_size(const struct fpgabuf_info *info,
				uint64_t asked, uint64_t usual)
{
	if (asked)
		return asked;
	if (info->max_capture && info->max_capture < usual)
		return info->max_capture;
	return usual;
}

uint64_t controller_capture_length(const struct fpgabuf_info *info,
				   uint64_t asked, uint64_t size)
{
	uint64_t most = info->max_capture;

	if (most && asked <= most && size > most)
		size = most;
	return size - size % info->alignment;
}

bool capture_may_follow(int error)
{
	return error == -ETIMEDOUT || error == -ESHUTDOWN;
}

int capture_failed(struct failures *f, const char *device, int error)
{
	if (!error || capture_may_follow(error)) {
		f->in_a_row = 0;
		return 0;
	}
	if (error == -ECANCELED || error == -ENODEV)
		return 0;
	f->total++;
	if (!f->in_a_row++) {
		message("a capture on %s failed: %s", device, strerror(-error));
		remedy("the kernel log (`dmesg`) may say more");
	}
	if (f->in_a_row < MAX_FAILURES)
		return 0;
	message("%u captures on %s failed in a row", f->in_a_row, device);
	return -EIO;
}

bool controller_lost_count(const struct fpgabuf_info *info,
			   const struct fpgabuf_dequeue *capture)
{
	return controller_is_told(info) &&
	       !controller_can(info, FPGABUF_CAP_EXACT_BYTES) &&
	       !capture->bytes && capture->status & FPGABUF_CAPTURE_PARTIAL &&
	       !(capture->status & FPGABUF_CAPTURE_ERROR);
}

void explain_lost_count(const char *device)
{
	message("a capture on %s ended early, and nobody knows how much came: it is left out",
		device);
	remedy("this DMA controller does not count such packets: let the FPGA send packets as long as a capture");
}

static void explain_length(const struct fpgabuf_info *info, uint64_t length,
			   const char *smaller)
{
	if (info->max_capture && length > info->max_capture)
		remedy("the DMA controller takes %" PRIu64
		       " bytes as one capture, not %" PRIu64 ": use %s",
		       (uint64_t)info->max_capture, length, smaller);
	else
		remedy("the DMA controller does not take %" PRIu64
		       " bytes as one capture: use %s", length, smaller);
}

void explain_queue(const char *device, const struct fpgabuf_info *info,
		   uint64_t length, const char *smaller, int err)
{
	message("cannot queue a region on %s: %s", device, strerror(-err));
	if (err == -EMSGSIZE)
		explain_length(info, length, smaller);
	else if (err == -EUSERS)
		remedy("another program is capturing from this device");
	else if (err == -ENODEV)
		remedy("the device was removed, or its driver unbound");
	else if (err == -ENOBUFS)
		remedy("the DMA controller has no room for it: use %s",
		       smaller);
	else if (err == -EIO)
		remedy("the kernel log (`dmesg`) says why; if the DMA channel did not stop, only a reboot helps");
}
