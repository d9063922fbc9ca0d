/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * DOC: fpgabuf/user.h - be the hardware of a channel
 *
 * For a program that drives a DMA master of the FPGA, or simulates one, behind
 * fpgabuf-user.  The rules of <fpgabuf/fpgabuf.h> hold; so do the structures and
 * the contract in <linux/fpgabuf_user.h>.
 *
 * A program that starts anew, after one that died, takes four steps:
 *
 * 1. fpgabuf_user_open()
 * 2. fpgabuf_user_next() until -EAGAIN (the file is O_NONBLOCK): what an earlier
 *    program was given, and its master may still fill
 * 3. fpgabuf_user_done() for what has ended well meanwhile; or stop the master,
 *    and say fpgabuf_user_quiet()
 * 4. fpgabuf_user_hello(): from now on there are new pieces
 */
#ifndef FPGABUF_USER_H
#define FPGABUF_USER_H

#include <stddef.h>
#include <stdint.h>

#include <linux/fpgabuf_user.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fpgabuf_user;

/* What fpgabuf_user_open() opens if it is given no path. */
#define FPGABUF_DEFAULT_USER	"/dev/fpgabuf-user0"

/**
 * fpgabuf_user_open() - become the hardware of a channel
 * @path: device node, or NULL for %FPGABUF_DEFAULT_USER
 * @flags: 0, or O_NONBLOCK: fpgabuf_user_next() does not wait
 * @user: the new object; release it with fpgabuf_user_close()
 *
 * Nothing new is given before fpgabuf_user_hello().
 *
 * Errors: -EBUSY another program is; -EINVAL bad flags; -ENOMEM; and those of
 * open(2).
 */
int fpgabuf_user_open(const char *path, int flags, struct fpgabuf_user **user);

/**
 * fpgabuf_user_close() - be it no longer
 * @user: the object, or NULL
 *
 * What was given and not answered stays with the master: stop it before, and say
 * fpgabuf_user_quiet().
 */
void fpgabuf_user_close(struct fpgabuf_user *user);

/**
 * fpgabuf_user_fd() - the descriptor, for poll(2)
 * @user: the object, which keeps the descriptor
 *
 * POLLIN: there is an event.  POLLHUP: no driver is bound to the channel now.
 */
int fpgabuf_user_fd(const struct fpgabuf_user *user);

/**
 * fpgabuf_user_hello() - ask for pieces
 * @user: the object
 * @depth: how many at a time, 1 to %FPGABUF_USER_MAX_DEPTH
 * @flags: 0, or %FPGABUF_USER_NODE_ONLY
 *
 * Errors: -EBUSY said before; -EINVAL; -EPERM NODE_ONLY, and the channel is not
 * for simulators.
 */
int fpgabuf_user_hello(struct fpgabuf_user *user, uint32_t depth,
		       uint32_t flags);

/**
 * fpgabuf_user_next() - the next thing to do
 * @user: the object
 * @event: filled in: a piece to start, or to stop
 *
 * Waits for one unless the file is O_NONBLOCK.
 *
 * Errors: -EAGAIN there is none (O_NONBLOCK); -EINTR; -ENODEV no driver is bound to
 * the channel now.
 */
int fpgabuf_user_next(struct fpgabuf_user *user,
		      struct fpgabuf_user_event *event);

/**
 * fpgabuf_user_done() - a piece has ended, and the master writes there no more
 * @user: the object
 * @id: of the piece
 * @bytes: that came, all at its front
 * @error: 0, or a negative errno for the capture
 *
 * Errors: -ESRCH no such piece is given; -EINVAL not the oldest one, too many
 * bytes, or no errno.
 */
int fpgabuf_user_done(struct fpgabuf_user *user, uint64_t id, uint32_t bytes,
		      int error);

/**
 * fpgabuf_user_progress() - so many bytes of a piece have come by now
 * @user: the object
 * @id: of the piece
 * @bytes: at its front; not less than before
 *
 * A capture that is cut has as many.  Errors: as fpgabuf_user_done().
 */
int fpgabuf_user_progress(struct fpgabuf_user *user, uint64_t id,
			  uint32_t bytes);

/**
 * fpgabuf_user_quiet() - the master writes nowhere any more
 * @user: the object
 *
 * Whatever was given is over: captures that wanted it end with -EIO.  Errors:
 * none.
 */
int fpgabuf_user_quiet(struct fpgabuf_user *user);

/**
 * fpgabuf_user_data() - write into a piece, as a simulated master does
 * @user: the object
 * @id: of the piece
 * @offset: in the piece
 * @data: what to write
 * @size: bytes, 1 or more
 *
 * Errors: -EPERM the channel is not for simulators; -ESRCH no such piece is given,
 * or it was stopped; -EINVAL past its end.  Of a call that fails with more than
 * %FPGABUF_USER_MAX_DATA bytes the front may have been written.
 */
int fpgabuf_user_data(struct fpgabuf_user *user, uint64_t id, uint32_t offset,
		      const void *data, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* FPGABUF_USER_H */
