/* SPDX-License-Identifier: GPL-2.0-only */
/* The summary of a transfer. */
#ifndef FPGABUF_SEND_REPORT_H
#define FPGABUF_SEND_REPORT_H

#include <stdbool.h>

#include "send/options.h"
#include "send/transfer.h"

/**
 * struct report - the data of a summary
 * @options: the command line
 * @transfer: the transfer
 * @ok: everything was acknowledged
 */
struct report {
	const struct send_options *options;
	const struct transfer *transfer;
	bool ok;
};

/* Prints the summary to stdout, in the form that the options ask for. */
void report_print(const struct report *report);

/* Prints the same while the transfer runs. */
void report_stats(const struct transfer *transfer);

#endif /* FPGABUF_SEND_REPORT_H */
