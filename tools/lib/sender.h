/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The interface between the sender and its engines
 *
 * The sender keeps the buffers in order, and calls the engine for a piece of one at
 * a time.  The engine hands it to the socket, and decreases the buffer's counter when
 * the kernel has let go of the piece.
 */
#ifndef FPGABUF_LIB_SENDER_H
#define FPGABUF_LIB_SENDER_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "internal.h"

/**
 * struct fpgabuf_buffer - bytes on their way
 * @addr: the first one
 * @len: how many
 * @header: bytes of the header that goes before them, or 0
 * @accepted: how many of all these the socket has taken
 * @token: the caller's number for it
 * @pending: sends that begin in it and that the kernel has not let go of.  They
 *	may end in later buffers, which come back after this one
 * @copy: is not worth pinning, whatever the engine
 * @more: the next one has the same token, and is reaped with this one
 */
struct fpgabuf_buffer {
	const char *addr;
	size_t len;
	size_t header;
	size_t accepted;
	uint64_t token;
	unsigned int pending;
	bool copy;
	bool more;
};

/*
 * Sixteen buffers with their headers.  A packet has at most 17 pieces (MAX_SKB_FRAGS)
 * if they are not adjacent, so more save little.
 */
#define FPGABUF_MAX_PIECES	32U

/**
 * struct fpgabuf_pieces - the bytes that one call sends
 * @iov: the bytes, in order
 * @count: how many pieces, at least one
 * @len: bytes of all of them
 * @room: bytes that may still be added, besides headers
 * @copy: they are not worth pinning
 * @more: more bytes wait to be sent
 */
struct fpgabuf_pieces {
	struct iovec iov[FPGABUF_MAX_PIECES];
	unsigned int count;
	size_t len;
	size_t room;
	bool copy;
	bool more;
};

/**
 * struct fpgabuf_engine_ops - how pieces get to the socket
 * @open: set up; the socket is connected and can be polled by the epoll
 *	descriptor, to which the engine may add one of its own
 * @close: undo that, without waiting until the kernel lets go
 * @send: hand over the pieces, of which the first is in @first; like sendmsg(2) it
 *	returns how many bytes were taken, or a negative errno: -EAGAIN the socket
 *	is full, -ENOBUFS the kernel does not pin more at the moment
 * @collect: read the kernel's reports about earlier sends
 * @register_memory: see fpgabuf_sender_register(); NULL = cannot
 */
struct fpgabuf_engine_ops {
	int (*open)(struct fpgabuf_sender *s);
	void (*close)(struct fpgabuf_sender *s);
	ssize_t (*send)(struct fpgabuf_sender *s, struct fpgabuf_buffer *first,
			const struct fpgabuf_pieces *pieces);
	int (*collect)(struct fpgabuf_sender *s);
	int (*register_memory)(struct fpgabuf_sender *s, const void *addr,
			       size_t len);
};

extern const struct fpgabuf_engine_ops fpgabuf_copy_ops;
extern const struct fpgabuf_engine_ops fpgabuf_zerocopy_ops;
extern const struct fpgabuf_engine_ops fpgabuf_uring_ops;

/**
 * struct fpgabuf_sender - see sender.c for the ring
 * @fd: the socket
 * @epfd: becomes readable when there is something to do
 * @engine: the engine
 * @ops: its functions
 * @state: its own data
 * @first_id: number of the first MSG_ZEROCOPY send of the socket
 * @why: why this engine is used
 * @obstacle: why the kernel copies on this route, or ""
 * @chosen: the engine is "auto", and may change
 * @owner: the only thread that may run it, or 0
 * @max_pieces: most pieces that the engine takes at once
 * @room: bytes that the socket takes by a call, on average
 * @copy_below: calls with fewer bytes are copied, and all while @room is less
 * @short_below: buffers with fewer bytes are copied, however many go together
 * @copy_until: everything is copied until this number of bytes has been sent
 * @copy_bytes: how many bytes are copied before the next try
 * @error: what ended the sender, or 0
 * @blocked: the socket was full, and has not said yet that it is not
 * @starved: only a completion can help
 * @outstanding: sends that the kernel has not let go of
 * @held: tokens that were not reaped
 * @depth: size of the ring
 * @head: oldest buffer that was not reaped
 * @cursor: oldest buffer that has bytes to send
 * @tail: where the next one will be
 * @ring: the buffers
 * @headers: room for a header of each, or NULL
 * @stats: counts for the caller
 */
struct fpgabuf_sender {
	int fd;
	int epfd;
	enum fpgabuf_engine engine;
	const struct fpgabuf_engine_ops *ops;
	void *state;
	uint32_t first_id;
	const char *why;
	char obstacle[96];
	bool chosen;
	pid_t owner;
	unsigned int max_pieces;
	size_t room;
	size_t copy_below;
	size_t short_below;
	uint64_t copy_until;
	uint64_t copy_bytes;
	int error;
	bool blocked;
	bool starved;
	uint32_t outstanding;
	unsigned int held;
	unsigned int depth;
	uint64_t head;
	uint64_t cursor;
	uint64_t tail;
	struct fpgabuf_buffer *ring;
	char (*headers)[FPGABUF_SENDER_HEADER];
	struct fpgabuf_sender_stats stats;
};

/* engine.c: sets up the engine that the caller asks for, or the best one. */
int fpgabuf_engine_open(struct fpgabuf_sender *s, enum fpgabuf_engine engine);

/* The kernel has copied after all: with "auto", copy for a while. */
void fpgabuf_engine_reconsider(struct fpgabuf_sender *s);

/* When enough was copied, try zero-copy again. */
void fpgabuf_engine_retry(struct fpgabuf_sender *s);

/* Are all pieces copied, because so little goes at a time? */
bool fpgabuf_engine_copies(const struct fpgabuf_sender *s);

/* The socket was offered so much by a call, and has taken a part or all of it. */
void fpgabuf_engine_note(struct fpgabuf_sender *s, size_t offered, size_t taken);

/* What the epoll descriptor reports: the socket itself, or another one. */
enum { FPGABUF_WATCH_SOCKET, FPGABUF_WATCH_ENGINE };

int fpgabuf_sender_watch(struct fpgabuf_sender *s, int fd, uint32_t events,
			 uint32_t what);

/* sendmsg(2) with @flags; never blocks. */
ssize_t fpgabuf_send_now(struct fpgabuf_sender *s,
			 const struct fpgabuf_pieces *pieces, int flags);

/* Allows MSG_ZEROCOPY; -EOPNOTSUPP: this kind of socket does not support it. */
int fpgabuf_enable_zerocopy(int fd);

/* The kernel has let go of @n sends; @copied of them were copies after all. */
void fpgabuf_sender_completed(struct fpgabuf_sender *s, uint32_t n,
			      uint32_t copied);

/*
 * Says why an interface makes the kernel copy, or ""; @fd is any network socket.
 */
void fpgabuf_interface_obstacle(int fd, const char *name, char *text,
				size_t size);

/*
 * fpgabuf_sender_create_with() for a socket that has made @first_id sends with
 * MSG_ZEROCOPY, all of which have been reported.
 */
int fpgabuf_sender_new(int sockfd, enum fpgabuf_engine engine,
		       unsigned int depth, unsigned int flags,
		       uint32_t first_id, struct fpgabuf_sender **sender);

#endif /* FPGABUF_LIB_SENDER_H */
