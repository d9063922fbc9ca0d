/* SPDX-License-Identifier: GPL-2.0-only */
/* Shows what was seen, for people or as JSON. */
#ifndef FPGABUF_INFO_SHOW_H
#define FPGABUF_INFO_SHOW_H

#include <stdio.h>

#include "info/snapshot.h"

/**
 * struct rates - how much a second between two looks
 * @seconds: between them; 0 = there was no look before
 * @captures: captures
 * @gaps: of them with gaps
 * @busy: refusals because pages were in use
 * @synced: bytes synced for the CPU
 */
struct rates {
	double seconds;
	double captures;
	double gaps;
	double busy;
	double synced;
};

/*
 * Of the device with that index, since @before, which may be NULL.  If it is not
 * the same device that it was, its counters begin at 0.
 */
struct rates rates_since(const struct snapshot *before,
			 const struct snapshot *now, unsigned int device);

/* Bytes of a device's regions that are in flight, see region_in_flight(). */
uint64_t bytes_in_flight(const struct snapshot *now, unsigned int device);

/* @before: the look before, or NULL; then there are no rates. */
void show_text(FILE *out, const struct snapshot *now,
	       const struct snapshot *before);
void show_lines(FILE *out, const struct snapshot *now,
		const struct snapshot *before);
void show_json(FILE *out, const struct snapshot *now,
	       const struct snapshot *before);

/* What could not be seen, and how it could. */
void show_hidden(FILE *out, const struct snapshot *now);

#endif /* FPGABUF_INFO_SHOW_H */
