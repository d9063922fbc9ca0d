/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_UIO_DESCRIPTION_H
#define FPGABUF_UIO_DESCRIPTION_H

#include "uio/master.h"

/*
 * Reads the description that has this path, or this name among those that are
 * installed.  Returns 0, or a negative errno after having said what is wrong.
 */
int description_read(const char *name, struct master *master);

#endif /* FPGABUF_UIO_DESCRIPTION_H */
