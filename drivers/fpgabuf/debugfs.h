/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - the files in debugfs
 */
#ifndef FPGABUF_DEBUGFS_H
#define FPGABUF_DEBUGFS_H

struct dentry;
struct fpgabuf_stream;

struct dentry *fpgabuf_debugfs_add(struct fpgabuf_stream *stream);
void fpgabuf_debugfs_remove(struct dentry *dir);
void fpgabuf_debugfs_init(void);
void fpgabuf_debugfs_exit(void);

#endif /* FPGABUF_DEBUGFS_H */
