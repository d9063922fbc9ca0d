/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model test: random operations of several processes and threads, and for
 * each what the contract in uapi/linux/fpgabuf.h lets it return.
 *
 *	model.c         the contract: what a call may return, what follows
 *	model-bytes.c   what the memory of a region holds
 *	model-actor.c   an actor: a thread that draws and performs operations
 *	model-memory.c  its operations on regions: alloc, map, touch, sync, ...
 *	model-pins.c    its registrations, and baselines
 *	model-queue.c   its operations on the queue
 *	model-fpga.c    what it does with the simulated FPGA behind the queue
 *	model-program.c an FPGA that is a program behind fpgabuf-user
 *	model-fence.c   its operations on a sync_file
 *	model-share.c   its operations with others: pass, receive, fork, reopen
 *	model-world.c   what all of them share, and the log of every actor
 *	model-process.c processes: start, kill, end
 *	model-run.c     kills and unbinds now and then, the end; the suite
 *
 * An actor knows its own regions and its open file exactly.  Two things happen
 * behind its back: others take the queue, and the driver is unbound.  Both are
 * announced in shared memory before and after, so that it can tell whether they
 * had surely happened, surely not, or perhaps, when its call was made.
 */
#ifndef GUEST_MODEL_H
#define GUEST_MODEL_H

#include <pthread.h>
#include <stdatomic.h>

#include "bed.h"

struct uring;

enum {
	DEVICES = 2,
	PROCESSES = 3,
	THREADS = 3,
	ACTORS = PROCESSES * THREADS,
	REGIONS = 8,
	MAPS = 3,
	PINS = 2,
	FDS = 3,
	LAYERS = 6,
	MARKS = 6,
	LOG_LINES = 24,
	LARGEST = 2 << 20,
	/* What is finished, or must be soon, is told within this time. */
	FINISH_MS = 30000,
	/* An operation takes that long only if it hangs. */
	HANGS_MS = 60000,
	PAGE = 4096,
	NO_FD = -1,
};

/* Does something hold? */
enum known { NO, PERHAPS, YES };

/* The driver that an open file belongs to is still bound. */
enum life { LIVE, LEAVING, GONE };

/* The results a call may have: some errors, and perhaps success. */
struct allowed {
	int error[12];
	unsigned int nr;
	bool success;
};

/* The first value that is not what it must be. */
struct verdict {
	const char *what;
	long long got, min, max;
};

/*
 * What one capture left behind: [0, bytes) is the pattern from position on,
 * [bytes, length) is anybody's guess.
 */
struct layer {
	uint32_t length, bytes;
	uint64_t position;
};

/* A byte that the CPU wrote. */
struct mark {
	uint32_t offset;
	uint8_t value;
};

/* The layers become shorter towards the top, which is the last. */
struct contents {
	struct layer layer[LAYERS];
	struct mark mark[MARKS];
	unsigned int nr_layers, nr_marks;
};

struct map {
	uint8_t *mem;
	uint32_t page, pages;
	bool writable;
	uint64_t touched[LARGEST / PAGE / 64];
};

/**
 * struct region - a dma-buf as one actor knows it
 * @used: this entry is
 * @device: number of its device
 * @stage: which binding of the device made it
 * @size: bytes
 * @read_only: it cannot be mapped writable
 * @borrowed: somebody else fills it: nothing is known of its state and bytes
 * @lent: somebody else may have it mapped or hold its pages for a moment
 * @fd: descriptors
 * @map: mappings
 * @pipe: a pipe that holds pages of it
 * @held: how many
 * @handle: of DRM, while it is imported
 * @ring: registrations that pin pages of it, in the order in which they were made
 * @nr_pins: how many
 * @nr_standing: how many of them are of the baseline, the first ones
 * @baseline: it has one
 * @captured: something was captured into it
 * @fenced: the fence of another capture was put on it
 * @fence: the cookie of that capture
 */
struct region {
	bool used;
	int device;
	unsigned int stage;
	uint32_t size;
	bool read_only, borrowed, lent;
	uint32_t backend, chunks;
	int fd[FDS];
	unsigned int nr_fds;
	struct map map[MAPS];
	unsigned int nr_maps;
	int pipe[2];
	unsigned int held;
	uint32_t handle;
	struct uring *ring[PINS];
	unsigned int nr_pins, nr_standing;
	bool baseline, captured, fenced;
	uint64_t fence;
	struct contents contents;
};

/**
 * struct capture - a region's turn
 * @region: index of the region
 * @done: it is finished
 * @gap: it must say GAP
 * @error: how it ends while the device lives
 * @faulty: it may meet a fault that was left behind in the FPGA
 * @importers_done: QUEUE is told that importers have let go
 * @exact: @bytes is known
 * @placed: @position is known
 * @earliest_ns: it is finished after this time
 */
struct capture {
	unsigned int region;
	uint64_t cookie;
	uint32_t length, timeout_ms;
	enum known done, gap;
	int error;
	bool faulty, exact, placed, importers_done;
	uint32_t bytes;
	uint64_t position;
	uint64_t earliest_ns;
};

/**
 * struct file - an open device and what is in its queue
 * @fd: descriptors of this one open file
 * @owner: the queue is ours
 * @streaming: something was queued since it became ours, or was canceled
 * @stalled: the FPGA stands still, since before anything now queued
 * @placed: the next three are known
 * @position: of the stream, for the next capture
 * @packet: bytes of a packet, 0 = endless
 * @packet_done: bytes of the present one that will have been taken
 * @failures: how many of the next transfers will fail
 * @sequence: of the next capture to be dequeued, if @sequence_known
 * @gaps: what INFO must tell when all is dequeued, if @gaps_known
 * @busy: what INFO must tell, for who has the device for himself
 */
struct file {
	int device;
	unsigned int stage;
	int fd[2];
	unsigned int nr_fds;
	bool nonblock, owner, streaming, stalled, placed;
	uint64_t position;
	uint32_t packet, packet_done;
	unsigned int failures;
	bool sequence_known, gaps_known;
	uint64_t sequence, gaps, busy, last_ns;
	struct capture capture[REGIONS];
	unsigned int nr_captures;
};

/* What else is known of a QUEUE that is to be judged. */
struct queue_case {
	bool bad_argument, bad_fd, no_dmabuf, other_driver;
	enum known taken;	/* the queue has another owner */
	enum known refused;	/* the DMA engine refuses */
	enum known no_room;	/* ... while it has others: there may be room later */
};

/* model.c */
void must(struct allowed *allowed, int error);
void may(struct allowed *allowed, int error);
bool is_allowed(const struct allowed *allowed, int result);
void within(struct verdict *verdict, const char *what, long long got,
	    long long min, long long max);
bool same_device(const struct file *file, const struct region *region);
struct capture *find_capture(struct file *file, unsigned int region);
struct capture *find_cookie(const struct file *file, uint64_t cookie);
enum known fenced(const struct file *file, enum life life,
		  const struct region *region);
enum known finished(const struct capture *capture, enum life life);
void finished_up_to(struct file *file, const struct capture *last);
unsigned int nr_finished(const struct file *file, enum life life,
			 enum known how);
bool nothing_runs(const struct file *file, enum life life);

void model_plain(enum life life, struct allowed *allowed);
void model_question(enum life life, struct allowed *allowed);
void model_region_call(const struct file *file, const struct region *region,
		       struct allowed *allowed);
void model_map(const struct region *region, uint64_t page, uint64_t pages,
	       int prot, int flags, struct allowed *allowed);
void model_queue(struct file *file, enum life life, const struct region *region,
		 const struct capture *capture, const struct queue_case *c,
		 struct allowed *allowed);
void model_queued(struct file *file, struct region *region,
		  struct capture *capture);
void model_baseline(struct file *file, enum life life,
		    const struct region *region, unsigned int index,
		    struct allowed *allowed);
bool in_the_way(const struct region *region, const struct capture *capture);
void model_place(struct file *file, struct capture *capture);
void model_run(struct file *file);
void model_dequeue(const struct file *file, enum life life,
		   struct allowed *allowed);
void model_dequeued(struct file *file, enum life life, struct region *region,
		    const struct fpgabuf_dequeue *done, uint64_t now_ns,
		    struct verdict *verdict);
void model_canceled(struct file *file, enum life life, unsigned int canceled,
		    struct verdict *verdict);
void model_expired(struct file *file, enum life life,
		   const struct capture *last);
void model_region_info(struct file *file, enum life life,
		       const struct region *region, unsigned int index,
		       const struct fpgabuf_region_info *info,
		       struct verdict *verdict);
void model_info(struct file *file, enum life life, uint64_t own, bool alone,
		const struct fpgabuf_info *info, struct verdict *verdict);
void model_poll(const struct file *file, enum life life, short events,
		struct verdict *verdict);

/* model-bytes.c */
int contents_byte(const struct contents *contents, uint32_t offset);
void contents_queue(struct contents *contents, uint32_t length);
void contents_captured(struct contents *contents, uint32_t length,
		       uint32_t bytes, uint64_t position);
bool contents_write(struct contents *contents, uint32_t offset, uint8_t value);
void touch(struct map *map, uint32_t page);
void touch_none(struct map *map);
bool imported(const struct region *region);
unsigned int touched(const struct region *region);
unsigned int mapped(const struct region *region);

/* model-world.c */
enum kind {
	ALLOC, QUEUE, DEQUEUE, CANCEL, MMAP, MUNMAP, TOUCH, SYNC, POLL, INFO,
	REGION_INFO, SYNC_FILE, DUP, PASS, RECEIVE, CLOSE, FORK, HOLD, RELEASE,
	IMPORT, REGISTER, UNREGISTER, BASELINE, SETTING, REOPEN, KILL, UNBIND, BIND, KINDS
};

/**
 * struct shared_device - what is going on with a device
 * @stage: 0 bound, 1 being unbound, 2 unbound, 3 being bound, 4 bound, ...
 * @node: number in the name of its node
 * @holder: ticket of the actor whose QUEUE made the queue its own
 * @attempts: how often somebody began to try for the queue
 * @armed: a fault may be left over in the simulated FPGA
 */
struct shared_device {
	atomic_uint stage;
	atomic_int node;
	atomic_uint holder;
	atomic_uint attempts;
	atomic_bool armed;
};

enum setting { STALL, PACKET, FAIL_TRANSFER, FAIL_PREP, FAIL_SUBMIT, SETTINGS };

/**
 * struct shared_fpga - an FPGA that is a program
 * @setting: as those of the simulator in sysfs
 * @changes: how often one was written
 * @position: of the stream
 * @pid: the program
 */
struct shared_fpga {
	atomic_ulong setting[SETTINGS];
	atomic_uint changes;
	atomic_ullong position;
	pid_t pid;
};

/**
 * struct slot - the part of an actor that outlives it
 * @wants: stage + 1 of the queue that it has or tries to get, 0 = none
 * @device: that queue's
 * @began: when its present operation began, in ms; 0 = it performs none
 * @nr: number of that operation
 */
struct slot {
	atomic_uint wants;
	int device;
	unsigned int number;
	atomic_ullong began;
	unsigned long nr;
	unsigned int next_line;
	char line[LOG_LINES][240];
};

struct process {
	pid_t pid;
	int pidfd;
	unsigned int generation;
	int mailbox[2];
	atomic_bool doomed;
};

struct world {
	uint64_t seed;
	unsigned long goal, milestone;
	atomic_ulong total;
	atomic_ulong count[KINDS];
	atomic_ulong captures[2];	/* good ones, and others */
	atomic_ulong rivals[3];		/* enum known: the queue was taken */
	atomic_bool stop;
	atomic_uint tickets;
	struct shared_device device[DEVICES];
	bool by_program;	/* the FPGAs are programs */
	struct shared_fpga fpga[DEVICES];
	struct slot slot[ACTORS];
	struct process process[PROCESSES];
	int event;
	int foreign;
	bool vgem_maps, pins;
	atomic_bool diverged;
	atomic_bool told;
	unsigned int culprit;
	char divergence[400];
};

extern struct world *world;

extern const char * const kind_names[KINDS];
uint64_t mix(uint64_t x);
uint64_t now_ns(void);
void world_diverge(unsigned int slot, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void world_count(enum kind kind);
int world_platform(int device);
void world_wake(void);

/* model-actor.c */
struct actor {
	unsigned int slot, process;
	uint64_t seed, draws, random;
	bool alone;		/* nobody else uses the device */
	bool child;		/* a forked copy */
	struct file file;
	struct region region[REGIONS];
	int gate;		/* locked while it sets the FPGA */
	int setting[SETTINGS];
	int card;		/* imports regions */
	int sync_file;
	uint64_t sync_cookie;
	bool sync_ended, sync_any;
	int sync_error;
	uint64_t cookie;
	char text[160];
};

void *actor_main(void *arg);
void actor_random(struct actor *actor, unsigned int draws);
uint32_t draw(struct actor *actor, uint32_t below);
void say(struct actor *actor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void diverge(struct actor *actor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void check_result(struct actor *actor, int result,
		  const struct allowed *allowed);
void check(struct actor *actor, const struct verdict *verdict);
unsigned int stage(const struct actor *actor);
enum life life(const struct actor *actor, unsigned int before);
void actor_close(struct actor *actor, int fd);
bool actor_set(struct actor *actor, enum setting setting, unsigned long value);
bool actor_position(struct actor *actor, uint64_t *position);
struct region *draw_region(struct actor *actor,
			   bool (*fits)(const struct actor *actor,
					const struct region *region));
struct region *free_region(struct actor *actor);
void region_settle(struct actor *actor, struct region *region);
unsigned int region_index(const struct actor *actor,
			  const struct region *region);
int dev_of(struct actor *actor);
int fd_of(struct actor *actor, const struct region *region);
extern pthread_rwlock_t fork_lock;

/*
 * Operations: false if the actor has nothing to perform it with.  Those that
 * are performed begin with say().
 */

/* model-memory.c */
bool op_alloc(struct actor *actor);
bool op_map(struct actor *actor);
bool op_unmap(struct actor *actor);
bool op_touch(struct actor *actor);
bool op_sync(struct actor *actor);
bool op_poll_region(struct actor *actor);
bool op_region_info(struct actor *actor);
bool op_close(struct actor *actor);
bool op_hold(struct actor *actor);
bool op_release(struct actor *actor);
bool op_import(struct actor *actor);
void region_ask(struct actor *actor, struct region *region);
void region_release(struct actor *actor, struct region *region);
void map_drop(struct region *region, unsigned int index);

/* model-pins.c */
bool op_register(struct actor *actor);
bool op_unregister(struct actor *actor);
bool op_baseline(struct actor *actor);
void region_unregister(struct actor *actor, struct region *region);
void region_look(struct actor *actor, struct region *region);

/* model-queue.c */
bool op_queue(struct actor *actor);
bool op_queue_wrong(struct actor *actor);
bool op_dequeue(struct actor *actor);
bool op_cancel(struct actor *actor);
bool op_info(struct actor *actor);
bool op_poll_device(struct actor *actor);
bool is_idle(const struct actor *actor, const struct region *region);
struct capture draw_capture(struct actor *actor, struct region *region);
int queue_region(struct actor *actor, struct region *region,
		 struct capture *capture, struct queue_case *c);
int queue_and_note(struct actor *actor, struct region *region,
		   struct capture *capture, struct queue_case *c);

/* model-fpga.c */
bool op_stall(struct actor *actor);
bool op_packet(struct actor *actor);
bool op_expire(struct actor *actor);
bool op_queue_refused(struct actor *actor);
void fpga_reset(struct actor *actor);
void fpga_settle(struct actor *actor);

/* model-program.c */
void program_begin(int device);
void program_end(int device);
void program_set(int device, enum setting setting, unsigned long value);

/* model-fence.c */
bool op_sync_file(struct actor *actor);
bool op_fence(struct actor *actor);

/* model-share.c */
bool op_dup(struct actor *actor);
bool op_pass(struct actor *actor);
bool op_receive(struct actor *actor);
bool op_fork(struct actor *actor);
bool op_reopen(struct actor *actor);
void file_open(struct actor *actor);
void file_close(struct actor *actor);

/* model-process.c */
void process_run(struct process *process);
void process_kill(struct process *process);
void process_end(struct process *process);
void process_reap(struct process *process);
void processes_check(void);

#endif /* GUEST_MODEL_H */
