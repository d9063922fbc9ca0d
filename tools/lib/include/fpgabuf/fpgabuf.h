/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * DOC: libfpgabuf - capture from an FPGA, send without a copy
 *
 * Rules of all calls:
 *
 * - A call that fails returns a negative errno and leaves its outputs
 *   unchanged.  It prints nothing, and errno is not part of the interface.
 * - Lengths and sizes are bytes.
 * - There is no global state.  Two threads may use two objects at the same
 *   time, but not the same object.  Exceptions are a device, a ring, and a source
 *   that is made from a ring: several threads may use them, so that one can queue
 *   while another waits for captures.  Only one thread at a time may queue the same
 *   region.  Close these objects when no thread uses them any more.
 * - The library uses the structures of <linux/fpgabuf.h> as they are.  If one of
 *   them grows, the calls that take it get a new symbol version.
 */
#ifndef FPGABUF_FPGABUF_H
#define FPGABUF_FPGABUF_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <linux/fpgabuf.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version of the library this header belongs to, also as a number to compare */
#define FPGABUF_VERSION		"0.2"
#define FPGABUF_VERSION_NUMBER	FPGABUF_MAKE_VERSION(0, 2)
#define FPGABUF_MAKE_VERSION(major, minor)	((major) << 16 | (minor))

/**
 * fpgabuf_version() - version of the library that the program runs with
 *
 * Returns a number like %FPGABUF_VERSION_NUMBER.  It may be higher: a newer library
 * has all calls of the older ones.
 */
unsigned int fpgabuf_version(void);

struct fpgabuf_client;
struct fpgabuf_device;
struct fpgabuf_region;
struct fpgabuf_ring;
struct fpgabuf_sender;
struct fpgabuf_source;

/* The path that fpgabuf_device_open() uses if you pass NULL. */
#define FPGABUF_DEFAULT_DEVICE	"/dev/fpgabuf0"

/**
 * fpgabuf_device_open() - open a capture device
 * @path: device node, or NULL for %FPGABUF_DEFAULT_DEVICE
 * @flags: 0, or O_NONBLOCK: fpgabuf_device_dequeue() does not wait
 * @device: the new object; release it with fpgabuf_device_close()
 *
 * Errors: -EINVAL bad flags; -ENOTTY @path is not an fpgabuf device; -ENOMEM;
 * and the errors of open(2).
 */
int fpgabuf_device_open(const char *path, int flags,
			struct fpgabuf_device **device);

/**
 * fpgabuf_device_open_fd() - make a device from an open descriptor
 * @fd: descriptor of a device node, open for reading and writing; if this call
 *	succeeds, it belongs to the device
 * @device: the new object; release it with fpgabuf_device_close()
 *
 * Use it for a descriptor that a process with more rights has opened and passed.
 * If the descriptor has O_NONBLOCK, fpgabuf_device_dequeue() does not wait.
 *
 * Errors: -ENOTTY @fd is not an fpgabuf device; -EBADF; -ENOMEM.
 */
int fpgabuf_device_open_fd(int fd, struct fpgabuf_device **device);

/**
 * fpgabuf_device_close() - close a device
 * @device: the device, or NULL
 *
 * Captures that are still queued end.  Regions live on until you close them.
 */
void fpgabuf_device_close(struct fpgabuf_device *device);

/**
 * fpgabuf_device_fd() - the descriptor of a device, for poll(2)
 * @device: the device, which keeps the descriptor
 *
 * POLLIN: there is a capture to dequeue.  POLLHUP: the device has gone.
 */
int fpgabuf_device_fd(const struct fpgabuf_device *device);

/**
 * fpgabuf_device_info() - limits and counters of a device
 * @device: the device
 * @info: filled in; capabilities and the fields that go with them are 0 if the
 *	driver has version 1 of the interface
 *
 * It works also when the device has gone.  Errors: none.
 */
int fpgabuf_device_info(struct fpgabuf_device *device,
			struct fpgabuf_info *info);

/**
 * fpgabuf_device_alloc() - make a region of zeroed, contiguous memory
 * @device: the device
 * @size: bytes wanted, 1 to info.max_region_size; rounded up to whole pages
 * @region: the new object; release it with fpgabuf_region_close()
 *
 * Errors: -EINVAL, -EDQUOT, -ENOMEM, -EMFILE, -ENFILE, -ENODEV, -EINTR as for
 * FPGABUF_IOC_ALLOC.
 */
int fpgabuf_device_alloc(struct fpgabuf_device *device, uint64_t size,
			 struct fpgabuf_region **region);

/**
 * fpgabuf_device_alloc_access() - make a region that others cannot write to
 * @device: the device
 * @size: bytes wanted, as for fpgabuf_device_alloc()
 * @access: O_RDONLY or O_RDWR: how this process, and every process that gets the
 *	descriptor, may map the region
 * @region: the new object; release it with fpgabuf_region_close()
 *
 * With O_RDWR the same as fpgabuf_device_alloc().
 *
 * Errors: as fpgabuf_device_alloc().
 */
int fpgabuf_device_alloc_access(struct fpgabuf_device *device, uint64_t size,
				int access, struct fpgabuf_region **region);

/**
 * fpgabuf_device_alloc_with() - make a region, with all arguments of ALLOC
 * @device: the device
 * @args: size, flags (FPGABUF_ALLOC_SCATTER) and fd_flags (O_RDONLY or O_RDWR) of
 *	the region; set all other fields to 0.  Filled in: its size, backend and
 *	chunks, and the descriptor, which belongs to the region
 * @region: the new object; release it with fpgabuf_region_close()
 *
 * Errors: as fpgabuf_device_alloc(), and -EINVAL bad flags.
 */
int fpgabuf_device_alloc_with(struct fpgabuf_device *device,
			      struct fpgabuf_alloc *args,
			      struct fpgabuf_region **region);

/**
 * fpgabuf_device_queue() - hand a region to the FPGA for its next capture
 * @device: the device the region came from
 * @region: the region
 * @length: bytes to capture, a multiple of info.alignment, and no more than
 *	info.max_capture unless that is 0; 0 = all of it
 * @cookie: any number; comes back with the capture
 *
 * Errors: -EBUSY the region is queued already, or its pages are still in use, or
 * the channel cannot be stopped and the FPGA still has the region; -ENOBUFS there is
 * no room for one more, try again after fpgabuf_device_dequeue(); -EMSGSIZE @length
 * is more than the DMA controller takes; -EIO the DMA controller refused the
 * transfer, or did not stop earlier; -EXDEV, -EUSERS, -EINVAL, -ENODEV as for
 * FPGABUF_IOC_QUEUE; -EINTR very many signals came (a single one does not end this
 * call, because its waits are short).
 */
int fpgabuf_device_queue(struct fpgabuf_device *device,
			 const struct fpgabuf_region *region, uint64_t length,
			 uint64_t cookie);

/**
 * fpgabuf_device_queue_with() - queue a region, with all arguments of QUEUE
 * @device: the device the region came from
 * @region: the region
 * @args: cookie, length, timeout_ms, slice and flags; set all other fields to 0.  The
 *	call ignores the descriptor in it, and uses the one of @region
 *
 * A timeout_ms of 0 stands for info.default_timeout_ms.  With a slice the call returns
 * how many captures are queued, 1 or more.
 *
 * Errors: as fpgabuf_device_queue(), and -EINVAL bad flags or timeout.
 */
int fpgabuf_device_queue_with(struct fpgabuf_device *device,
			      const struct fpgabuf_region *region,
			      const struct fpgabuf_queue *args);

/**
 * fpgabuf_device_dequeue() - take the oldest finished capture
 * @device: the device
 * @capture: filled in.  For a capture that failed this call returns 0 as well:
 *	look at status and error.  bytes can be 0 although there was no error
 *
 * Waits, unless the device was opened with O_NONBLOCK.
 *
 * Errors: -EAGAIN nothing finished yet; -EINTR a signal; -EPIPE nothing queued
 * and nothing finished; -ENODEV the device has gone.
 */
int fpgabuf_device_dequeue(struct fpgabuf_device *device,
			   struct fpgabuf_dequeue *capture);

/**
 * fpgabuf_device_cancel() - end all queued captures
 * @device: the device
 * @canceled: set to the number of captures ended, or NULL; dequeue each of them,
 *	it has the error -ECANCELED
 *
 * Errors: -ENODEV.
 */
int fpgabuf_device_cancel(struct fpgabuf_device *device, uint32_t *canceled);

/**
 * fpgabuf_device_stream() - let the descriptor of the device deliver bytes
 * @device: the device; nothing was queued by it
 * @setup: what is wanted, see &struct fpgabuf_stream_setup; the size is set to what
 *	the regions have
 *
 * From here on the device captures, and read(), splice(), sendfile() and poll() on
 * fpgabuf_device_fd() deliver the captured bytes.  The calls that queue and dequeue
 * fail with -EBUSY.
 *
 * Errors: -EINVAL a bad size, count, timeout or limit; -EBUSY it is a stream already, or has
 * queued; -EUSERS another program captures; -EOPNOTSUPP the DMA controller does not
 * tell gaps, and %FPGABUF_STREAM_JOIN is not set, or the kernel is older than 6.1;
 * -ENOTTY the driver is older than 0.2; -EDQUOT, -ENOMEM, -EIO, -EMSGSIZE, -ENODEV.
 */
int fpgabuf_device_stream(struct fpgabuf_device *device,
			  struct fpgabuf_stream_setup *setup);

/**
 * fpgabuf_device_stream_info() - how a stream is, past missing bytes, and to its end
 * @device: the device, after fpgabuf_device_stream()
 * @flags: %FPGABUF_STREAM_GO_ON, %FPGABUF_STREAM_STOP, or both
 * @info: filled in
 *
 * Errors: -EINVAL it is no stream, or bad flags.
 */
int fpgabuf_device_stream_info(struct fpgabuf_device *device,
			       unsigned int flags,
			       struct fpgabuf_stream_info *info);

/**
 * fpgabuf_device_region_info() - properties of a region, and what holds it
 * @device: the device the region came from
 * @region: the region
 * @info: filled in
 *
 * It works also when the device has gone.
 *
 * Errors: -EXDEV not a region of this device; -EINVAL not a region at all.
 */
int fpgabuf_device_region_info(struct fpgabuf_device *device,
			       const struct fpgabuf_region *region,
			       struct fpgabuf_region_info *info);

/**
 * fpgabuf_device_baseline() - let the pins that a region has stay on it
 * @device: the device the region came from
 * @region: the region, which was not captured into yet
 * @pins: receives how many they are, unless it is NULL
 *
 * After it was registered with io_uring, RDMA or the like.  You answer for all use
 * of the registration; struct fpgabuf_baseline has the rules.
 *
 * Errors: -EBUSY somebody else has its pages, try again; -EPERM it has been captured
 * into; -EALREADY it has a baseline; -ENOENT nothing is pinned; -EOPNOTSUPP its memory
 * is CMA; -ENOTTY the driver is older (info.capabilities has no
 * FPGABUF_CAP_BASELINE); -EXDEV, -ENODEV, -ENOMEM.
 */
int fpgabuf_device_baseline(struct fpgabuf_device *device,
			    const struct fpgabuf_region *region,
			    uint64_t *pins);

/**
 * fpgabuf_region_import() - make a region from a dma-buf that came from elsewhere
 * @fd: descriptor of any dma-buf; if this call succeeds, it belongs to the region
 * @region: the new object; release it with fpgabuf_region_close()
 *
 * Errors: -ENOTTY @fd is not a dma-buf; -EBADF; -ENOMEM.
 */
int fpgabuf_region_import(int fd, struct fpgabuf_region **region);

/**
 * fpgabuf_region_close() - unmap a region and close its descriptor
 * @region: the region, or NULL
 *
 * Its memory lives on while a capture or a packet in flight still uses it.
 */
void fpgabuf_region_close(struct fpgabuf_region *region);

/**
 * fpgabuf_region_fd() - the dma-buf descriptor of a region
 * @region: the region, which keeps the descriptor
 */
int fpgabuf_region_fd(const struct fpgabuf_region *region);

/**
 * fpgabuf_region_size() - bytes of a region, whole pages
 * @region: the region
 */
uint64_t fpgabuf_region_size(const struct fpgabuf_region *region);

/**
 * fpgabuf_region_map() - map a region into this process
 * @region: the region
 * @prot: PROT_READ, PROT_WRITE or both
 * @addr: start of the mapping, aligned to 2 MiB so that the kernel can use huge
 *	pages; valid until fpgabuf_region_unmap() or fpgabuf_region_close()
 *
 * A child of fork(2) does not inherit the mapping.  If the limits of the process
 * leave no room to align it, it is not aligned.
 *
 * Errors: -EINVAL bad @prot; -EBUSY mapped already; -EFBIG larger than the
 * address space; and the errors of mmap(2).
 */
int fpgabuf_region_map(struct fpgabuf_region *region, int prot, void **addr);

/**
 * fpgabuf_region_addr() - where a region is mapped
 * @region: the region
 *
 * Returns the start of the mapping, or NULL if there is none.
 */
void *fpgabuf_region_addr(const struct fpgabuf_region *region);

/**
 * fpgabuf_region_unmap() - end the mapping of a region
 * @region: the region, which can be mapped again, also in another way
 *
 * Errors: -EINVAL it is not mapped.
 */
int fpgabuf_region_unmap(struct fpgabuf_region *region);

/**
 * fpgabuf_region_sync_start() - begin access by the CPU
 * @region: the region
 * @prot: what you will do: PROT_READ, PROT_WRITE or both
 *
 * You need it when another device than the capture device works on the region, and
 * before the CPU writes.  A capture that was dequeued is visible without it.
 *
 * Errors: -EINVAL bad @prot; -EINTR too many signals; and the errors of
 * DMA_BUF_IOCTL_SYNC.
 */
int fpgabuf_region_sync_start(struct fpgabuf_region *region, int prot);

/**
 * fpgabuf_region_sync_end() - end access by the CPU
 * @region: the region
 * @prot: the same as in fpgabuf_region_sync_start()
 *
 * Errors: as fpgabuf_region_sync_start().
 */
int fpgabuf_region_sync_end(struct fpgabuf_region *region, int prot);

/**
 * struct fpgabuf_ring_setup - what a ring is made of
 * @regions: how many, 1 to %FPGABUF_RING_MAX_REGIONS
 * @access: O_RDONLY or O_RDWR: how processes may map the regions
 * @prot: how the ring maps them: PROT_READ, PROT_WRITE or both; 0 = not at all
 * @alloc_flags: FPGABUF_ALLOC_* bits
 * @region_size: bytes of each region; 0 = %FPGABUF_RING_REGION_SIZE, or the longest
 *	capture that the DMA controller takes if that is less
 * @length: bytes of a capture, a multiple of info.alignment; 0 = a whole region, or
 *	info.max_capture if rounding up to pages made the region longer
 * @timeout_ms: how long a capture may take; 0 = info.default_timeout_ms
 * @max_failures: the ring ends after this many captures failed in a row; 0 = it
 *	never ends for this reason
 * @slices: 0 or 1 = each capture has a region for itself.  Else so many captures share
 *	one, at most: the ring makes fewer and larger regions, and one call queues many
 *	captures.  Then @region_size is for one capture, and @regions is how many captures
 *	can be held or queued at a time.  A region is captured into again when all of it
 *	was given back, so the ring may make a region more than they fill: let
 *	@regions be 8 times @slices or more.  The ring shares less
 *	than you ask for, or nothing, if the driver lacks %FPGABUF_CAP_SLICES, or
 *	@region_size is 0, large, or no multiple of %FPGABUF_SLICE_ALIGN
 * @reserved: must be zero
 */
struct fpgabuf_ring_setup {
	uint32_t regions;
	int32_t access;
	int32_t prot;
	uint32_t alloc_flags;
	uint64_t region_size;
	uint64_t length;
	uint32_t timeout_ms;
	uint32_t max_failures;
	uint32_t slices;
	uint32_t reserved[5];
};

#define FPGABUF_RING_MAX_REGIONS	65536U

/*
 * What a region has if nobody says how much: a huge page, which is cheaper to send
 * from than smaller ones
 */
#define FPGABUF_RING_REGION_SIZE	(2U << 20)

/**
 * struct fpgabuf_capture - a capture that a ring has handed out
 * @addr: where its bytes are mapped, or NULL
 * @bytes: how many; 0 only if it has failed
 * @sequence: its number: 0, 1, 2 and so on; only captures that are handed out count
 * @timestamp_ns: CLOCK_MONOTONIC when it was complete
 * @status: FPGABUF_CAPTURE_* bits.  A capture without bytes is not handed out; if
 *	there was a gap before it, the next capture has the gap
 * @error: a negative errno, or 0.  -ETIMEDOUT, -ESHUTDOWN, -ECANCELED and -ENODEV
 *	are not failures: the bytes that had come are good
 * @slot: its place, for fpgabuf_ring_give() and fpgabuf_ring_region()
 * @failures: number of captures that have failed in a row, with this one; 0 = this
 *	one has not failed
 */
struct fpgabuf_capture {
	const void *addr;
	uint64_t bytes;
	uint64_t sequence;
	uint64_t timestamp_ns;
	uint32_t status;
	int32_t error;
	uint32_t slot;
	uint32_t failures;
};

/**
 * struct fpgabuf_ring_counts - what a ring did since it was made
 * @captures: captures with bytes that were handed out
 * @bytes: bytes in them
 * @gaps: captures after the first before which samples may be missing
 * @partial: captures shorter than asked for
 * @timeouts: captures that took too long
 * @failures: captures that failed
 * @uncounted: captures without bytes, because it is not known how many came
 * @busy_retries: how often a region could not be queued because it was in use
 * @queued: regions that are queued now
 * @taken: regions that are handed out now
 */
struct fpgabuf_ring_counts {
	uint64_t captures;
	uint64_t bytes;
	uint64_t gaps;
	uint64_t partial;
	uint64_t timeouts;
	uint64_t failures;
	uint64_t uncounted;
	uint64_t busy_retries;
	uint64_t queued;
	uint64_t taken;
};

/**
 * enum fpgabuf_slot_state - where a region of a ring is
 * @FPGABUF_SLOT_IDLE: to be queued when there is room
 * @FPGABUF_SLOT_QUEUED: the FPGA has it, or its capture has not been taken
 * @FPGABUF_SLOT_TAKEN: the program has it
 * @FPGABUF_SLOT_BUSY: given back, but its pages are still in use
 * @FPGABUF_SLOT_KEPT: given back, but the DMA channel, which cannot be stopped, has
 *	kept it for 2 s or more; it comes back when the FPGA has filled it
 */
enum fpgabuf_slot_state {
	FPGABUF_SLOT_IDLE,
	FPGABUF_SLOT_QUEUED,
	FPGABUF_SLOT_TAKEN,
	FPGABUF_SLOT_BUSY,
	FPGABUF_SLOT_KEPT,
};

/**
 * struct fpgabuf_ring_slot - a region of a ring
 * @state: one of enum fpgabuf_slot_state
 * @importers: mappings by importing devices, if it is busy
 * @page_references: foreign references to its pages, if it is busy
 * @busy_since_ns: CLOCK_MONOTONIC when QUEUE first refused it, or 0: it is not busy
 * @sequence: number of its last capture, as in struct fpgabuf_dequeue
 * @reserved: 0
 */
struct fpgabuf_ring_slot {
	uint32_t state;
	uint32_t importers;
	uint64_t page_references;
	int64_t busy_since_ns;
	uint64_t sequence;
	uint64_t reserved[4];
};

/**
 * enum fpgabuf_reason - what a ring or a source waits for, or why a call failed
 * @FPGABUF_REASON_END: waits for nothing: no capture will come any more
 * @FPGABUF_REASON_CAPTURE: waits for the FPGA, or for another program that captures
 * @FPGABUF_REASON_TAKEN: waits for you: you have all regions
 * @FPGABUF_REASON_BUSY: waits for regions that were given back and are still in use
 * @FPGABUF_REASON_QUEUE: failed: a region cannot be queued
 * @FPGABUF_REASON_DEQUEUE: failed: captures cannot be dequeued
 * @FPGABUF_REASON_CANCEL: failed: captures cannot be ended
 * @FPGABUF_REASON_NONSENSE: failed: the device returned a capture that was not
 *	queued
 * @FPGABUF_REASON_STUCK: failed: the DMA channel did not stop, and keeps a region
 * @FPGABUF_REASON_FAILURES: failed: too many captures failed in a row
 * @FPGABUF_REASON_SERVER: failed: the server has ended, or is not fpgabuf-share
 * @FPGABUF_REASON_MAP: failed: a region cannot be mapped or read
 *
 * Later versions may have more.
 */
enum fpgabuf_reason {
	FPGABUF_REASON_END,
	FPGABUF_REASON_CAPTURE,
	FPGABUF_REASON_TAKEN,
	FPGABUF_REASON_BUSY,
	FPGABUF_REASON_QUEUE,
	FPGABUF_REASON_DEQUEUE,
	FPGABUF_REASON_CANCEL,
	FPGABUF_REASON_NONSENSE,
	FPGABUF_REASON_STUCK,
	FPGABUF_REASON_FAILURES,
	FPGABUF_REASON_SERVER,
	FPGABUF_REASON_MAP,
};

/**
 * fpgabuf_ring_create() - regions that go round between FPGA and program
 * @device: a device that was opened with O_NONBLOCK.  It stays yours: do not queue,
 *	dequeue or cancel on it while the ring lives, and close it after the ring
 * @setup: properties of the ring
 * @ring: the new object; release it with fpgabuf_ring_destroy()
 *
 * A ring queues every region that you do not hold.  It queues a region that you give
 * back at once, or as soon as its pages are no longer in use.  It begins when you
 * ask for the first capture.
 *
 * Errors: -EINVAL bad @setup, or @device lacks O_NONBLOCK; -EMSGSIZE a region is
 * shorter than the shortest capture; -ENOMEM; and the errors of
 * fpgabuf_device_alloc() and fpgabuf_region_map().
 */
int fpgabuf_ring_create(struct fpgabuf_device *device,
			const struct fpgabuf_ring_setup *setup,
			struct fpgabuf_ring **ring);

/**
 * fpgabuf_ring_grow() - make more regions, of the same kind
 * @ring: the ring, which no other thread uses at the moment
 * @regions: how many the ring has afterwards, at most %FPGABUF_RING_MAX_REGIONS
 *
 * If this fails, the ring keeps the regions that it could make; see
 * fpgabuf_ring_regions().
 *
 * Errors: -EINVAL too many; -ENOMEM; and the errors of fpgabuf_device_alloc() and
 * fpgabuf_region_map().
 */
int fpgabuf_ring_grow(struct fpgabuf_ring *ring, uint32_t regions);

/**
 * fpgabuf_ring_destroy() - end all captures and release the regions
 * @ring: the ring, or NULL
 */
void fpgabuf_ring_destroy(struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_limit() - set how much to capture
 * @ring: the ring
 * @captures: captures with bytes, in all; 0 = no limit
 * @bytes: bytes in all; 0 = no limit.  If the last capture has more bytes, because
 *	its length must be aligned, they are not handed out
 */
void fpgabuf_ring_limit(struct fpgabuf_ring *ring, uint64_t captures,
			uint64_t bytes);

/**
 * fpgabuf_ring_fill() - queue what is idle
 * @ring: the ring
 *
 * fpgabuf_ring_take() and fpgabuf_ring_wait() do that, too.  Call this to begin
 * before you want the first capture, and after fpgabuf_ring_timeout_ms() while you
 * want none.
 *
 * Errors: -EIO the DMA channel did not stop, and keeps a region; and the errors of
 * fpgabuf_device_queue() except -EBUSY.
 */
int fpgabuf_ring_fill(struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_take() - take the oldest finished capture, and queue what is idle
 * @ring: the ring
 * @capture: filled in; it is yours until fpgabuf_ring_give().  If the capture has
 *	failed, this call returns 0, its error says why, and the ring goes on
 *
 * Does not wait.  Errors: -EAGAIN there is none yet; -ENODATA none will come: the
 * limit is reached, or the ring was stopped; -ENODEV the device has gone; -EIO the
 * DMA channel did not stop, and keeps a region, or too many captures failed in a
 * row; and the errors of fpgabuf_device_queue().
 */
int fpgabuf_ring_take(struct fpgabuf_ring *ring,
		      struct fpgabuf_capture *capture);

/**
 * fpgabuf_ring_wait() - as fpgabuf_ring_take(), but wait for a capture
 * @ring: the ring
 * @capture: filled in
 * @timeout_ms: most milliseconds to wait, or -1 for ever
 *
 * Errors: as fpgabuf_ring_take(), but -ETIMEDOUT in place of -EAGAIN; -EINTR a
 * signal.
 */
int fpgabuf_ring_wait(struct fpgabuf_ring *ring,
		      struct fpgabuf_capture *capture, int timeout_ms);

/**
 * fpgabuf_ring_give() - give a capture back, for the next one
 * @ring: the ring
 * @slot: the slot of a capture that was taken
 *
 * Any thread may call it.  Errors: -EINVAL it was not taken.
 */
int fpgabuf_ring_give(struct fpgabuf_ring *ring, uint32_t slot);

/**
 * fpgabuf_ring_give_with() - as fpgabuf_ring_give(), with flags
 * @ring: the ring
 * @slot: the slot of a capture that was taken
 * @flags: FPGABUF_QUEUE_* bits, for the time until you take the region again
 *
 * With %FPGABUF_QUEUE_IMPORTERS_DONE a display or another device keeps the region, and
 * the FPGA captures into it all the same: you know that the device has let go of it.
 *
 * Errors: -EINVAL it was not taken, or an unknown flag; -EOPNOTSUPP the driver is too
 * old for the flag.  Then the capture stays taken.
 */
int fpgabuf_ring_give_with(struct fpgabuf_ring *ring, uint32_t slot,
			   uint32_t flags);

/**
 * fpgabuf_ring_fd() - the descriptor of a ring, for poll(2)
 * @ring: the ring, which keeps the descriptor
 *
 * POLLIN: there may be a capture to take.  It is the descriptor of the device.
 */
int fpgabuf_ring_fd(const struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_timeout_ms() - the timeout of a ring, for poll(2)
 * @ring: the ring
 *
 * After this time call fpgabuf_ring_take(), even if nothing came: it tries to queue
 * regions that were in use, because no event tells that they are free.  -1 if there
 * are none.
 */
int fpgabuf_ring_timeout_ms(struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_stop() - end capturing
 * @ring: the ring
 *
 * You can still take the captures that have come.  Errors: -ENODEV.
 */
int fpgabuf_ring_stop(struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_start() - go on capturing after fpgabuf_ring_stop()
 * @ring: the ring; take its last captures before
 *
 * The next call that queues regions queues them again.
 */
void fpgabuf_ring_start(struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_regions() - for how many captures a ring has room
 * @ring: the ring
 *
 * That is how many regions it has, unless captures share them.
 */
uint32_t fpgabuf_ring_regions(const struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_length() - bytes of a whole capture
 * @ring: the ring
 */
uint64_t fpgabuf_ring_length(const struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_region() - a region of a ring
 * @ring: the ring, which keeps it
 * @slot: of a capture, less than fpgabuf_ring_regions()
 *
 * Returns NULL if there is no such slot.
 */
struct fpgabuf_region *fpgabuf_ring_region(const struct fpgabuf_ring *ring,
					   uint32_t slot);

/**
 * fpgabuf_ring_count() - counts of a ring
 * @ring: the ring
 * @counts: filled in
 */
void fpgabuf_ring_count(struct fpgabuf_ring *ring,
			struct fpgabuf_ring_counts *counts);

/**
 * fpgabuf_ring_look() - where a region is, and who still uses it
 * @ring: the ring
 * @slot: its number
 * @seen: filled in
 *
 * Errors: -EINVAL there is no such region.
 */
int fpgabuf_ring_look(struct fpgabuf_ring *ring, uint32_t slot,
		      struct fpgabuf_ring_slot *seen);

/**
 * fpgabuf_ring_reason() - what a ring waits for, or why the last call failed
 * @ring: the ring
 *
 * Returns one of enum fpgabuf_reason.
 */
enum fpgabuf_reason fpgabuf_ring_reason(struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_why() - the same as a sentence
 * @ring: the ring
 *
 * Returns a sentence without a capital and a full stop, valid until the next call
 * of this function for the ring.
 */
const char *fpgabuf_ring_why(struct fpgabuf_ring *ring);

/**
 * enum fpgabuf_engine - how a sender hands bytes to the network
 * @FPGABUF_ENGINE_ZEROCOPY: MSG_ZEROCOPY, the network reads the pages
 * @FPGABUF_ENGINE_COPY: the kernel copies into its own memory
 * @FPGABUF_ENGINE_URING: IORING_OP_SEND_ZC, the network reads the pages; needs
 *	Linux 6.0, and a library that was built with liburing
 * @FPGABUF_ENGINE_AUTO: one of the others, see fpgabuf_sender_engine()
 */
enum fpgabuf_engine {
	FPGABUF_ENGINE_ZEROCOPY = 1,
	FPGABUF_ENGINE_COPY = 2,
	FPGABUF_ENGINE_URING = 3,
	FPGABUF_ENGINE_AUTO = 4,
};

/**
 * struct fpgabuf_sender_stats - what a sender did since it was made
 * @bytes: bytes that the socket accepted
 * @sends: send calls of every kind that accepted at least one byte
 * @zerocopy_sends: sends that asked for zero-copy
 * @registered_sends: zero-copy sends from registered memory
 * @completions: zero-copy sends that the kernel reported as completed
 * @copied: completions that the kernel marked "copied after all".  The kernel does
 *	not report the copies that it makes to cut packets for a device without
 *	scatter-gather, see fpgabuf_sender_obstacle()
 * @copied_exact: 1: @copied is all that the kernel reports.  0: @copied is a lower
 *	bound, as with MSG_ZEROCOPY, because TCP merges adjacent reports and keeps
 *	only the mark of the first.  It is exact nevertheless if each completion is
 *	read before the next send
 * @fallback_copies: sends that a zero-copy engine had to make as copies,
 *	because the kernel refused to pin pages (RLIMIT_MEMLOCK, optmem_max)
 */
struct fpgabuf_sender_stats {
	uint64_t bytes;
	uint64_t sends;
	uint64_t zerocopy_sends;
	uint64_t registered_sends;
	uint64_t completions;
	uint64_t copied;
	uint64_t copied_exact;
	uint64_t fallback_copies;
};

/*
 * Another name, for C++, where a function hides a structure of the same name.
 */
typedef struct fpgabuf_sender_stats fpgabuf_sender_stats_t;

/* Most buffers a sender can be made to hold. */
#define FPGABUF_SENDER_MAX_DEPTH	65536U

/**
 * fpgabuf_sender_create() - make a sender for a connected stream socket
 * @sockfd: the socket.  It stays yours, and must outlive the sender.  It may be
 *	blocking; the sender never blocks.  Nothing may have sent on it with
 *	MSG_ZEROCOPY before.  While the sender lives, do not send on it or read its
 *	error queue
 * @engine: one of enum fpgabuf_engine
 * @depth: most buffers submitted and not yet reaped, 1 to
 *	%FPGABUF_SENDER_MAX_DEPTH
 * @sender: the new object; release it with fpgabuf_sender_destroy()
 *
 * Errors: -EINVAL bad @engine or @depth; -EPROTOTYPE not a stream socket;
 * -ENOTCONN; -EOPNOTSUPP this kind of socket, or this kernel, cannot send
 * without a copy; -ENOSYS no io_uring, in the library or in the kernel; -EPERM
 * io_uring is forbidden here; -ENOTSOCK; -EBADF; -EMFILE; -ENOMEM.
 */
int fpgabuf_sender_create(int sockfd, enum fpgabuf_engine engine,
			  unsigned int depth, struct fpgabuf_sender **sender);

/**
 * DOC: Flags of fpgabuf_sender_create_with()
 *
 * %FPGABUF_SENDER_ONE_THREAD
 *	Only the thread that makes the sender runs it.  Then, since Linux 6.1,
 *	io_uring does not interrupt this thread while it waits.  Without the flag, a
 *	completion of io_uring makes epoll_wait(2) and some other calls of this
 *	thread fail with EINTR, although there was no signal.  With the flag this
 *	happens only once, after fpgabuf_sender_destroy().
 */
#define FPGABUF_SENDER_ONE_THREAD	0x1U

/**
 * fpgabuf_sender_create_with() - make a sender, with flags
 * @sockfd: the socket, as for fpgabuf_sender_create()
 * @engine: one of enum fpgabuf_engine
 * @depth: most buffers submitted and not yet reaped
 * @flags: FPGABUF_SENDER_* bits
 * @sender: the new object; release it with fpgabuf_sender_destroy()
 *
 * Errors: as fpgabuf_sender_create(); -EINVAL also bad @flags.
 */
int fpgabuf_sender_create_with(int sockfd, enum fpgabuf_engine engine,
			       unsigned int depth, unsigned int flags,
			       struct fpgabuf_sender **sender);

/**
 * fpgabuf_sender_destroy() - release a sender
 * @sender: the sender, or NULL
 *
 * The socket stays open, and what it has accepted is still sent.  Buffers that
 * were not reaped may still be read by the network: drain first, or abort and
 * drain.
 */
void fpgabuf_sender_destroy(struct fpgabuf_sender *sender);

/**
 * fpgabuf_sender_engine() - the engine that a sender uses
 * @sender: the sender
 * @why: NULL, or set to a sentence that says why, without a capital and a full
 *	stop; valid until the next call for this sender
 *
 * %FPGABUF_ENGINE_AUTO becomes %FPGABUF_ENGINE_COPY if there is an obstacle, see
 * fpgabuf_sender_obstacle(), or if the kernel has no zero-copy for this kind of
 * socket; else %FPGABUF_ENGINE_URING, or %FPGABUF_ENGINE_ZEROCOPY if there is no
 * io_uring.  It then copies pieces that are too short to be worth pinning.  When the
 * kernel reports that it copied after all, it copies everything for a while.
 */
enum fpgabuf_engine fpgabuf_sender_engine(const struct fpgabuf_sender *sender,
					  const char **why);

/**
 * fpgabuf_sender_obstacle() - why the kernel copies on this route
 * @sender: the sender
 *
 * Obstacles are: the peer is on this machine, the socket is not a network socket,
 * the interface is virtual, or it lacks scatter-gather or checksums.
 *
 * Returns a sentence without a capital and a full stop, valid as long as the sender,
 * or NULL if no obstacle was found when the sender was made.  There may still be one
 * that the library cannot see.
 */
const char *fpgabuf_sender_obstacle(const struct fpgabuf_sender *sender);

/**
 * fpgabuf_sender_obstacle_of() - the same, without a sender
 * @sockfd: a connected socket.  One for datagrams tells as well where a stream would
 *	go, and connect() sends nothing then
 * @text: set to the sentence, or to "" if no obstacle was found
 * @size: room for it, at least 1
 */
void fpgabuf_sender_obstacle_of(int sockfd, char *text, size_t size);

/**
 * fpgabuf_sender_register() - pin memory once, instead of with each send
 * @sender: a sender with %FPGABUF_ENGINE_URING
 * @addr: start of the memory, mapped for writing
 * @len: its length, 1 to 1 GiB
 *
 * Buffers that are wholly in this memory are then sent from it.  It stays pinned
 * until the sender is destroyed and nothing of it is in flight.  Packets then hold
 * no references to the pages.  While the memory is pinned, a driver sees all of it
 * as in use (fpgabuf refuses QUEUE with -EBUSY), and only fpgabuf_sender_reap()
 * tells which part the network still reads.
 *
 * A sender works without this call as well, so you can ignore most errors.
 *
 * Errors: -EOPNOTSUPP another engine, or memory that this kernel does not take, such
 * as regions before Linux 6.5; -EFAULT not mapped for writing; -ENOMEM beyond
 * RLIMIT_MEMLOCK; -EBUSY some memory is registered already; -EPERM another thread,
 * see %FPGABUF_SENDER_ONE_THREAD; -EINVAL.
 */
int fpgabuf_sender_register(struct fpgabuf_sender *sender, const void *addr,
			    size_t len);

/**
 * fpgabuf_sender_submit() - add a buffer to the stream
 * @sender: the sender
 * @addr: first byte; must stay mapped and unchanged until @token is reaped
 * @len: bytes, at least 1
 * @token: any number; comes back from fpgabuf_sender_reap()
 *
 * Nothing is sent before fpgabuf_sender_run().
 *
 * Errors: -EINVAL; -EAGAIN @depth buffers are held already; or the error that
 * ended the sender.
 */
int fpgabuf_sender_submit(struct fpgabuf_sender *sender, const void *addr,
			  size_t len, uint64_t token);

/**
 * fpgabuf_sender_submit_copy() - add a buffer that is too short to be pinned
 * @sender: the sender
 * @addr: first byte
 * @len: bytes, at least 1
 * @token: any number
 *
 * The same as fpgabuf_sender_submit(), but every engine sends this buffer with a
 * copy.  Use it for headers between large buffers.
 *
 * Errors: as fpgabuf_sender_submit().
 */
int fpgabuf_sender_submit_copy(struct fpgabuf_sender *sender, const void *addr,
			       size_t len, uint64_t token);

/* Most bytes of a header that fpgabuf_sender_submit_with_header() takes. */
#define FPGABUF_SENDER_HEADER	128U

/**
 * fpgabuf_sender_submit_with_header() - add a header, and a buffer behind it
 * @sender: the sender
 * @header: the header; you can change it after this call
 * @header_len: bytes of the header, 1 to %FPGABUF_SENDER_HEADER
 * @addr: the first byte of the buffer
 * @len: bytes of the buffer, at least 1
 * @token: any number; comes back once, for both
 *
 * The header leaves in the same call as the buffer, so it costs little.
 *
 * Errors: as fpgabuf_sender_submit(); -EINVAL also a bad header; -ENOMEM.
 */
int fpgabuf_sender_submit_with_header(struct fpgabuf_sender *sender,
				      const void *header, size_t header_len,
				      const void *addr, size_t len,
				      uint64_t token);

/* Pieces of fpgabuf_sender_submitv() with fewer bytes are copied. */
#define FPGABUF_SENDER_SHORT	4096U

/**
 * fpgabuf_sender_submitv() - add several pieces to the stream as one
 * @sender: the sender
 * @iov: the pieces, none of them empty; you can free the array after this call
 * @count: how many; each takes one of the places that depth gives the sender
 * @token: any number; comes back once, with the last piece
 *
 * Either all of them are added or none.  A piece of less than
 * %FPGABUF_SENDER_SHORT bytes is sent with a copy, as by
 * fpgabuf_sender_submit_copy().
 *
 * Errors: as fpgabuf_sender_submit().
 */
int fpgabuf_sender_submitv(struct fpgabuf_sender *sender,
			   const struct iovec *iov, unsigned int count,
			   uint64_t token);

/**
 * fpgabuf_sender_in_flight() - number of tokens that you have not reaped
 * @sender: the sender
 */
unsigned int fpgabuf_sender_in_flight(const struct fpgabuf_sender *sender);

/**
 * fpgabuf_sender_fd() - the descriptor of a sender, for poll(2)
 * @sender: the sender, which keeps the descriptor
 *
 * POLLIN: fpgabuf_sender_run() has something to do.  You need not poll the socket.
 */
int fpgabuf_sender_fd(const struct fpgabuf_sender *sender);

/**
 * fpgabuf_sender_run() - send what the socket takes, read what has completed
 * @sender: the sender
 *
 * Call it after fpgabuf_sender_submit(), and when fpgabuf_sender_fd() is
 * readable.  Never blocks.  The first error ends the sender, and every later call
 * returns it.  Go on calling (or drain), because the kernel still has to complete
 * what it has accepted.
 *
 * Errors: the errors of send(2) and of the connection (-EPIPE, -ECONNRESET,
 * -ETIMEDOUT, ...); -EFAULT memory that the network cannot pin; -EPROTO the kernel's
 * reports are inconsistent, so it is not known which buffers are free; -ECONNABORTED
 * fpgabuf_sender_abort().  -EPERM another thread, see %FPGABUF_SENDER_ONE_THREAD,
 * does not end the sender.
 */
int fpgabuf_sender_run(struct fpgabuf_sender *sender);

/**
 * fpgabuf_sender_abort() - reset the connection, so that buffers come back soon
 * @sender: the sender
 *
 * Ends the sender with -ECONNABORTED, unless another error has.  The kernel throws
 * away what it has accepted and not sent, and lets go of the pages.  That may take a
 * moment: go on running, or drain, and reap.
 *
 * Errors: the errors of connect(2) and shutdown(2), which are not expected.
 */
int fpgabuf_sender_abort(struct fpgabuf_sender *sender);

/**
 * fpgabuf_sender_reap() - take back a buffer
 * @sender: the sender
 * @token: set to the token of the buffer
 *
 * Buffers come back in the order in which they were submitted, each when all
 * its bytes were accepted and the kernel has let go of all its pages.  When
 * the sender has ended with an error, buffers come back unsent, too.
 *
 * That the kernel let go does not mean that the peer has the data.
 *
 * Returns 1, or 0 if no buffer is ready.
 */
int fpgabuf_sender_reap(struct fpgabuf_sender *sender, uint64_t *token);

/**
 * fpgabuf_sender_drain() - wait until every submitted buffer can be reaped
 * @sender: the sender
 * @timeout_ms: most milliseconds to wait, 0 or more
 *
 * It polls and runs the sender itself.
 *
 * Errors: -ETIMEDOUT; -EINTR a signal; -EPERM another thread; -EINVAL; or, when
 * nothing is in flight any more, the error that ended the sender.
 */
int fpgabuf_sender_drain(struct fpgabuf_sender *sender, int timeout_ms);

/**
 * fpgabuf_sender_stats() - what the sender did so far
 * @sender: the sender
 * @stats: filled in
 */
void fpgabuf_sender_stats(const struct fpgabuf_sender *sender,
			  struct fpgabuf_sender_stats *stats);

/* The path that fpgabuf_client_connect() uses if you pass NULL. */
#define FPGABUF_DEFAULT_SHARE	"/run/fpgabuf/fpgabuf0.sock"

/**
 * struct fpgabuf_client_geometry - what a server shares
 * @device: name of the capture device, NUL terminated
 * @regions: number of regions; they are numbered from 0
 * @credits: captures this client may hold at once, 1 or more
 * @region_size: bytes of every region, whole pages
 * @alignment: the length of a capture is a multiple of this, unless it has
 *	FPGABUF_CAPTURE_PARTIAL
 */
struct fpgabuf_client_geometry {
	char device[32];
	uint32_t regions;
	uint32_t credits;
	uint64_t region_size;
	uint32_t alignment;
};

/* Another name for C++, see fpgabuf_sender_stats_t */
typedef struct fpgabuf_client_geometry fpgabuf_client_geometry_t;

/**
 * struct fpgabuf_shared_capture - a capture that a server tells of
 * @index: number of the region it is in
 * @flags: FPGABUF_CAPTURE_* bits
 * @error: 0, or the negative errno of a capture with FPGABUF_CAPTURE_ERROR;
 *	its bytes are valid
 * @bytes: bytes captured, from the start of the region; at least 1
 * @sequence: number of the capture on the device
 * @timestamp_ns: CLOCK_MONOTONIC at the completion, in nanoseconds
 * @missed: captures with bytes that this client missed just before this one,
 *	because it had no credit left
 */
struct fpgabuf_shared_capture {
	uint32_t index;
	uint32_t flags;
	int32_t error;
	uint64_t bytes;
	uint64_t sequence;
	uint64_t timestamp_ns;
	uint64_t missed;
};

/**
 * fpgabuf_client_connect() - connect to a server that shares a device
 * @path: its socket, or NULL for %FPGABUF_DEFAULT_SHARE
 * @credits: most captures to hold at once; 0 = as many as the server gives.
 *	The server may give fewer, see fpgabuf_client_geometry()
 * @flags: 0, or O_NONBLOCK: fpgabuf_client_next() does not wait
 * @client: the new object; release it with fpgabuf_client_close()
 *
 * Waits for the server, at most 10 s, whatever @flags say;
 * fpgabuf_client_connect_start() does not wait.  All regions are there when it
 * returns, and captures come from now on.
 *
 * Errors: -EINVAL bad @flags; -ENAMETOOLONG; -EACCES you have no right to connect to
 * the socket, or the server does not serve this user; -EUSERS the server has no
 * credit or no place left; -EPROTONOSUPPORT the server and this library have no
 * version of the protocol in common; -EPROTO the server is not fpgabuf-share;
 * -ETIMEDOUT; -ENODEV the device has gone; -ESHUTDOWN, -ECONNRESET the server ended;
 * -EMFILE no descriptors left; -ENOMEM; and the errors of socket(2) and connect(2)
 * (-ENOENT, -ECONNREFUSED: no server there).  fpgabuf_client_strerror() explains
 * them.
 */
int fpgabuf_client_connect(const char *path, unsigned int credits, int flags,
			   struct fpgabuf_client **client);

/**
 * fpgabuf_client_connect_start() - begin to connect, without waiting
 * @path: the server's socket, or NULL for %FPGABUF_DEFAULT_SHARE
 * @credits: as for fpgabuf_client_connect()
 * @flags: as for fpgabuf_client_connect()
 * @client: the new object; until it is connected you can call only
 *	fpgabuf_client_connect_finish(), fpgabuf_client_fd() and
 *	fpgabuf_client_close()
 *
 * Errors: -EAGAIN the server has not yet accepted earlier clients, try again later;
 * and the errors of fpgabuf_client_connect() that need no answer of the server.
 */
int fpgabuf_client_connect_start(const char *path, unsigned int credits,
				 int flags, struct fpgabuf_client **client);

/**
 * fpgabuf_client_connect_finish() - go on connecting, without waiting
 * @client: the client
 *
 * Call it whenever fpgabuf_client_fd() is readable, as long as it returns -EAGAIN.
 * When it returns 0 the client is connected, as after fpgabuf_client_connect().
 *
 * Errors: -EAGAIN not yet; and the errors of fpgabuf_client_connect(), after which
 * you can only close the client.
 */
int fpgabuf_client_connect_finish(struct fpgabuf_client *client);

/**
 * fpgabuf_client_close() - disconnect, close all regions
 * @client: the client, or NULL
 *
 * The captures that it holds go back to the server, and the mappings end.  The pages
 * of packets in flight stay unchanged until the peer has them.
 */
void fpgabuf_client_close(struct fpgabuf_client *client);

/**
 * fpgabuf_client_fd() - the descriptor of a client, for poll(2)
 * @client: the client, which keeps the descriptor
 *
 * POLLIN: fpgabuf_client_next() has a result.
 */
int fpgabuf_client_fd(const struct fpgabuf_client *client);

/**
 * fpgabuf_client_geometry() - what the server shares
 * @client: the client
 * @geometry: filled in; does not change while the client lives
 */
void fpgabuf_client_geometry(const struct fpgabuf_client *client,
			     struct fpgabuf_client_geometry *geometry);

/**
 * fpgabuf_client_region() - one of the shared regions
 * @client: the client, which keeps the region; do not close it
 * @index: its number
 *
 * You can map it with PROT_READ only, if the server's driver is fpgabuf.  Read it
 * only while you hold a capture in it.
 *
 * Returns the region, or NULL if there is no region with this number.
 */
struct fpgabuf_region *
fpgabuf_client_region(const struct fpgabuf_client *client, uint32_t index);

/**
 * fpgabuf_client_next() - take the next capture from the server
 * @client: the client
 * @capture: filled in; you hold the capture until fpgabuf_client_release()
 *
 * Waits, unless the client was connected with O_NONBLOCK.  While you hold as many
 * captures as you have credits, no further capture comes.
 *
 * Errors: -EAGAIN nothing yet; -EINTR a signal; -ENOTCONN see
 * fpgabuf_client_connect_finish().  These end the client, and every later call
 * returns the same: -ESHUTDOWN the server was told to end; -ENODEV the device has
 * gone; -EIO the server can no longer capture; -ECONNRESET the server died; -EPROTO
 * the server or this client sent an invalid message.  The captures that you hold
 * stay valid until fpgabuf_client_close().
 */
int fpgabuf_client_next(struct fpgabuf_client *client,
			struct fpgabuf_shared_capture *capture);

/**
 * fpgabuf_client_release() - give a capture back
 * @client: the client
 * @index: number of the region it is in
 *
 * Nothing may read the region any more.  If you send it without a copy, release it
 * when the send has completed.
 *
 * Errors: -EINVAL you hold no capture in this region; -EAGAIN the server does not
 * read, and you still hold the capture: try again; -EPIPE the server has ended,
 * fpgabuf_client_next() says why.
 */
int fpgabuf_client_release(struct fpgabuf_client *client, uint32_t index);

/**
 * fpgabuf_client_strerror() - what an error of these calls means
 * @error: a negative errno that fpgabuf_client_connect(), fpgabuf_client_next()
 *	or fpgabuf_client_release() returned
 *
 * Returns a sentence without a capital and a full stop, for messages, or NULL
 * if it says no more than strerror(3).
 */
const char *fpgabuf_client_strerror(int error);

/**
 * struct fpgabuf_source_counts - what a source did since it was made
 * @captures: captures with bytes that were handed out
 * @bytes: bytes in them
 * @gaps: captures after the first before which samples may be missing
 * @partial: captures shorter than asked for
 * @timeouts: captures that took too long
 * @failures: captures that failed
 * @uncounted: captures without bytes, because it is not known how many came
 * @missed: captures that a server left out, because no credit was left
 * @busy_retries: how often a region could not be queued because it was in use
 * @taken: captures that are handed out now
 * @reserved: 0
 */
struct fpgabuf_source_counts {
	uint64_t captures;
	uint64_t bytes;
	uint64_t gaps;
	uint64_t partial;
	uint64_t timeouts;
	uint64_t failures;
	uint64_t uncounted;
	uint64_t missed;
	uint64_t busy_retries;
	uint64_t taken;
	uint64_t reserved[6];
};

/**
 * fpgabuf_source_of_ring() - make a source from a ring
 * @ring: the ring.  It stays yours: do not take captures from it while the source
 *	lives, and destroy it after the source
 * @source: the new object; release it with fpgabuf_source_destroy()
 *
 * A program that works on a source does not care where captures come from.
 *
 * Errors: -ENOMEM.
 */
int fpgabuf_source_of_ring(struct fpgabuf_ring *ring,
			   struct fpgabuf_source **source);

/**
 * fpgabuf_source_of_client() - make a source from a client
 * @client: the client, connected, and with O_NONBLOCK.  It stays yours: do not take
 *	or release captures while the source lives, and close it after the source
 * @source: the new object; release it with fpgabuf_source_destroy()
 *
 * Errors: -ENOMEM.
 */
int fpgabuf_source_of_client(struct fpgabuf_client *client,
			     struct fpgabuf_source **source);

/**
 * fpgabuf_source_of_region() - make a source of one capture, the bytes of a region
 * @region: the region, also an imported dma-buf.  It stays yours: close it after the
 *	source
 * @source: the new object; release it with fpgabuf_source_destroy()
 *
 * Errors: -ENOMEM.
 */
int fpgabuf_source_of_region(struct fpgabuf_region *region,
			     struct fpgabuf_source **source);

/**
 * fpgabuf_source_destroy() - release a source
 * @source: the source, or NULL
 *
 * Captures that you have not released stay with the ring or the client.
 */
void fpgabuf_source_destroy(struct fpgabuf_source *source);

/**
 * fpgabuf_source_limit() - set how much to capture
 * @source: the source
 * @captures: captures with bytes, in all; 0 = no limit
 * @bytes: bytes in all; 0 = no limit.  If the last capture has more bytes, they are
 *	not handed out
 */
void fpgabuf_source_limit(struct fpgabuf_source *source, uint64_t captures,
			  uint64_t bytes);

/**
 * fpgabuf_source_fill() - go on, without taking a capture
 * @source: the source
 *
 * fpgabuf_source_next() and fpgabuf_source_wait() do that, too.  Call this to begin
 * before you want the first capture, and after fpgabuf_source_timeout_ms() while you
 * want none.  If the source was made from a region, this call waits until no capture
 * into the region is under way.
 *
 * Errors: as fpgabuf_ring_fill(), fpgabuf_region_map() or
 * fpgabuf_region_sync_start().
 */
int fpgabuf_source_fill(struct fpgabuf_source *source);

/**
 * fpgabuf_source_next() - take the next capture
 * @source: the source
 * @capture: filled in; it is yours until fpgabuf_source_release().  A ring maps
 *	captures as its setup says; captures of a client or a region are mapped for
 *	reading
 *
 * Does not wait.  Errors: -EAGAIN there is none yet; -ENODATA none will come: the
 * limit is reached, or the source was stopped; and the errors of
 * fpgabuf_ring_take(), fpgabuf_client_next(), fpgabuf_region_map() or
 * fpgabuf_region_sync_start().
 */
int fpgabuf_source_next(struct fpgabuf_source *source,
			struct fpgabuf_capture *capture);

/**
 * fpgabuf_source_wait() - as fpgabuf_source_next(), but wait for a capture
 * @source: the source
 * @capture: filled in
 * @timeout_ms: most milliseconds to wait, or -1 for ever
 *
 * Errors: as fpgabuf_source_next(), but -ETIMEDOUT in place of -EAGAIN; -EINTR a
 * signal.
 */
int fpgabuf_source_wait(struct fpgabuf_source *source,
			struct fpgabuf_capture *capture, int timeout_ms);

/**
 * fpgabuf_source_release() - give a capture back
 * @source: the source
 * @slot: the slot of the capture
 *
 * If a server does not read at the moment, it gets the message later.
 *
 * Errors: -EINVAL it was not taken.
 */
int fpgabuf_source_release(struct fpgabuf_source *source, uint32_t slot);

/**
 * fpgabuf_source_stop() - end capturing
 * @source: the source
 *
 * You can still take the captures that a ring has.  A client and a region give no
 * more.  Errors: as fpgabuf_ring_stop().
 */
int fpgabuf_source_stop(struct fpgabuf_source *source);

/**
 * fpgabuf_source_fd() - the descriptor of a source, for poll(2)
 * @source: the source, which keeps the descriptor
 *
 * POLLIN: there may be a capture to take.  Returns -1 if there is nothing to wait
 * for, because a capture is there at once.
 */
int fpgabuf_source_fd(const struct fpgabuf_source *source);

/**
 * fpgabuf_source_timeout_ms() - the timeout of a source, for poll(2)
 * @source: the source
 *
 * After this time call fpgabuf_source_next() or fpgabuf_source_fill(), even if
 * nothing came: they try again to queue regions, or to give captures back.  -1 if
 * there are none.
 */
int fpgabuf_source_timeout_ms(struct fpgabuf_source *source);

/**
 * fpgabuf_source_regions() - number of regions
 * @source: the source
 *
 * The slot of a capture is less than this number.
 */
uint32_t fpgabuf_source_regions(const struct fpgabuf_source *source);

/**
 * fpgabuf_source_region() - a region of a source
 * @source: the source, which keeps it
 * @slot: its number, less than the number of regions
 *
 * Returns NULL if there is no such region.
 */
struct fpgabuf_region *
fpgabuf_source_region(const struct fpgabuf_source *source, uint32_t slot);

/**
 * fpgabuf_source_count() - counts of a source
 * @source: the source
 * @counts: filled in
 */
void fpgabuf_source_count(struct fpgabuf_source *source,
			  struct fpgabuf_source_counts *counts);

/**
 * fpgabuf_source_reason() - what a source waits for, or why the last call failed
 * @source: the source
 *
 * Returns one of enum fpgabuf_reason.
 */
enum fpgabuf_reason fpgabuf_source_reason(struct fpgabuf_source *source);

/**
 * fpgabuf_source_why() - the same as a sentence
 * @source: the source
 *
 * Returns a sentence without a capital and a full stop, valid until the next call
 * of this function for the source.
 */
const char *fpgabuf_source_why(struct fpgabuf_source *source);

/**
 * DOC: Framed streams
 *
 * A stream has a header before each capture.  The manual page fpgabuf_frame names
 * the document with the format.  These calls need neither a device nor a connection.
 */

/* Bytes of a header of this version, and most bytes of a header of any version */
#define FPGABUF_FRAME_HEADER_SIZE	48
#define FPGABUF_FRAME_HEADER_MAX	1024

/* Flags of a frame; the first four have the values of FPGABUF_CAPTURE_*. */
#define FPGABUF_FRAME_PARTIAL	0x0001U	/* shorter than was asked for */
#define FPGABUF_FRAME_ERROR	0x0002U	/* ended with an error */
#define FPGABUF_FRAME_TIMEOUT	0x0004U	/* this error is a timeout */
#define FPGABUF_FRAME_GAP	0x0008U	/* samples may be missing before it */
#define FPGABUF_FRAME_END	0x0100U	/* no capture: the end of the stream */
#define FPGABUF_FRAME_FLAGS	0x010fU	/* all flags */

/**
 * struct fpgabuf_frame - what a header says
 * @header_size: bytes of the header, after which the data begin; set by
 *	fpgabuf_frame_decode()
 * @flags: FPGABUF_FRAME_* bits
 * @sequence: number of the capture; one more than in the frame before, unless
 *	captures were left out between them
 * @timestamp_ns: CLOCK_MONOTONIC of the sender when the capture was complete
 * @length: bytes of the capture, which follow the header
 * @skipped: bytes of the captures that were left out just before this one
 */
struct fpgabuf_frame {
	uint16_t header_size;
	uint32_t flags;
	uint64_t sequence;
	uint64_t timestamp_ns;
	uint64_t length;
	uint64_t skipped;
};

/**
 * fpgabuf_frame_encode() - write a header
 * @frame: the fields of the header; header_size is ignored
 * @bytes: room for %FPGABUF_FRAME_HEADER_SIZE bytes
 */
void fpgabuf_frame_encode(const struct fpgabuf_frame *frame, void *bytes);

/**
 * fpgabuf_frame_decode() - read a header
 * @bytes: %FPGABUF_FRAME_HEADER_SIZE bytes
 * @frame: filled in
 *
 * The header may be longer, up to header_size bytes: skip the rest.  Check yourself
 * that sequence and skipped fit the frames before.
 *
 * Errors: -EBADMSG not a header; -EPROTONOSUPPORT the header has a version that is
 * not compatible with this one.
 */
int fpgabuf_frame_decode(const void *bytes, struct fpgabuf_frame *frame);

/* Bytes of a header with the clocks, and of a header that asks for a receipt */
#define FPGABUF_FRAME_CLOCK_SIZE	72
#define FPGABUF_FRAME_ASK_SIZE		56

/**
 * struct fpgabuf_frame_clock - how far CLOCK_MONOTONIC is behind other clocks
 * @utc_ns: add this to a timestamp for CLOCK_REALTIME; nanoseconds
 * @tai_ns: the same for CLOCK_TAI; equal to @utc_ns if the sender's kernel does not
 *	know the difference
 */
struct fpgabuf_frame_clock {
	int64_t utc_ns;
	int64_t tai_ns;
};

/**
 * fpgabuf_frame_read_clock() - read both differences on this machine, now
 * @clock: filled in
 */
void fpgabuf_frame_read_clock(struct fpgabuf_frame_clock *clock);

/**
 * fpgabuf_frame_put_clock() - write the clocks into a header
 * @clock: both differences
 * @header: a header from fpgabuf_frame_encode(), with room for
 *	%FPGABUF_FRAME_CLOCK_SIZE bytes, which it has afterwards.  Old receivers skip
 *	what is added
 */
void fpgabuf_frame_put_clock(const struct fpgabuf_frame_clock *clock,
			     void *header);

/**
 * fpgabuf_frame_get_clock() - read the clocks from a header
 * @header: the whole header
 * @size: its bytes
 * @clock: filled in
 *
 * Errors: -ENODATA the header does not have the clocks.
 */
int fpgabuf_frame_get_clock(const void *header, size_t size,
			    struct fpgabuf_frame_clock *clock);

/**
 * fpgabuf_frame_ask_receipt() - ask the receiver for a receipt
 * @header: the header of the end, with room for %FPGABUF_FRAME_ASK_SIZE bytes,
 *	which it has afterwards.  Old receivers skip what is added
 */
void fpgabuf_frame_ask_receipt(void *header);

/**
 * fpgabuf_frame_asks_receipt() - does a header ask for a receipt?
 * @header: the whole header
 * @size: its bytes
 *
 * Returns 1, or 0.
 */
int fpgabuf_frame_asks_receipt(const void *header, size_t size);

/* Bytes of a receipt */
#define FPGABUF_FRAME_RECEIPT_SIZE	32

/**
 * enum fpgabuf_frame_stored - what a receipt says
 * @FPGABUF_FRAME_STORED: the stream was complete, and the receiver has stored it
 * @FPGABUF_FRAME_PROMISED: another receipt will follow
 * @FPGABUF_FRAME_FAILED: the stream failed a check, or could not be stored
 */
enum fpgabuf_frame_stored {
	FPGABUF_FRAME_STORED,
	FPGABUF_FRAME_PROMISED,
	FPGABUF_FRAME_FAILED,
};

/**
 * struct fpgabuf_frame_receipt - what a receiver sends back
 * @status: one of enum fpgabuf_frame_stored
 * @captures: captures that have come
 * @bytes: bytes of samples in them
 */
struct fpgabuf_frame_receipt {
	uint32_t status;
	uint64_t captures;
	uint64_t bytes;
};

/**
 * fpgabuf_frame_encode_receipt() - write a receipt
 * @receipt: the fields of the receipt
 * @bytes: room for %FPGABUF_FRAME_RECEIPT_SIZE bytes
 */
void fpgabuf_frame_encode_receipt(const struct fpgabuf_frame_receipt *receipt,
				  void *bytes);

/**
 * fpgabuf_frame_decode_receipt() - read a receipt
 * @bytes: %FPGABUF_FRAME_RECEIPT_SIZE bytes
 * @receipt: filled in
 *
 * Errors: -EBADMSG not a receipt, or a receipt with an unknown version.
 */
int fpgabuf_frame_decode_receipt(const void *bytes,
				 struct fpgabuf_frame_receipt *receipt);

#ifdef __cplusplus
}
#endif

#endif /* FPGABUF_FPGABUF_H */
