/* SPDX-License-Identifier: GPL-2.0-only */
/* Are the metadata of a recording as the published schema of SigMF wants them? */
#ifndef FPGABUF_UNIT_SCHEMA_H
#define FPGABUF_UNIT_SCHEMA_H

#include <stdbool.h>

/*
 * The schema is not ours: it is in the file that FPGABUF_SIGMF_SCHEMA names, or beside
 * this source tree.  Where it is not, says so once, and only asks whether it is JSON.
 */
bool schema_holds(const char *meta);

#endif /* FPGABUF_UNIT_SCHEMA_H */
