/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * DOC: libfpgabuf - capture from an FPGA, send without a copy
 *
 * Rules of all calls:
 *
 * - A call that can fail returns a negative errno and leaves its outputs
 *   alone; nothing is printed and errno is not part of the interface.
 * - Lengths and sizes are bytes.
 * - There is no global state.  Two threads may use two objects at the same
 *   time; one object must not be used by two threads at the same time, but for a
 *   device: any threads may use it while it is open, so that one can queue while
 *   another waits for captures.  A region is queued by one of them at a time, and a
 *   device is closed when nobody uses it any more.  The same is true of a ring, and
 *   of a source that is made of one.
 * - The structures of <linux/fpgabuf.h> are used as they are.  If one of them
 *   grows, the calls that take it get a new symbol version.
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
 * Returns such a number as %FPGABUF_VERSION_NUMBER.  It may be higher than that: a
 * newer library has all calls of the older ones.
 */
unsigned int fpgabuf_version(void);

struct fpgabuf_client;
struct fpgabuf_device;
struct fpgabuf_region;
struct fpgabuf_ring;
struct fpgabuf_sender;
struct fpgabuf_source;

/* What fpgabuf_device_open() opens if it is given no path. */
#define FPGABUF_DEFAULT_DEVICE	"/dev/fpgabuf0"

/**
 * fpgabuf_device_open() - open a capture device
 * @path: device node, or NULL for %FPGABUF_DEFAULT_DEVICE
 * @flags: 0, or O_NONBLOCK: fpgabuf_device_dequeue() does not wait
 * @device: the new object; release it with fpgabuf_device_close()
 *
 * Errors: -EINVAL bad flags; -ENOTTY @path is not an fpgabuf device; -ENOMEM;
 * and those of open(2).
 */
int fpgabuf_device_open(const char *path, int flags,
			struct fpgabuf_device **device);

/**
 * fpgabuf_device_open_fd() - make a device of a descriptor that is open already
 * @fd: descriptor of a device node, open for reading and writing; belongs to the
 *	device once this succeeds
 * @device: the new object; release it with fpgabuf_device_close()
 *
 * For a descriptor that somebody with more rights has opened and passed.  If it
 * has O_NONBLOCK, fpgabuf_device_dequeue() does not wait.
 *
 * Errors: -ENOTTY @fd is not an fpgabuf device; -EBADF; -ENOMEM.
 */
int fpgabuf_device_open_fd(int fd, struct fpgabuf_device **device);

/**
 * fpgabuf_device_close() - close a device
 * @device: the device, or NULL
 *
 * Captures that are still queued end.  Regions live on until they are closed
 * themselves.
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
 * Answers also when the device has gone.  Errors: none.
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
 * @access: what the region may be mapped for, here and by who is passed its
 *	descriptor: O_RDONLY or O_RDWR
 * @region: the new object; release it with fpgabuf_region_close()
 *
 * With O_RDWR the same as fpgabuf_device_alloc().
 *
 * Errors: as fpgabuf_device_alloc().
 */
int fpgabuf_device_alloc_access(struct fpgabuf_device *device, uint64_t size,
				int access, struct fpgabuf_region **region);

/**
 * fpgabuf_device_alloc_with() - make a region, with all that ALLOC can do
 * @device: the device
 * @args: size, flags (FPGABUF_ALLOC_SCATTER) and fd_flags (O_RDONLY or O_RDWR) of
 *	the region; all that is not used is 0.  Filled in: its size, backend and
 *	chunks, and the descriptor, which is the region's
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
 * the channel cannot be stopped and the FPGA still has it; -ENOBUFS there is no
 * room for one more, try again after fpgabuf_device_dequeue(); -EMSGSIZE @length is
 * more than the DMA controller takes; -EIO it refused the transfer, or it did not
 * stop earlier; -EXDEV, -EUSERS, -EINVAL, -ENODEV as for FPGABUF_IOC_QUEUE; -EINTR
 * very many signals: one does not end this call, as it waits for nothing that takes
 * long.
 */
int fpgabuf_device_queue(struct fpgabuf_device *device,
			 const struct fpgabuf_region *region, uint64_t length,
			 uint64_t cookie);

/**
 * fpgabuf_device_queue_with() - hand over a region, with all that QUEUE can do
 * @device: the device the region came from
 * @region: the region
 * @args: cookie, length, timeout_ms and flags; all that is not used is 0, and
 *	the descriptor is that of @region, whatever is here
 *
 * A timeout_ms of 0 stands for info.default_timeout_ms.
 *
 * Errors: as fpgabuf_device_queue(), and -EINVAL bad flags or timeout.
 */
int fpgabuf_device_queue_with(struct fpgabuf_device *device,
			      const struct fpgabuf_region *region,
			      const struct fpgabuf_queue *args);

/**
 * fpgabuf_device_dequeue() - take the oldest finished capture
 * @device: the device
 * @capture: filled in; a failed capture is a success of this call, see its
 *	status and error.  Its bytes can be 0 although it did not fail
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
 * @canceled: set to the number of captures ended, or NULL; each of them is
 *	there to be dequeued, with error -ECANCELED
 *
 * Errors: -ENODEV.
 */
int fpgabuf_device_cancel(struct fpgabuf_device *device, uint32_t *canceled);

/**
 * fpgabuf_device_region_info() - what a region is and who holds it
 * @device: the device the region came from
 * @region: the region
 * @info: filled in
 *
 * Answers also when the device has gone.
 *
 * Errors: -EXDEV not a region of this device; -EINVAL not a region at all.
 */
int fpgabuf_device_region_info(struct fpgabuf_device *device,
			       const struct fpgabuf_region *region,
			       struct fpgabuf_region_info *info);

/**
 * fpgabuf_region_import() - make a region of a dma-buf that came from elsewhere
 * @fd: descriptor of any dma-buf; belongs to the region once this succeeds
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
 * address space; and those of mmap(2).
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
 * @prot: what will be done: PROT_READ, PROT_WRITE or both
 *
 * Needed when a device other than the capturing one works on the region, or
 * before the CPU writes; a capture that was dequeued is visible without it.
 *
 * Errors: -EINVAL bad @prot; -EINTR too many signals; and those of
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
 * @access: what others may map them for: O_RDONLY or O_RDWR
 * @prot: how they are mapped here: PROT_READ, PROT_WRITE or both; 0 = not at all
 * @alloc_flags: FPGABUF_ALLOC_* bits
 * @region_size: bytes of each; 0 = %FPGABUF_RING_REGION_SIZE, or what the DMA
 *	controller takes as one capture if that is less
 * @length: bytes of a capture, a multiple of info.alignment; 0 = a whole region,
 *	or what the DMA controller takes of one that nobody has asked to be larger
 * @timeout_ms: how long a capture may take; 0 = info.default_timeout_ms
 * @max_failures: so many captures that fail in a row are the end; 0 = none is
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
	uint32_t reserved[6];
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
 * @sequence: its number: 0, 1, 2 and so on, without those that were not handed out
 * @timestamp_ns: CLOCK_MONOTONIC when it was complete
 * @status: FPGABUF_CAPTURE_* bits; a gap before a capture without bytes, which is
 *	not handed out, is told with the next one
 * @error: why it has failed, a negative errno, or 0; -ETIMEDOUT, -ESHUTDOWN,
 *	-ECANCELED and -ENODEV are no failure: what had come by then is good
 * @slot: the region, for fpgabuf_ring_give() and fpgabuf_ring_region()
 * @failures: captures that have failed in a row, up to this one; 0 = this has not
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
 * @captures: handed out, with bytes
 * @bytes: in them
 * @gaps: captures behind the first before which samples may be missing
 * @partial: captures shorter than asked for
 * @timeouts: captures that took too long
 * @failures: captures that failed
 * @uncounted: captures without bytes because nobody knows how many came
 * @busy_retries: refusals of regions that were still in use
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
 * @FPGABUF_SLOT_KEPT: given back, but the DMA channel has kept it for 2 s or more,
 *	and cannot be stopped: it comes back when the FPGA has filled it
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
 * @importers: devices that have it attached, if it is busy
 * @page_references: references that others have to its pages, if it is busy
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
 * enum fpgabuf_reason - what is being waited for, or why the last call failed
 * @FPGABUF_REASON_END: nothing is: no capture will come any more
 * @FPGABUF_REASON_CAPTURE: the FPGA, or another program that captures
 * @FPGABUF_REASON_TAKEN: the program, which has all regions
 * @FPGABUF_REASON_BUSY: somebody who still uses regions that were given back
 * @FPGABUF_REASON_QUEUE: failed: a region cannot be queued
 * @FPGABUF_REASON_DEQUEUE: failed: no capture can be had any more
 * @FPGABUF_REASON_CANCEL: failed: the captures cannot be ended
 * @FPGABUF_REASON_NONSENSE: failed: a capture came that was not asked for
 * @FPGABUF_REASON_STUCK: failed: the DMA channel did not stop, and keeps a region
 * @FPGABUF_REASON_FAILURES: failed: too many captures failed in a row
 * @FPGABUF_REASON_SERVER: failed: the server that captures has ended, or is none
 * @FPGABUF_REASON_MAP: failed: a region cannot be read here
 *
 * There may be more in later versions.
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
 * @device: a device that was opened with O_NONBLOCK; stays the caller's, who leaves
 *	QUEUE, DEQUEUE and CANCEL to the ring and closes it behind the ring
 * @setup: what it is made of
 * @ring: the new object; release it with fpgabuf_ring_destroy()
 *
 * A ring keeps all regions queued that nobody has: what was given back at once, or
 * as soon as its pages are no more in use.  The first ones are queued when the first
 * capture is asked for.
 *
 * Errors: -EINVAL @setup, or @device waits; -EMSGSIZE a region is shorter than the
 * shortest capture; -ENOMEM; those of fpgabuf_device_alloc() and
 * fpgabuf_region_map().
 */
int fpgabuf_ring_create(struct fpgabuf_device *device,
			const struct fpgabuf_ring_setup *setup,
			struct fpgabuf_ring **ring);

/**
 * fpgabuf_ring_grow() - make more regions, of the same kind
 * @ring: the ring, which no other thread uses at the moment
 * @regions: how many there shall be in all, at most %FPGABUF_RING_MAX_REGIONS
 *
 * If there is not memory for all of them, the ring keeps those that it could have:
 * see fpgabuf_ring_regions().
 *
 * Errors: -EINVAL too many; -ENOMEM; those of fpgabuf_device_alloc() and
 * fpgabuf_region_map().
 */
int fpgabuf_ring_grow(struct fpgabuf_ring *ring, uint32_t regions);

/**
 * fpgabuf_ring_destroy() - end all captures and release the regions
 * @ring: the ring, or NULL
 */
void fpgabuf_ring_destroy(struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_limit() - how much shall be captured
 * @ring: the ring
 * @captures: with bytes, in all; 0 = no limit
 * @bytes: in all; 0 = no limit.  What the last capture has more, because its length
 *	must be aligned, is not handed out
 */
void fpgabuf_ring_limit(struct fpgabuf_ring *ring, uint64_t captures,
			uint64_t bytes);

/**
 * fpgabuf_ring_fill() - queue what is idle
 * @ring: the ring
 *
 * fpgabuf_ring_take() and fpgabuf_ring_wait() do that, too.  Call this to begin
 * before you want the first capture, and when fpgabuf_ring_timeout_ms() is over
 * while you want none.
 *
 * Errors: -EIO the DMA channel did not stop, and keeps a region; and those of
 * fpgabuf_device_queue(), but not -EBUSY.
 */
int fpgabuf_ring_fill(struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_take() - take the oldest finished capture, and queue what is idle
 * @ring: the ring
 * @capture: filled in; it belongs to the caller until fpgabuf_ring_give().  That it
 *	has failed is its error, and the ring goes on
 *
 * Does not wait.  Errors: -EAGAIN there is none yet; -ENODATA nor will there be one:
 * the limit is reached, or the ring was stopped; -ENODEV the device has gone; -EIO the
 * DMA channel did not stop, and keeps a region, or too many captures failed in a row;
 * and those of fpgabuf_device_queue().
 */
int fpgabuf_ring_take(struct fpgabuf_ring *ring,
		      struct fpgabuf_capture *capture);

/**
 * fpgabuf_ring_wait() - the same, and wait for it
 * @ring: the ring
 * @capture: filled in
 * @timeout_ms: how long at most, or -1
 *
 * Errors: as fpgabuf_ring_take(), but -ETIMEDOUT in place of -EAGAIN; -EINTR a
 * signal.
 */
int fpgabuf_ring_wait(struct fpgabuf_ring *ring,
		      struct fpgabuf_capture *capture, int timeout_ms);

/**
 * fpgabuf_ring_give() - give a capture back, for the next one
 * @ring: the ring
 * @slot: of a capture that was taken
 *
 * Any thread may do that.  Errors: -EINVAL it was not taken.
 */
int fpgabuf_ring_give(struct fpgabuf_ring *ring, uint32_t slot);

/**
 * fpgabuf_ring_fd() - what becomes readable when there may be a capture to take
 * @ring: the ring, which keeps the descriptor
 *
 * It is that of the device.
 */
int fpgabuf_ring_fd(const struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_timeout_ms() - when to call fpgabuf_ring_take() though nothing came
 * @ring: the ring
 *
 * For poll(2): a region that is still in use is tried again then, as no event tells
 * when it is free.  -1 if there is none.
 */
int fpgabuf_ring_timeout_ms(struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_stop() - end capturing
 * @ring: the ring
 *
 * What has come by now can still be taken.  Errors: -ENODEV.
 */
int fpgabuf_ring_stop(struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_start() - go on capturing after fpgabuf_ring_stop()
 * @ring: the ring, of which you have taken what had come
 *
 * The next call that queues regions queues them again.
 */
void fpgabuf_ring_start(struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_regions() - how many regions a ring has
 * @ring: the ring
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
 * @slot: its number, less than the number of regions
 *
 * Returns NULL if there is no such region.
 */
struct fpgabuf_region *fpgabuf_ring_region(const struct fpgabuf_ring *ring,
					   uint32_t slot);

/**
 * fpgabuf_ring_count() - what a ring did, and what it has
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
 * fpgabuf_ring_reason() - why the last call failed, or what is being waited for
 * @ring: the ring
 *
 * Returns one of enum fpgabuf_reason.
 */
enum fpgabuf_reason fpgabuf_ring_reason(struct fpgabuf_ring *ring);

/**
 * fpgabuf_ring_why() - the same in words
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
 * @bytes: bytes the socket accepted
 * @sends: send calls that accepted at least one byte, of every kind
 * @zerocopy_sends: those of them that were to be without a copy
 * @registered_sends: those of these from registered memory
 * @completions: zero-copy sends the kernel reported as completed
 * @copied: completions labelled "copied after all"; of the copies that are made
 *	to cut packets for a device without scatter-gather the kernel does not
 *	know, see fpgabuf_sender_obstacle()
 * @copied_exact: 1: @copied is all that the kernel knows of.  0: it is less, as with
 *	MSG_ZEROCOPY: TCP merges adjacent reports and keeps the label of the
 *	first one only.  It is exact all the same if no send is made before the
 *	completion of the last one was read
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
 * The same by a name of its own: in C++ a function hides a structure that is
 * called like it.
 */
typedef struct fpgabuf_sender_stats fpgabuf_sender_stats_t;

/* Most buffers a sender can be made to hold. */
#define FPGABUF_SENDER_MAX_DEPTH	65536U

/**
 * fpgabuf_sender_create() - make a sender for a connected stream socket
 * @sockfd: the socket; stays the caller's and must outlive the sender.  It may
 *	be blocking, the sender never blocks.  While the sender lives, nobody
 *	else may send on it or read its error queue, and it must not have sent
 *	with MSG_ZEROCOPY before
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
 *	The thread that makes the sender is the only one that runs it.  Since
 *	Linux 6.1 io_uring then interrupts nothing that this thread waits for.
 *	Without the flag, what it has to tell ends epoll_wait(2) and some other
 *	calls of that thread with EINTR though there was no signal.  With it, only
 *	the end of a sender can do that, once.
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
 * fpgabuf_sender_engine() - what a sender sends with
 * @sender: the sender
 * @why: set to a sentence that says why it is this one, without a capital and
 *	a full stop; valid until the next call for this sender.  Or NULL
 *
 * %FPGABUF_ENGINE_AUTO becomes %FPGABUF_ENGINE_COPY if there is an obstacle, see
 * fpgabuf_sender_obstacle(), or if the kernel has no zero-copy for this kind of
 * socket; else %FPGABUF_ENGINE_URING, or where there is no io_uring
 * %FPGABUF_ENGINE_ZEROCOPY.  These then copy pieces that are too short to be worth
 * pinning, and everything from the moment when the kernel reports that it copied
 * after all.
 */
enum fpgabuf_engine fpgabuf_sender_engine(const struct fpgabuf_sender *sender,
					  const char **why);

/**
 * fpgabuf_sender_obstacle() - what turns zero-copy into a copy on this route
 * @sender: the sender
 *
 * That is: the peer is on this machine, the socket is none of the network, the
 * interface is a virtual one, or it lacks scatter-gather or checksums.
 *
 * Returns such a sentence as fpgabuf_sender_engine(), valid as long as the
 * sender, or NULL if nothing was found when the sender was made.  Then there
 * may still be something farther down.
 */
const char *fpgabuf_sender_obstacle(const struct fpgabuf_sender *sender);

/**
 * fpgabuf_sender_register() - pin memory once, instead of with each send
 * @sender: a sender with %FPGABUF_ENGINE_URING
 * @addr: start of the memory, mapped for writing
 * @len: its length, 1 to 1 GiB
 *
 * Whatever is submitted and lies in it as a whole is sent from there.  It stays
 * pinned as long as the sender lives and anything of it is in flight.  Packets
 * then hold no references to the pages: while the memory is pinned all of it is
 * in use for a driver that looks (fpgabuf answers -EBUSY to QUEUE), and nothing
 * but fpgabuf_sender_reap() tells which part the network still reads.
 *
 * A sender works the same without it, so most errors need no attention.
 *
 * Errors: -EOPNOTSUPP another engine, or memory this kernel does not take (that
 * of files, which regions are, before Linux 6.5); -EFAULT not mapped for
 * writing; -ENOMEM beyond RLIMIT_MEMLOCK; -EBUSY some is registered already;
 * -EPERM another thread, see %FPGABUF_SENDER_ONE_THREAD; -EINVAL.
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
 * The same as fpgabuf_sender_submit(), but every engine sends this one by a
 * copy.  For headers between large buffers.
 *
 * Errors: as fpgabuf_sender_submit().
 */
int fpgabuf_sender_submit_copy(struct fpgabuf_sender *sender, const void *addr,
			       size_t len, uint64_t token);

/* Pieces of fpgabuf_sender_submitv() with fewer bytes are copied. */
#define FPGABUF_SENDER_SHORT	4096U

/**
 * fpgabuf_sender_submitv() - add several pieces to the stream as one
 * @sender: the sender
 * @iov: the pieces, none of them empty; the array itself is not kept
 * @count: how many, 1 to the depth of the sender, of which each takes one
 * @token: any number; comes back once, when the last of them does
 *
 * Either all of them are added or none.  A piece of less than
 * %FPGABUF_SENDER_SHORT bytes is copied when it is sent, as by
 * fpgabuf_sender_submit_copy().
 *
 * Errors: as fpgabuf_sender_submit().
 */
int fpgabuf_sender_submitv(struct fpgabuf_sender *sender,
			   const struct iovec *iov, unsigned int count,
			   uint64_t token);

/**
 * fpgabuf_sender_in_flight() - how many tokens are still to come back
 * @sender: the sender
 *
 * Returns the number of submissions that were not reaped.
 */
unsigned int fpgabuf_sender_in_flight(const struct fpgabuf_sender *sender);

/**
 * fpgabuf_sender_fd() - the descriptor of a sender, for poll(2)
 * @sender: the sender, which keeps the descriptor
 *
 * POLLIN: fpgabuf_sender_run() has something to do.  The socket itself need not
 * be polled.
 */
int fpgabuf_sender_fd(const struct fpgabuf_sender *sender);

/**
 * fpgabuf_sender_run() - send what the socket takes, read what has completed
 * @sender: the sender
 *
 * Call it after fpgabuf_sender_submit(), and when fpgabuf_sender_fd() is
 * readable.  Never blocks.  The first error ends the sender and is returned
 * ever after; go on calling (or drain), because what was accepted still has to
 * complete.
 *
 * Errors: those of send(2) and of the connection (-EPIPE, -ECONNRESET,
 * -ETIMEDOUT, ...); -EFAULT memory the network cannot pin; -EPROTO the kernel's
 * reports make no sense, so that nothing more is known about the buffers;
 * -ECONNABORTED fpgabuf_sender_abort().  One does not end it: -EPERM another
 * thread, see %FPGABUF_SENDER_ONE_THREAD.
 */
int fpgabuf_sender_run(struct fpgabuf_sender *sender);

/**
 * fpgabuf_sender_abort() - reset the connection, so that buffers come back soon
 * @sender: the sender
 *
 * Ends the sender with -ECONNABORTED, unless another error has.  What the
 * socket had accepted and not sent is thrown away, and the kernel lets go of
 * the pages, which may take a moment: go on running, or drain, and reap.
 *
 * Errors: those of connect(2) and shutdown(2); none are to be expected.
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
 * Does the waiting and the running itself.
 *
 * Errors: -ETIMEDOUT; -EINTR a signal; -EPERM another thread; -EINVAL; or the
 * error that ended the sender, once nothing is in flight any more.
 */
int fpgabuf_sender_drain(struct fpgabuf_sender *sender, int timeout_ms);

/**
 * fpgabuf_sender_stats() - what the sender did so far
 * @sender: the sender
 * @stats: filled in
 */
void fpgabuf_sender_stats(const struct fpgabuf_sender *sender,
			  struct fpgabuf_sender_stats *stats);

/* What fpgabuf_client_connect() connects to if it is given no path. */
#define FPGABUF_DEFAULT_SHARE	"/run/fpgabuf/fpgabuf0.sock"

/**
 * struct fpgabuf_client_geometry - what a server shares
 * @device: name of the capture device, NUL terminated
 * @regions: number of regions; they are numbered from 0
 * @credits: captures this client may hold at once, 1 or more
 * @region_size: bytes of every region, whole pages
 * @alignment: captures are a multiple of so many bytes long, unless they have
 *	FPGABUF_CAPTURE_PARTIAL
 */
struct fpgabuf_client_geometry {
	char device[32];
	uint32_t regions;
	uint32_t credits;
	uint64_t region_size;
	uint32_t alignment;
};

/* By a name of its own, as fpgabuf_sender_stats_t */
typedef struct fpgabuf_client_geometry fpgabuf_client_geometry_t;

/**
 * struct fpgabuf_shared_capture - a capture that a server tells of
 * @index: number of the region it is in
 * @flags: FPGABUF_CAPTURE_* bits
 * @error: 0, or the negative errno of a capture with FPGABUF_CAPTURE_ERROR;
 *	what it has is valid
 * @bytes: bytes captured, from the start of the region; at least 1
 * @sequence: number of the capture on the device
 * @timestamp_ns: CLOCK_MONOTONIC at the completion, in nanoseconds
 * @missed: captures with bytes that this client was not told of since the one
 *	before, because it had no credit left
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
 * Waits for the server, at most 10 s, whatever @flags say: who must not wait uses
 * fpgabuf_client_connect_start().  All regions are there when it returns; captures
 * are told of from now on.
 *
 * Errors: -EINVAL bad @flags; -ENAMETOOLONG; -EACCES the socket may not be
 * connected to, or the server does not serve this user; -EUSERS the server has
 * no credit or no place left; -EPROTONOSUPPORT it speaks no version of the
 * protocol that this library does; -EPROTO it is no fpgabuf-share; -ETIMEDOUT;
 * -ENODEV the device has gone; -ESHUTDOWN, -ECONNRESET the server ended;
 * -EMFILE no descriptors left; -ENOMEM; and those of socket(2) and connect(2)
 * (-ENOENT, -ECONNREFUSED: no server there).  fpgabuf_client_strerror() has a
 * sentence for each.
 */
int fpgabuf_client_connect(const char *path, unsigned int credits, int flags,
			   struct fpgabuf_client **client);

/**
 * fpgabuf_client_connect_start() - begin to connect, without waiting
 * @path: its socket, or NULL for %FPGABUF_DEFAULT_SHARE
 * @credits: as for fpgabuf_client_connect()
 * @flags: as for fpgabuf_client_connect()
 * @client: the new object, with which nothing can be done but
 *	fpgabuf_client_connect_finish(), fpgabuf_client_fd() and
 *	fpgabuf_client_close()
 *
 * Errors: -EAGAIN the server has not yet accepted those who came before, try again
 * later; and those of fpgabuf_client_connect() that need no answer.
 */
int fpgabuf_client_connect_start(const char *path, unsigned int credits,
				 int flags, struct fpgabuf_client **client);

/**
 * fpgabuf_client_connect_finish() - go on connecting, without waiting
 * @client: the client
 *
 * Call it when fpgabuf_client_fd() is readable, until it does not return -EAGAIN.
 * When it has returned 0 the client is as after fpgabuf_client_connect().
 *
 * Errors: -EAGAIN not yet; and those of fpgabuf_client_connect(), with which the
 * client is of no use any more.
 */
int fpgabuf_client_connect_finish(struct fpgabuf_client *client);

/**
 * fpgabuf_client_close() - disconnect, close all regions
 * @client: the client, or NULL
 *
 * All captures it holds go back to the server; their mappings go.  What the
 * network still sends of them is sent unchanged.
 */
void fpgabuf_client_close(struct fpgabuf_client *client);

/**
 * fpgabuf_client_fd() - the descriptor of a client, for poll(2)
 * @client: the client, which keeps the descriptor
 *
 * POLLIN: fpgabuf_client_next() has something to say.
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
 * It can be mapped with PROT_READ only, if the server's driver is fpgabuf.  A
 * region is to be read only while a capture in it is held.
 *
 * Returns the region, or NULL if there is none of that number.
 */
struct fpgabuf_region *
fpgabuf_client_region(const struct fpgabuf_client *client, uint32_t index);

/**
 * fpgabuf_client_next() - take the next capture that the server tells of
 * @client: the client
 * @capture: filled in; the capture is held until fpgabuf_client_release()
 *
 * Waits, unless the client was connected with O_NONBLOCK.  When all credits are
 * used up nothing comes before one is given back.
 *
 * What ends the client is returned ever after; captures that are held stay
 * valid then, until fpgabuf_client_close().
 *
 * Errors: -EAGAIN nothing yet; -EINTR a signal; -ENOTCONN see
 * fpgabuf_client_connect_finish().  These end the client:
 * -ESHUTDOWN the server was told to end; -ENODEV the device has gone; -EIO
 * capturing failed for good; -ECONNRESET the server died; -EPROTO it, or this
 * client, said something that makes no sense.
 */
int fpgabuf_client_next(struct fpgabuf_client *client,
			struct fpgabuf_shared_capture *capture);

/**
 * fpgabuf_client_release() - give a capture back
 * @client: the client
 * @index: number of the region it is in
 *
 * Nothing may read the region any more: release a capture that is sent without
 * a copy when its send has completed.
 *
 * Errors: -EINVAL no capture is held there; -EAGAIN the server does not read:
 * the capture stays held, try again; -EPIPE the server has ended, see
 * fpgabuf_client_next() for why.
 */
int fpgabuf_client_release(struct fpgabuf_client *client, uint32_t index);

/**
 * fpgabuf_client_strerror() - what an error of these calls means
 * @error: a negative errno that fpgabuf_client_connect(), fpgabuf_client_next()
 *	or fpgabuf_client_release() returned
 *
 * Returns a sentence without a capital and a full stop, for messages, or NULL
 * if strerror(3) says all there is to say.
 */
const char *fpgabuf_client_strerror(int error);

/**
 * struct fpgabuf_source_counts - what a source did since it was made
 * @captures: handed out, with bytes
 * @bytes: in them
 * @gaps: captures behind the first before which samples may be missing
 * @partial: captures shorter than asked for
 * @timeouts: captures that took too long
 * @failures: captures that failed
 * @uncounted: captures without bytes because nobody knows how many came
 * @missed: captures that a server could not tell of in time
 * @busy_retries: refusals of regions that were still in use
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
 * fpgabuf_source_of_ring() - a stream of the captures that a ring makes
 * @ring: the ring; stays the caller's, who takes no captures of it and destroys it
 *	behind the source
 * @source: the new object; release it with fpgabuf_source_destroy()
 *
 * A program that works on a source does not care where captures come from.
 *
 * Errors: -ENOMEM.
 */
int fpgabuf_source_of_ring(struct fpgabuf_ring *ring,
			   struct fpgabuf_source **source);

/**
 * fpgabuf_source_of_client() - a stream of the captures that a server shares
 * @client: connected, and with O_NONBLOCK; stays the caller's, who neither takes
 *	captures of it nor gives them back, and closes it behind the source
 * @source: the new object; release it with fpgabuf_source_destroy()
 *
 * Errors: -ENOMEM.
 */
int fpgabuf_source_of_client(struct fpgabuf_client *client,
			     struct fpgabuf_source **source);

/**
 * fpgabuf_source_of_region() - a stream of one capture: what is in a region now
 * @region: the region, as any dma-buf that was imported; stays the caller's, who
 *	closes it behind the source
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
 * Captures that have not been released stay with what the source was made of.
 */
void fpgabuf_source_destroy(struct fpgabuf_source *source);

/**
 * fpgabuf_source_limit() - how much there shall be
 * @source: the source
 * @captures: with bytes, in all; 0 = no limit
 * @bytes: in all; 0 = no limit.  What the last capture has more is not handed out
 */
void fpgabuf_source_limit(struct fpgabuf_source *source, uint64_t captures,
			  uint64_t bytes);

/**
 * fpgabuf_source_fill() - get on, without taking a capture
 * @source: the source
 *
 * fpgabuf_source_next() and fpgabuf_source_wait() do that, too.  Call this to begin
 * before you want the first capture, and when fpgabuf_source_timeout_ms() is over
 * while you want none.  Waits for what else may still write to a region, if that is
 * what the source was made of.
 *
 * Errors: as fpgabuf_ring_fill(), fpgabuf_region_map() or
 * fpgabuf_region_sync_start().
 */
int fpgabuf_source_fill(struct fpgabuf_source *source);

/**
 * fpgabuf_source_next() - take the next capture
 * @source: the source
 * @capture: filled in; it belongs to the caller until fpgabuf_source_release().
 *	Captures of a client or a region are mapped for reading, those of a ring as
 *	its setup says
 *
 * Does not wait.  Errors: -EAGAIN there is none yet; -ENODATA nor will there be one:
 * the limit is reached, or the source was stopped; and those of fpgabuf_ring_take(),
 * fpgabuf_client_next(), fpgabuf_region_map() or fpgabuf_region_sync_start().
 */
int fpgabuf_source_next(struct fpgabuf_source *source,
			struct fpgabuf_capture *capture);

/**
 * fpgabuf_source_wait() - the same, and wait for it
 * @source: the source
 * @capture: filled in
 * @timeout_ms: how long at most, or -1
 *
 * Errors: as fpgabuf_source_next(), but -ETIMEDOUT in place of -EAGAIN; -EINTR a
 * signal.
 */
int fpgabuf_source_wait(struct fpgabuf_source *source,
			struct fpgabuf_capture *capture, int timeout_ms);

/**
 * fpgabuf_source_release() - nobody uses a capture any more
 * @source: the source
 * @slot: of the capture
 *
 * A server that cannot be told at the moment is told later.
 *
 * Errors: -EINVAL it was not taken.
 */
int fpgabuf_source_release(struct fpgabuf_source *source, uint32_t slot);

/**
 * fpgabuf_source_stop() - end
 * @source: the source
 *
 * What a ring has by now can still be taken; of a client or a region nothing more
 * is.  Errors: as fpgabuf_ring_stop().
 */
int fpgabuf_source_stop(struct fpgabuf_source *source);

/**
 * fpgabuf_source_fd() - what becomes readable when there may be a capture to take
 * @source: the source, which keeps the descriptor
 *
 * Returns -1 if there is nothing to wait for: then a capture is there at once.
 */
int fpgabuf_source_fd(const struct fpgabuf_source *source);

/**
 * fpgabuf_source_timeout_ms() - when to go on though nothing came
 * @source: the source
 *
 * For poll(2): what could not be queued or given back is tried again then, by
 * fpgabuf_source_next() or fpgabuf_source_fill().  -1 if there is nothing.
 */
int fpgabuf_source_timeout_ms(struct fpgabuf_source *source);

/**
 * fpgabuf_source_regions() - how many regions captures can be in
 * @source: the source
 *
 * The slot of a capture is less than that.
 */
uint32_t fpgabuf_source_regions(const struct fpgabuf_source *source);

/**
 * fpgabuf_source_region() - one of them
 * @source: the source
 * @slot: its number; the region stays with what the source was made of
 *
 * Returns NULL if there is no such region.
 */
struct fpgabuf_region *
fpgabuf_source_region(const struct fpgabuf_source *source, uint32_t slot);

/**
 * fpgabuf_source_count() - what a source did, and what it has
 * @source: the source
 * @counts: filled in
 */
void fpgabuf_source_count(struct fpgabuf_source *source,
			  struct fpgabuf_source_counts *counts);

/**
 * fpgabuf_source_reason() - why the last call failed, or what is being waited for
 * @source: the source
 *
 * Returns one of enum fpgabuf_reason.
 */
enum fpgabuf_reason fpgabuf_source_reason(struct fpgabuf_source *source);

/**
 * fpgabuf_source_why() - the same in words
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
 * the document that has the format.  These calls need neither a device nor a
 * connection.
 */

/* Bytes of a header of this version, and most bytes of one of any version */
#define FPGABUF_FRAME_HEADER_SIZE	48
#define FPGABUF_FRAME_HEADER_MAX	1024

/* Flags of a frame; the first four have the values of FPGABUF_CAPTURE_*. */
#define FPGABUF_FRAME_PARTIAL	0x0001U	/* shorter than was asked for */
#define FPGABUF_FRAME_ERROR	0x0002U	/* it ended with an error */
#define FPGABUF_FRAME_TIMEOUT	0x0004U	/* ... because it took too long */
#define FPGABUF_FRAME_GAP	0x0008U	/* samples may be missing before it */
#define FPGABUF_FRAME_END	0x0100U	/* no capture: the end of the stream */
#define FPGABUF_FRAME_FLAGS	0x010fU	/* all of them */

/**
 * struct fpgabuf_frame - what a header says
 * @header_size: bytes of the header, behind which the data begin; set by
 *	fpgabuf_frame_decode()
 * @flags: FPGABUF_FRAME_* bits
 * @sequence: number of the capture; one more than that of the frame before,
 *	unless captures were left out between them
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
 * @frame: what it shall say; header_size does not matter
 * @bytes: room for %FPGABUF_FRAME_HEADER_SIZE bytes
 */
void fpgabuf_frame_encode(const struct fpgabuf_frame *frame, void *bytes);

/**
 * fpgabuf_frame_decode() - read a header
 * @bytes: %FPGABUF_FRAME_HEADER_SIZE bytes
 * @frame: filled in
 *
 * A longer header of a later version is read as far as this version knows it; the
 * rest, up to header_size, is for the caller to skip.  That sequence and skipped fit
 * what came before, the caller must see itself.
 *
 * Errors: -EBADMSG not a header; -EPROTONOSUPPORT of a version that is not
 * compatible with this one.
 */
int fpgabuf_frame_decode(const void *bytes, struct fpgabuf_frame *frame);

/* Bytes of a header with the clock, and of one that asks for a receipt */
#define FPGABUF_FRAME_CLOCK_SIZE	72
#define FPGABUF_FRAME_ASK_SIZE		56

/**
 * struct fpgabuf_frame_clock - how far CLOCK_MONOTONIC of a sender is behind others
 * @utc_ns: to be added to a timestamp for CLOCK_REALTIME, in nanoseconds
 * @tai_ns: for CLOCK_TAI; the same if nobody has told that kernel the difference
 */
struct fpgabuf_frame_clock {
	int64_t utc_ns;
	int64_t tai_ns;
};

/**
 * fpgabuf_frame_read_clock() - how far it is on this machine, now
 * @clock: filled in
 */
void fpgabuf_frame_read_clock(struct fpgabuf_frame_clock *clock);

/**
 * fpgabuf_frame_put_clock() - say so in a header
 * @clock: how far it is
 * @header: one of fpgabuf_frame_encode(), with room for %FPGABUF_FRAME_CLOCK_SIZE
 *	bytes, which it has from now on.  Receivers that do not know that skip it
 */
void fpgabuf_frame_put_clock(const struct fpgabuf_frame_clock *clock,
			     void *header);

/**
 * fpgabuf_frame_get_clock() - what a header says of it
 * @header: the whole header
 * @size: its bytes
 * @clock: filled in
 *
 * Errors: -ENODATA nothing.
 */
int fpgabuf_frame_get_clock(const void *header, size_t size,
			    struct fpgabuf_frame_clock *clock);

/**
 * fpgabuf_frame_ask_receipt() - ask the receiver whether it has the stream
 * @header: that of the end, with room for %FPGABUF_FRAME_ASK_SIZE bytes, which it has
 *	from now on.  Receivers that do not know that skip it
 */
void fpgabuf_frame_ask_receipt(void *header);

/**
 * fpgabuf_frame_asks_receipt() - does a header ask for one?
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
 * @FPGABUF_FRAME_STORED: the stream has ended as it should, and all of it is where it
 *	is to be kept
 * @FPGABUF_FRAME_PROMISED: another receipt will follow at the end
 * @FPGABUF_FRAME_FAILED: the receiver has not got it, or cannot keep it
 */
enum fpgabuf_frame_stored {
	FPGABUF_FRAME_STORED,
	FPGABUF_FRAME_PROMISED,
	FPGABUF_FRAME_FAILED,
};

/**
 * struct fpgabuf_frame_receipt - what a receiver sends back
 * @status: one of enum fpgabuf_frame_stored
 * @captures: that have come
 * @bytes: of samples in them
 */
struct fpgabuf_frame_receipt {
	uint32_t status;
	uint64_t captures;
	uint64_t bytes;
};

/**
 * fpgabuf_frame_encode_receipt() - write a receipt
 * @receipt: what it shall say
 * @bytes: room for %FPGABUF_FRAME_RECEIPT_SIZE bytes
 */
void fpgabuf_frame_encode_receipt(const struct fpgabuf_frame_receipt *receipt,
				  void *bytes);

/**
 * fpgabuf_frame_decode_receipt() - read a receipt
 * @bytes: %FPGABUF_FRAME_RECEIPT_SIZE bytes
 * @receipt: filled in
 *
 * Errors: -EBADMSG it is none, or of a version that is not known here.
 */
int fpgabuf_frame_decode_receipt(const void *bytes,
				 struct fpgabuf_frame_receipt *receipt);

#ifdef __cplusplus
}
#endif

#endif /* FPGABUF_FPGABUF_H */
