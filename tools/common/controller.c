// SPDX-License-Identifier: GPL-2.0-only
#include "common/controller.h"

/* The version of the interface that reports it */
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
