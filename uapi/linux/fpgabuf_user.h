/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/**
 * DOC: fpgabuf-user - a DMA channel whose hardware is a program
 *
 * One program at a time opens /dev/fpgabuf-userN.  It reads events, which tell where
 * its master must write next, and which pieces must stop.  It writes commands, which
 * tell the results.
 *
 * - The driver cuts a capture into pieces, one for each contiguous part of its
 *   memory.  A piece has a number of its own, which is never used again.
 * - read() returns as many whole events (&struct fpgabuf_user_event) as there are and
 *   as fit into the buffer.  It blocks while there is none, unless the file is
 *   O_NONBLOCK (EAGAIN).  EINVAL: not even one event fits.
 * - write() takes one &struct fpgabuf_user_command, and never blocks for long.
 * - poll() returns POLLIN if there is an event.
 * - ENODEV from read() and POLLHUP: no driver is bound to the channel now.  Keep the
 *   file open to answer STOP events, or until a driver is bound again.
 * - Unknown types, unknown flags, and fields that a command does not use and that
 *   are not zero give EINVAL.  A command that fails has done nothing.
 */
#ifndef _UAPI_LINUX_FPGABUF_USER_H
#define _UAPI_LINUX_FPGABUF_USER_H

#include <linux/types.h>

/**
 * enum fpgabuf_user_event_type - types of events
 * @FPGABUF_USER_START: have the master write @length bytes at @addr.  Fill pieces in
 *	the order in which you read them
 * @FPGABUF_USER_STOP: stop the master, then write DONE for this piece.  Its data are
 *	ignored.  Nothing else is started before that
 */
enum fpgabuf_user_event_type {
	FPGABUF_USER_START = 1,
	FPGABUF_USER_STOP = 2,
};

/**
 * DOC: Flags of events
 *
 * %FPGABUF_USER_INHERITED
 *	The piece was given to an earlier program.  Its master may still write to it.
 *
 * %FPGABUF_USER_ABANDONED
 *	No capture waits for the answer any more.  The driver keeps the memory of the
 *	piece until the answer comes.
 */
#define FPGABUF_USER_INHERITED	0x1
#define FPGABUF_USER_ABANDONED	0x2

/**
 * struct fpgabuf_user_event - what read() returns
 * @type: one of enum fpgabuf_user_event_type
 * @flags: FPGABUF_USER_INHERITED, FPGABUF_USER_ABANDONED
 * @id: number of the piece, not 0
 * @addr: address on the bus of the master, as the channel's device sees it
 * @length: bytes, 1 or more
 * @reserved: zero
 */
struct fpgabuf_user_event {
	__u32 type;
	__u32 flags;
	__u64 id;
	__u64 addr;
	__u32 length;
	__u32 reserved;
};

/**
 * enum fpgabuf_user_command_type - types of commands
 * @FPGABUF_USER_HELLO: the program is ready for pieces, @value at a time, 1 to
 *	%FPGABUF_USER_MAX_DEPTH.  Write it once; before it there are events only for
 *	inherited pieces.  EBUSY: it was written already; EPERM: NODE_ONLY, and the
 *	channel is not for simulators
 * @FPGABUF_USER_DONE: the piece @id has ended, and the master no longer writes
 *	there.  @value bytes came, all at its front; fewer than its length end the
 *	capture.  @result is 0 or a negative errno.  After STOP both are ignored,
 *	and the order does not matter.  ESRCH: the program has no such piece; EINVAL:
 *	not the oldest piece, or too many bytes
 * @FPGABUF_USER_PROGRESS: @value bytes of the piece @id have come by now; never
 *	fewer than before.  If the capture is cut short, it has as many bytes as the
 *	last PROGRESS said.  ESRCH, EINVAL as above
 * @FPGABUF_USER_QUIET: the master does not write anywhere any more.  All pieces have
 *	ended: captures that still wait for theirs end with EIO
 * @FPGABUF_USER_DATA: for simulators: write the bytes after the command, up to
 *	%FPGABUF_USER_MAX_DATA, into the piece @id from offset @value on.  They count
 *	as progress.  ESRCH as above, also after STOP; EINVAL: past the end; EPERM:
 *	the channel is not for simulators
 */
enum fpgabuf_user_command_type {
	FPGABUF_USER_HELLO = 1,
	FPGABUF_USER_DONE = 2,
	FPGABUF_USER_PROGRESS = 3,
	FPGABUF_USER_QUIET = 4,
	FPGABUF_USER_DATA = 5,
};

#define FPGABUF_USER_MAX_DEPTH	256
#define FPGABUF_USER_MAX_DATA	65536

/**
 * DOC: Flags of HELLO
 *
 * %FPGABUF_USER_NODE_ONLY
 *	There is no master: only DATA writes to memory.  So when the program has
 *	died, nothing writes any more.
 */
#define FPGABUF_USER_NODE_ONLY	0x1

/**
 * struct fpgabuf_user_command - what write() takes
 * @type: one of enum fpgabuf_user_command_type
 * @flags: FPGABUF_USER_NODE_ONLY with HELLO; else zero
 * @id: number of a piece, with DONE, PROGRESS and DATA; else zero
 * @value: see the type; zero with QUIET
 * @result: 0 or a negative errno, with DONE; else zero
 * @reserved: must be zero
 */
struct fpgabuf_user_command {
	__u32 type;
	__u32 flags;
	__u64 id;
	__u32 value;
	__s32 result;
	__u64 reserved;
};

#endif /* _UAPI_LINUX_FPGABUF_USER_H */
