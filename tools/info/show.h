/* SPDX-License-Identifier: GPL-2.0-only */
/* Shows a snapshot, for people or as JSON. */
#ifndef FPGABUF_INFO_SHOW_H
#define FPGABUF_INFO_SHOW_H

#include <stdio.h>

#include "info/snapshot.h"

/**
 * struct rates - rates per second between two looks
 * @seconds: time between them; 0 = there was no look before
 * @captures: captures
 * @gaps: captures with gaps
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
 * The rates of the device with this index, since @before, which may be NULL.  If the
 * device was bound again since, its counters begin at 0.
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

/* Prints what could not be read, and the remedy. */
void show_hidden(FILE *out, const struct snapshot *now);

#endif /* FPGABUF_INFO_SHOW_H */
