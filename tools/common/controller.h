/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver reports about the DMA controller of a capture device, and what it
 * means for captures
 *
 * Drivers before version 2 of the interface report nothing; then the tools report
 * nothing either.
 */
#ifndef FPGABUF_COMMON_CONTROLLER_H
#define FPGABUF_COMMON_CONTROLLER_H

#include <stdbool.h>

#include <linux/fpgabuf.h>

#include "common/json.h"

/* Text instead of a number of gaps */
#define GAPS_NOT_KNOWN	"not known: the DMA controller is restarted by software between captures"

/**
 * enum gaps_worth - the meaning of the number of gaps
 * @GAPS_UNTOLD: the driver does not report it
 * @GAPS_EXACT: samples are missing before at most this number of captures
 * @GAPS_UNKNOWN: all captures but the first have a gap, whether samples are missing
 *	or not
 */
enum gaps_worth { GAPS_UNTOLD, GAPS_EXACT, GAPS_UNKNOWN };

bool controller_is_told(const struct fpgabuf_info *info);
bool controller_can(const struct fpgabuf_info *info, uint64_t capability);
enum gaps_worth controller_gaps(const struct fpgabuf_info *info);

/* The number, and whether it is exact, if that is known. */
void json_gaps(struct json *json, uint64_t gaps, enum gaps_worth worth);

/*
 * The size of a region: @asked, or if that is 0, @usual or the longest capture of the
 * controller if that is less.
 */
uint64_t controller_region_size(const struct fpgabuf_info *info,
				uint64_t asked, uint64_t usual);

#endif /* FPGABUF_COMMON_CONTROLLER_H */
