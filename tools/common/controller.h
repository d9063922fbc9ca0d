/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver tells of the DMA controller behind a capture device, and what
 * that means for who captures
 *
 * Drivers before version 2 of the interface tell nothing of it; then the tools
 * say nothing of it either.
 */
#ifndef FPGABUF_COMMON_CONTROLLER_H
#define FPGABUF_COMMON_CONTROLLER_H

#include <stdbool.h>

#include <linux/fpgabuf.h>

#include "common/json.h"

/* What is said instead of a number of gaps */
#define GAPS_NOT_KNOWN	"not known: the DMA controller is restarted by software between captures"

/**
 * enum gaps_worth - what the number of gaps is worth
 * @GAPS_UNTOLD: nobody has told
 * @GAPS_EXACT: samples are missing before so many captures, at most
 * @GAPS_UNKNOWN: every capture but the first has one, whether samples are missing
 *	or not
 */
enum gaps_worth { GAPS_UNTOLD, GAPS_EXACT, GAPS_UNKNOWN };

bool controller_is_told(const struct fpgabuf_info *info);
bool controller_can(const struct fpgabuf_info *info, uint64_t capability);
enum gaps_worth controller_gaps(const struct fpgabuf_info *info);

/* The number, and what it is worth, if that is known. */
void json_gaps(struct json *json, uint64_t gaps, enum gaps_worth worth);

/*
 * The size of a region if the user named none (@asked is 0): @usual, or as much
 * as the controller takes as one capture.
 */
uint64_t controller_region_size(const struct fpgabuf_info *info,
				uint64_t asked, uint64_t usual);

#endif /* FPGABUF_COMMON_CONTROLLER_H */
