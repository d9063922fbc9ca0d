/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What samples are, from a file: lines of the form key = value
 *
 * Blank lines, and those that begin with #, say nothing.
 */
#ifndef FPGABUF_COMMON_SIGMF_PROFILE_H
#define FPGABUF_COMMON_SIGMF_PROFILE_H

#include "common/sigmf.h"

/*
 * Fills in what is not known yet.  0, or -1 after a message.  A program reads one
 * profile: the texts stay until the next is read.
 */
int sigmf_profile_read(const char *path, struct sigmf_setup *setup);

#endif /* FPGABUF_COMMON_SIGMF_PROFILE_H */
