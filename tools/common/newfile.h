/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that a tool makes, and does not overwrite unless it is asked to. */
#ifndef FPGABUF_COMMON_NEWFILE_H
#define FPGABUF_COMMON_NEWFILE_H

#include <stdbool.h>

/*
 * Makes a file, or opens one that exists and has nothing to lose, or with
 * @overwrite any; its contents stay.  @made: it did not exist.  Returns a descriptor
 * or a negative errno, -EEXIST: it would have to be overwritten.
 */
int newfile_open(const char *name, bool overwrite, bool *made);

/* Two programs shall not write the same file: 0, or -1 after a message. */
int newfile_lock(int fd, const char *name);

/* Syncs the folder of a file that was made: its name is on the disk. */
void newfile_sync_folder(const char *name);

/* After a message that names @err: the remedy, if the file has no room. */
void newfile_explain_room(int err);

#endif /* FPGABUF_COMMON_NEWFILE_H */
