/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_UIO_REPORT_H
#define FPGABUF_UIO_REPORT_H

#include <stdio.h>

#include "uio/drive.h"

/**
 * struct uio_summary - what is told at the end
 * @drive: counts, and whether it is quiet
 * @interrupts: that came
 * @looks: at the registers
 */
struct uio_summary {
	const struct drive *drive;
	uint64_t interrupts, looks;
};

void report_summary(FILE *out, const struct uio_summary *summary, bool json);

/* A description that is right */
void report_master(FILE *out, const char *name, const struct master *master,
		   bool json);

#endif /* FPGABUF_UIO_REPORT_H */
