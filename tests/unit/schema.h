/* SPDX-License-Identifier: GPL-2.0-only */
/* Is what the tools write as others want it?  Their own programs say it. */
#ifndef FPGABUF_UNIT_SCHEMA_H
#define FPGABUF_UNIT_SCHEMA_H

#include <stdbool.h>

/*
 * The schema is not ours: it is in the file that FPGABUF_SIGMF_SCHEMA names, or beside
 * this source tree.  Where it is not, says so once, and only asks whether it is JSON.
 */
bool schema_holds(const char *meta);

/* Does each line of the file fit the schema of fpgabuf-info, with no field besides? */
bool info_schema_holds(const char *lines);

/* Are these statistics for Prometheus, by its own client? */
bool metrics_hold(const char *prom);

#endif /* FPGABUF_UNIT_SCHEMA_H */
