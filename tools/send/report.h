/* SPDX-License-Identifier: GPL-2.0-only */
/* The summary of a transfer. */
#ifndef FPGABUF_SEND_REPORT_H
#define FPGABUF_SEND_REPORT_H

#include <stdbool.h>

#include "send/options.h"
#include "send/transfer.h"

/**
 * struct report - what the summary is about
 * @options: what was asked for
 * @transfer: what was done
 * @ok: everything asked for has been acknowledged
 */
struct report {
	const struct send_options *options;
	const struct transfer *transfer;
	bool ok;
};

/* Prints the summary in the form the options ask for, to stdout. */
void report_print(const struct report *report);

/* Prints the same while it runs; nothing has failed as long as it does. */
void report_stats(const struct transfer *transfer);

#endif /* FPGABUF_SEND_REPORT_H */
