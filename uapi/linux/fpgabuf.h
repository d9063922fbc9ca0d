/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/**
 * DOC: fpgabuf - capture from an FPGA into dma-bufs that have real pages
 *
 * The dma-buf file descriptor is the only handle of a region.  ALLOC returns
 * it, QUEUE takes it; mapping, waiting, cache maintenance and sharing are the
 * standard dma-buf interface (mmap(), poll(), DMA_BUF_IOCTL_SYNC,
 * SCM_RIGHTS, PRIME).
 *
 * Rules of all calls below:
 *
 * - Every structure is input and output.  Fields marked [in] are read, fields
 *   marked [out] are written; an [out] field should be zero on entry.
 * - The size of the structure is part of the ioctl number.  A structure longer
 *   than the one the kernel knows is accepted if the excess is zero (else
 *   E2BIG); one shorter than the first published version gives EINVAL.
 * - Unknown flags and non-zero reserved fields give EINVAL.
 * - EFAULT: the structure is not accessible.  Nothing has been done then.
 * - ENODEV: the device has been removed or its driver unbound.  On a file that
 *   is still open, INFO and REGION_INFO still work.
 * - ENOTTY: not a call of this device.
 */
#ifndef _UAPI_LINUX_FPGABUF_H
#define _UAPI_LINUX_FPGABUF_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * What INFO returns as version.  It stays 2: you need not compare it.  A field that
 * the driver does not know reads as 0, which means "not known"; a flag it does
 * not know gives EINVAL, and a call ENOTTY.
 */
#define FPGABUF_UAPI_VERSION	2

/**
 * DOC: Capabilities
 *
 * Properties of the DMA channel, and what the driver can do.  A bit that is missing
 * means "not so", or "not known".
 *
 * %FPGABUF_CAP_EXACT_GAPS
 *	The controller goes on from one capture to the next by itself.
 *	%FPGABUF_CAPTURE_GAP is set if nothing was queued, and only then.  Without
 *	the bit, software starts each capture, and all but the first have GAP:
 *	whether samples are missing depends on what the FPGA can hold back
 *	meanwhile.
 *
 * %FPGABUF_CAP_EXACT_BYTES
 *	A capture that was cut short by its timeout, by CANCEL or by an error has
 *	all bytes that came.  Without the bit it has 0.
 *
 * %FPGABUF_CAP_PACKETS
 *	A capture that the FPGA ends early has all bytes that came.  Without the
 *	bit it may have 0.
 *
 * %FPGABUF_CAP_STOP
 *	The channel can be stopped.  Without the bit a capture that was cut short
 *	leaves its region with the FPGA: QUEUE refuses the region, and later
 *	captures wait, until the FPGA has written all of it.
 *
 * %FPGABUF_CAP_IMPORTERS_DONE
 *	QUEUE knows %FPGABUF_QUEUE_IMPORTERS_DONE.
 *
 * %FPGABUF_CAP_BASELINE
 *	There is the call BASELINE.
 *
 * %FPGABUF_CAP_STREAM
 *	There are the calls STREAM and STREAM_INFO, and they know @limit and
 *	%FPGABUF_STREAM_STOP.
 *
 * %FPGABUF_CAP_SLICES
 *	QUEUE knows @slice, and DEQUEUE tells @offset.
 */
#define FPGABUF_CAP_EXACT_GAPS	0x1
#define FPGABUF_CAP_EXACT_BYTES	0x2
#define FPGABUF_CAP_STOP	0x4
#define FPGABUF_CAP_PACKETS	0x8
#define FPGABUF_CAP_IMPORTERS_DONE	0x10
#define FPGABUF_CAP_BASELINE	0x20
#define FPGABUF_CAP_STREAM	0x40
#define FPGABUF_CAP_SLICES	0x80

/**
 * enum fpgabuf_backend - where the memory of a region comes from
 * @FPGABUF_BACKEND_FOLIO: physically adjacent compound pages (the fast way)
 * @FPGABUF_BACKEND_PAGES: physically adjacent single pages (any size; sends
 *	from it cost more)
 * @FPGABUF_BACKEND_CARVEOUT: single pages of memory that the device tree
 *	reserves for the device (memory-region)
 * @FPGABUF_BACKEND_CMA: the contiguous memory allocator's, the last resort; only
 *	for regions that are O_RDONLY
 * @FPGABUF_BACKEND_SCATTER: compound pages of falling size that need not be
 *	adjacent (%FPGABUF_ALLOC_SCATTER)
 */
enum fpgabuf_backend {
	FPGABUF_BACKEND_FOLIO = 1,
	FPGABUF_BACKEND_PAGES = 2,
	FPGABUF_BACKEND_CARVEOUT = 3,
	FPGABUF_BACKEND_CMA = 4,
	FPGABUF_BACKEND_SCATTER = 5,
};

/**
 * struct fpgabuf_info - limits, state and counters of the device
 * @flags: [in] must be zero
 * @version: [out] %FPGABUF_UAPI_VERSION of the driver
 * @name: [out] name of the device node, NUL terminated
 * @capabilities: [out] FPGABUF_CAP_* bits
 * @max_region_size: [out] largest size ALLOC takes, in bytes
 * @limit_bytes: [out] most bytes all regions of the device may have together
 * @used_bytes: [out] bytes all regions of the device have together, also those
 *	that have gone while a packet or a pipe still holds a page
 * @alignment: [out] the length of a capture must be a multiple of this many
 *	bytes (1 or more)
 * @queue_depth: [out] most regions that can be queued at once
 * @queued: [out] regions queued now and not yet finished
 * @default_timeout_ms: [out] what a timeout of 0 means in QUEUE, in
 *	milliseconds
 * @captures: [out] captures finished since the driver was bound; the next one
 *	gets this number as its sequence
 * @gaps: [out] captures that had FPGABUF_CAPTURE_GAP set, since bound
 * @busy: [out] QUEUE calls refused because the pages were in use, since bound
 * @file_limit_bytes: [out] most bytes the regions made through one open file
 *	may have together
 * @file_used_bytes: [out] bytes of the regions made through this open file,
 *	counted like used_bytes
 * @max_capture: [out] longest capture in contiguous memory that the DMA
 *	controller can take, in bytes; 0 = not known
 * @max_packet: [out] longest packet that can end a capture as a whole, in bytes,
 *	if packets can (%FPGABUF_CAP_PACKETS); 0 = any.  Of a longer one, a capture
 *	has only the front that is certain
 * @transfers: [out] captures that the DMA controller gets at once: 1, or
 *	queue_depth
 * @reserved0: must be zero
 * @reserved: must be zero
 *
 * Errors: none beyond the general rules.
 */
struct fpgabuf_info {
	__u32 flags;
	__u32 version;
	char name[32];
	__u64 capabilities;
	__u64 max_region_size;
	__u64 limit_bytes;
	__u64 used_bytes;
	__u32 alignment;
	__u32 queue_depth;
	__u32 queued;
	__u32 default_timeout_ms;
	__u64 captures;
	__u64 gaps;
	__u64 busy;
	__u64 file_limit_bytes;
	__u64 file_used_bytes;
	__u64 max_capture;
	__u64 max_packet;
	__u32 transfers;
	__u32 reserved0;
	__u64 reserved[3];
};

/**
 * DOC: Flags of ALLOC
 *
 * %FPGABUF_ALLOC_SCATTER
 *	The region may consist of pieces that are not adjacent in physical
 *	memory.  For a DMA master that takes a list of addresses, or sits behind
 *	an IOMMU, when memory is too fragmented for anything else.
 */
#define FPGABUF_ALLOC_SCATTER	0x1

/**
 * struct fpgabuf_alloc - make a region
 * @size: [in] bytes wanted, 1 to max_region_size; [out] bytes the region has:
 *	the same, rounded up to whole pages and no further
 * @flags: [in] FPGABUF_ALLOC_* bits
 * @fd_flags: [in] O_CLOEXEC or 0, and one of O_RDONLY and O_RDWR: what the
 *	dma-buf may be mapped for
 * @fd: [out] the new dma-buf; the caller owns it and closes it
 * @backend: [out] one of enum fpgabuf_backend
 * @chunks: [out] number of pieces (folios or pages) the region is made of
 * @reserved0: must be zero
 * @reserved: must be zero
 *
 * The memory is zeroed and, without SCATTER, physically contiguous.  It lives
 * until the last holder has gone: descriptor, mapping, running capture,
 * importer, or a packet in flight.  Until then it counts against the limits of
 * the device and of the open file, even if that file has been closed.
 *
 * Backends are tried in this order: CARVEOUT if the device has one, FOLIO,
 * PAGES, CMA if O_RDONLY; with SCATTER that one alone.
 *
 * Errors: EINVAL size 0 or above max_region_size, or bad flags; EDQUOT the
 * limit of the device or of the file is reached; ENOMEM no such memory (the
 * kernel log says what was tried, and what helps); EIO the device cannot reach
 * the memory, or its bounce buffers are full; EMFILE, ENFILE no descriptor left;
 * EINTR a fatal signal.
 */
struct fpgabuf_alloc {
	__u64 size;
	__u32 flags;
	__u32 fd_flags;
	__s32 fd;
	__u32 backend;
	__u32 chunks;
	__u32 reserved0;
	__u64 reserved[4];
};

#define FPGABUF_TIMEOUT_MAX_MS	3600000

/**
 * DOC: Flags of QUEUE
 *
 * %FPGABUF_QUEUE_IMPORTERS_DONE
 *	All importers that have the region mapped have let go of its bytes, and you
 *	know it: the page flip event has come, or DQBUF has returned the buffer.  Then
 *	they may stay mapped.  Each gets the bytes of the capture when it has ended.
 *	Pages in use and fences that are not signalled are refused as ever.
 */
#define FPGABUF_QUEUE_IMPORTERS_DONE	0x1

/* Slices of a region share no cache line, whatever the machine. */
#define FPGABUF_SLICE_ALIGN	256

/**
 * struct fpgabuf_queue - hand a region to the FPGA for its next capture
 * @cookie: [in] any number; DEQUEUE gives it back
 * @length: [in] bytes to capture at the start of the region, a multiple of
 *	alignment; 0 = the whole region
 * @fd: [in] dma-buf of the region
 * @flags: [in] FPGABUF_QUEUE_* bits
 * @timeout_ms: [in] milliseconds after which the capture ends with what it
 *	has, counted from this call; at most %FPGABUF_TIMEOUT_MAX_MS, 0 = the
 *	default
 * @slice: [in] 0 = one capture; else @length is cut into captures of so many bytes,
 *	the last one of what is left: a multiple of alignment and of
 *	%FPGABUF_SLICE_ALIGN
 * @reserved: must be zero
 *
 * Captures run in the order in which they were queued, and without a gap while
 * one is queued if the channel has %FPGABUF_CAP_EXACT_GAPS.  A region can be
 * queued again when its capture has been dequeued.  The queue belongs to the open
 * file that queued first, until that file is closed.
 *
 * The capture is a write fence of the dma-buf: poll() for POLLIN on it,
 * DMA_BUF_IOCTL_EXPORT_SYNC_FILE and DMA_BUF_IOCTL_SYNC wait until it is
 * finished, in any process that has the descriptor.  The fence has the error of
 * the capture.
 *
 * With @slice one call queues many captures, one behind the other in the region.  It
 * returns how many: fewer than the region has room for if queue_depth is reached, or
 * the DMA controller takes no more; the rest of the region stays as it is.  Each is
 * dequeued by itself, with the same @cookie and its own offset.  All have the same
 * timeout, so it must be enough for all of them.  The region can be queued again when
 * the last of them has been dequeued; its fence is signalled when the last one is
 * finished, with the error of the first that has one.
 *
 * When the time of a capture is over, the captures that were queued before it
 * end by timeout, too, because it had to wait for them.  The captures behind it
 * go on, the first with GAP.
 *
 * Guarantee: no byte that was handed to a send before this call is ever
 * overwritten.  While any page of the region is referenced by more than its
 * mappings, and the pins of its baseline if you recorded one (BASELINE), the call
 * fails with EBUSY; try again after the completion.  It does
 * so, too, while the dma-buf has a fence that is not signalled, such as
 * DMA_BUF_IOCTL_IMPORT_SYNC_FILE puts there; poll() for POLLOUT on the dma-buf
 * waits for it.
 *
 * Errors: EBADF not a descriptor; EINVAL not a dma-buf, bad length, slice, flags or
 * timeout; EXDEV a dma-buf of another device; EBUSY the region is queued,
 * or done and not dequeued, or mapped by an importer (without
 * %FPGABUF_QUEUE_IMPORTERS_DONE), or its pages are in use, or somebody's fence is
 * not signalled;
 * EUSERS another open file owns the queue; ENOBUFS queue_depth is reached, or the
 * DMA controller has no room for one more, try again after DEQUEUE; EMSGSIZE the
 * DMA controller cannot take so much as one capture; EIO it refused the
 * transfer, or it did not stop earlier; ENOMEM; EINTR a signal while an importer
 * had the dma-buf locked.
 */
struct fpgabuf_queue {
	__u64 cookie;
	__u64 length;
	__s32 fd;
	__u32 flags;
	__u32 timeout_ms;
	__u32 slice;
	__u64 reserved[4];
};

/**
 * DOC: Status bits of a finished capture
 *
 * %FPGABUF_CAPTURE_PARTIAL
 *	Fewer bytes than you asked for; they are valid.  With 0 bytes it is not
 *	known whether any came.
 *
 * %FPGABUF_CAPTURE_ERROR
 *	The capture ended with an error, see error; bytes counts those that are
 *	known to have arrived before it.
 *
 * %FPGABUF_CAPTURE_TIMEOUT
 *	The error is -ETIMEDOUT.
 *
 * %FPGABUF_CAPTURE_GAP
 *	The channel had nothing to do for a while before this capture, or the
 *	capture had to be started again: samples may be missing.  Without
 *	%FPGABUF_CAP_EXACT_GAPS all captures but the first have it.
 */
#define FPGABUF_CAPTURE_PARTIAL	0x1
#define FPGABUF_CAPTURE_ERROR	0x2
#define FPGABUF_CAPTURE_TIMEOUT	0x4
#define FPGABUF_CAPTURE_GAP	0x8

/**
 * struct fpgabuf_dequeue - take the oldest finished capture
 * @flags: [in] must be zero
 * @status: [out] FPGABUF_CAPTURE_* bits
 * @cookie: [out] what QUEUE was given
 * @bytes: [out] bytes captured, from @offset on; the CPU sees
 *	them without a further DMA_BUF_IOCTL_SYNC
 * @sequence: [out] number of this capture on the device, from 0, without
 *	holes
 * @timestamp_ns: [out] CLOCK_MONOTONIC at the completion, in nanoseconds
 * @error: [out] 0 or a negative errno: -EIO the DMA failed, -ETIMEDOUT,
 *	-ECANCELED by CANCEL, -ENODEV the device was removed, -ESHUTDOWN the
 *	system was suspended or goes down
 * @offset: [out] where the capture begins in its region, in bytes: 0 unless the region
 *	was queued with a slice; must be zero before the call
 * @reserved: must be zero
 *
 * Blocks until a capture is finished, unless the file is O_NONBLOCK.  Captures
 * come in the order in which they were queued.
 *
 * Errors: EAGAIN nothing finished yet (O_NONBLOCK); EINTR a signal; EPIPE this
 * file has nothing queued and nothing finished; ENODEV the device is gone and
 * everything has been dequeued.
 */
struct fpgabuf_dequeue {
	__u32 flags;
	__u32 status;
	__u64 cookie;
	__u64 bytes;
	__u64 sequence;
	__u64 timestamp_ns;
	__s32 error;
	__u32 offset;
	__u64 reserved[4];
};

/**
 * struct fpgabuf_cancel - end all queued captures of this file
 * @flags: [in] must be zero
 * @canceled: [out] captures that were ended; each is there to be dequeued,
 *	with error -ECANCELED and the bytes it had
 * @reserved: must be zero
 *
 * Errors: none beyond the general rules.
 */
struct fpgabuf_cancel {
	__u32 flags;
	__u32 canceled;
	__u64 reserved[3];
};

/**
 * enum fpgabuf_region_state - what a region is doing
 * @FPGABUF_REGION_IDLE: nothing: it can be queued, unless it is in use
 * @FPGABUF_REGION_QUEUED: it is captured into, or waits for its turn
 * @FPGABUF_REGION_DONE: its capture is finished and was not yet dequeued
 */
enum fpgabuf_region_state {
	FPGABUF_REGION_IDLE = 0,
	FPGABUF_REGION_QUEUED = 1,
	FPGABUF_REGION_DONE = 2,
};

/**
 * struct fpgabuf_region_info - properties of a region, and what holds it
 * @fd: [in] dma-buf of the region
 * @flags: [in] must be zero
 * @size: [out] bytes
 * @backend: [out] one of enum fpgabuf_backend
 * @chunks: [out] number of pieces (folios or pages)
 * @state: [out] one of enum fpgabuf_region_state
 * @importers: [out] mappings by importing devices
 * @in_use: [out] page references beyond the driver's and the mappings': 0 when
 *	no send, pipe or direct I/O holds a page.  A snapshot; it may count a
 *	reference that is just going away
 * @mappings: [out] page table entries of user space that map the region
 * @standing: [out] pins of its baseline that are there, see BASELINE; they are not
 *	among in_use
 * @reserved: must be zero
 *
 * Errors: EBADF, EINVAL, EXDEV as for QUEUE.
 */
struct fpgabuf_region_info {
	__s32 fd;
	__u32 flags;
	__u64 size;
	__u32 backend;
	__u32 chunks;
	__u32 state;
	__u32 importers;
	__u64 in_use;
	__u64 mappings;
	__u64 standing;
	__u64 reserved[3];
};

/**
 * struct fpgabuf_baseline - let the pins that a region has stay on it
 * @fd: [in] dma-buf of the region
 * @flags: [in] must be zero
 * @pins: [out] how many they are
 * @reserved: must be zero
 *
 * For registrations that last: fixed buffers of io_uring, memory regions of RDMA,
 * AF_XDP, VFIO.  They pin the region's pages, so QUEUE would refuse the region for as
 * long.  Register, then make this call, once for each region; from then on the pins
 * that it has recorded do not count as use.
 *
 * It is made before the first capture, while nothing else has the region's pages.
 * QUEUE, DEQUEUE and REGION_INFO lower the baseline to the pins that are there, for
 * each piece of the region, and nothing raises it.  Pins beyond it, and other
 * references, are refused as ever.
 *
 * With a baseline, you answer for what reads and writes through those registrations:
 *
 * - QUEUE cannot see it.  Call QUEUE only after the completion of each operation:
 *   its CQE, the notification of SEND_ZC, the completion of RDMA.
 * - When you end a registration, its pins go from the baseline with the next of the
 *   calls above.  Until then as many other pins are taken for them.  So make one of
 *   these calls before others pin the region.
 * - Nothing that pins the region for a moment may run during this call: its pin would
 *   be recorded.  For pieces that are single pages (%FPGABUF_BACKEND_PAGES,
 *   %FPGABUF_BACKEND_CARVEOUT, some of %FPGABUF_BACKEND_SCATTER), 1024 other
 *   references to one page look like a pin.
 * - On-demand paging of RDMA pins nothing: there is nothing to record, and QUEUE does
 *   not see it.
 *
 * Errors: EBADF, EINVAL, EXDEV as for QUEUE; EBUSY the region is queued, or not
 * dequeued, or somebody has references to its pages that are no pins, try again;
 * EPERM it has been captured into already; EALREADY it has a baseline; ENOENT nothing
 * is pinned; EOPNOTSUPP memory of %FPGABUF_BACKEND_CMA cannot be pinned for long;
 * ENOMEM.
 */
struct fpgabuf_baseline {
	__s32 fd;
	__u32 flags;
	__u64 pins;
	__u64 reserved[4];
};

/**
 * DOC: Flags of STREAM
 *
 * %FPGABUF_STREAM_JOIN
 *	Where bytes are missing, the stream goes on with the next ones; STREAM_INFO
 *	counts how often.  Without the flag, reading stops there with EOVERFLOW.
 */
#define FPGABUF_STREAM_JOIN	0x1

/**
 * struct fpgabuf_stream_setup - let this open file deliver bytes
 * @size: [in] bytes of a region, 1 to max_region_size; [out] bytes the region has:
 *	the same, rounded up to whole pages
 * @flags: [in] FPGABUF_STREAM_* bits
 * @count: [in] how many regions, 2 to queue_depth
 * @timeout_ms: [in] of each capture, see QUEUE.  It counts from when the region is
 *	queued, so it must be enough for all regions one after the other
 * @reserved0: must be zero
 * @limit: [in] bytes after which the stream ends, a multiple of alignment; 0 = none.
 *	The FPGA is not asked for more
 * @reserved: must be zero
 *
 * The driver makes the regions, and queues them: the device captures from here on.
 * They count against the limits like those of ALLOC.  Then read(), readv(), poll(),
 * splice() and sendfile() on this file deliver the captured bytes in order, without
 * boundaries, until the end of the stream.  Each byte is delivered once; of several
 * readers each gets other bytes.
 *
 * splice() and sendfile() do not copy: the pipe, and the socket behind it, have
 * references to the region's pages.  The region is captured into again when the last
 * of them has gone, with the guarantee of QUEUE.  A receiver on this machine has them
 * too until it has read the bytes, and the kernel may keep some for a while: make at
 * least 4 MiB of regions for it.
 *
 * - A capture that ends early delivers the bytes that it has; one without bytes is
 *   passed over.
 * - 0, the end of a file, comes behind @limit bytes, or behind the last bytes that were
 *   captured before %FPGABUF_STREAM_STOP, and never otherwise.
 * - read() and sendfile() wait for bytes, unless the file is O_NONBLOCK.  splice() and
 *   sendfile() into a pipe never wait, because they would keep the pipe locked: EAGAIN
 *   tells to poll() this file.
 * - poll() tells POLLIN when there are bytes, an error, or the end, POLLERR with the
 *   error, POLLHUP when the device is gone.
 * - When a socket does not take all that sendfile() has read, the position of the
 *   file says so, and the next call begins there.  So two threads should not read
 *   from one open file while one of them is in sendfile().
 *
 * The file's queue is the stream's: QUEUE, DEQUEUE and CANCEL fail with EBUSY.
 *
 * Errors of this call: EINVAL bad size, count, timeout, limit or flags; EBUSY the file is a
 * stream already, or has queued by QUEUE; EUSERS another open file owns the queue;
 * EOPNOTSUPP the channel lacks %FPGABUF_CAP_EXACT_GAPS, and JOIN is not set, or the
 * kernel is older than 6.1; EDQUOT, ENOMEM, EIO, EINTR as for ALLOC; EMSGSIZE, EIO as
 * for QUEUE.  Regions that the DMA controller has no room for are queued later.
 *
 * Errors of read(), splice() and sendfile(), when all bytes before have been
 * delivered: EAGAIN; EINTR a signal; EOVERFLOW bytes may be missing here: a capture
 * had GAP, or the one before it ended with an error, or with a packet that the channel
 * cannot count (%FPGABUF_CAP_PACKETS, max_packet).  It stays so until STREAM_INFO is
 * told to go on; ENODEV the device is gone; EIO the DMA controller refuses transfers,
 * the next call tries again; EINVAL the file is no stream.
 */
struct fpgabuf_stream_setup {
	__u64 size;
	__u32 flags;
	__u32 count;
	__u32 timeout_ms;
	__u32 reserved0;
	__u64 limit;
	__u64 reserved[3];
};

/**
 * DOC: Flags of STREAM_INFO
 *
 * %FPGABUF_STREAM_GO_ON
 *	If reading fails with EOVERFLOW, let it go on behind the missing bytes, until
 *	some are missing again.
 *
 * %FPGABUF_STREAM_STOP
 *	Capture no more.  The captures that run end with the bytes that they have
 *	(%FPGABUF_CAP_EXACT_BYTES); they can still be read, and behind them is the end.
 *	A capture that ends by it does not count as an error, and one without bytes does
 *	not count at all.
 */
#define FPGABUF_STREAM_GO_ON	0x1
#define FPGABUF_STREAM_STOP	0x2

/**
 * struct fpgabuf_stream_info - how a stream is
 * @flags: [in] FPGABUF_STREAM_GO_ON, FPGABUF_STREAM_STOP, or both
 * @error: [out] 0, or the negative errno that the next read gets
 * @position: [out] bytes delivered
 * @captures: [out] captures that have ended, and were taken up by a read
 * @partial: [out] those that were shorter than their region
 * @gaps: [out] how often bytes may be missing in between
 * @timeouts: [out] captures that ended by timeout
 * @errors: [out] captures that ended with another error
 * @queued: [out] regions that are captured into, or wait for that
 * @held: [out] regions that wait until nobody has their pages any more
 * @reserved: must be zero
 *
 * Errors: EINVAL also if the file is no stream; EINTR a signal while another thread
 * was reading.
 */
struct fpgabuf_stream_info {
	__u32 flags;
	__s32 error;
	__u64 position;
	__u64 captures;
	__u64 partial;
	__u64 gaps;
	__u64 timeouts;
	__u64 errors;
	__u32 queued;
	__u32 held;
	__u64 reserved[4];
};

/**
 * DOC: Calls
 *
 * %FPGABUF_IOC_INFO with &struct fpgabuf_info, %FPGABUF_IOC_ALLOC with
 * &struct fpgabuf_alloc, %FPGABUF_IOC_QUEUE with &struct fpgabuf_queue,
 * %FPGABUF_IOC_DEQUEUE with &struct fpgabuf_dequeue, %FPGABUF_IOC_CANCEL with
 * &struct fpgabuf_cancel, %FPGABUF_IOC_REGION_INFO with
 * &struct fpgabuf_region_info, %FPGABUF_IOC_STREAM with
 * &struct fpgabuf_stream_setup, %FPGABUF_IOC_STREAM_INFO with
 * &struct fpgabuf_stream_info, %FPGABUF_IOC_BASELINE with
 * &struct fpgabuf_baseline.
 */
#define FPGABUF_IOC_MAGIC	0xfb

#define FPGABUF_IOC_INFO	_IOWR(FPGABUF_IOC_MAGIC, 0x00, struct fpgabuf_info)
#define FPGABUF_IOC_ALLOC	_IOWR(FPGABUF_IOC_MAGIC, 0x01, struct fpgabuf_alloc)
#define FPGABUF_IOC_QUEUE	_IOWR(FPGABUF_IOC_MAGIC, 0x02, struct fpgabuf_queue)
#define FPGABUF_IOC_DEQUEUE	_IOWR(FPGABUF_IOC_MAGIC, 0x03, struct fpgabuf_dequeue)
#define FPGABUF_IOC_CANCEL	_IOWR(FPGABUF_IOC_MAGIC, 0x04, struct fpgabuf_cancel)
#define FPGABUF_IOC_REGION_INFO	\
	_IOWR(FPGABUF_IOC_MAGIC, 0x05, struct fpgabuf_region_info)
#define FPGABUF_IOC_STREAM	\
	_IOWR(FPGABUF_IOC_MAGIC, 0x06, struct fpgabuf_stream_setup)
#define FPGABUF_IOC_STREAM_INFO	\
	_IOWR(FPGABUF_IOC_MAGIC, 0x07, struct fpgabuf_stream_info)
#define FPGABUF_IOC_BASELINE	_IOWR(FPGABUF_IOC_MAGIC, 0x08, struct fpgabuf_baseline)

#endif /* _UAPI_LINUX_FPGABUF_H */
