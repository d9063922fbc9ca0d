/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a plugin gets its captures from: a device, or an fpgabuf-share
 *
 * One thread waits for captures.  Others may give them back, interrupt the wait, and
 * close the intake.  A capture that was taken stays as it is until it is given back,
 * also when the intake was closed.
 */
#ifndef FPGABUF_PLUGIN_INTAKE_H
#define FPGABUF_PLUGIN_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include <fpgabuf/fpgabuf.h>

#ifdef __cplusplus
extern "C" {
#endif

struct intake;

/* Room for a message: the cause and the remedy, without a full stop */
#define INTAKE_WHY_SIZE	512

/* Regions of a device, if nobody says how many */
#define INTAKE_REGIONS	8

/**
 * struct intake_setup - what to open
 * @device: path of the device, or NULL for the usual one
 * @share: socket of an fpgabuf-share, or NULL.  With it @device, @capture_size and
 *	@timeout_ms do not count
 * @capture_size: bytes of a capture, 0 for the usual
 * @regions: how many, 0 for the usual; of a share the most that are held at once
 * @timeout_ms: after this time a capture ends with what it has; 0 for the driver's
 * @bytes: how much to take in all, 0 for no limit
 */
struct intake_setup {
	const char *device;
	const char *share;
	uint64_t capture_size;
	uint32_t regions;
	uint32_t timeout_ms;
	uint64_t bytes;
};

/*
 * intake_open() - open what @setup says; captures begin with the first intake_wait()
 * @why: room for %INTAKE_WHY_SIZE bytes, filled in if it fails
 *
 * Returns 0 or a negative errno.
 */
int intake_open(const struct intake_setup *setup, struct intake **intake,
		char *why);

/*
 * intake_close() - take no more captures
 *
 * A device can be opened by others at once.  The captures that the caller still has
 * keep their regions, but intake_wait() is over.
 */
void intake_close(struct intake *intake);

/*
 * intake_wait() - take the next capture
 * @timeout_ms: most milliseconds to wait, or -1 for ever
 * @why: room for %INTAKE_WHY_SIZE bytes, filled in if it fails
 *
 * Errors: -ETIMEDOUT; -ECANCELED intake_interrupt(); -ENODATA the limit is reached;
 * and the errors of fpgabuf_source_next().
 */
int intake_wait(struct intake *intake, struct fpgabuf_capture *capture,
		int timeout_ms, char *why);

/* intake_interrupt() - from now on intake_wait() fails at once, or no longer */
void intake_interrupt(struct intake *intake, bool interrupted);

/* intake_restart() - drop what has come meanwhile: the next capture is a new one */
void intake_restart(struct intake *intake);

/* intake_release() - give a capture back: its region is captured into again */
void intake_release(struct intake *intake, uint32_t slot);

/* What it has, until intake_close() */
uint32_t intake_regions(const struct intake *intake);
struct fpgabuf_region *intake_region(const struct intake *intake,
				     uint32_t slot);

#ifdef __cplusplus
}
#endif

#endif /* FPGABUF_PLUGIN_INTAKE_H */
