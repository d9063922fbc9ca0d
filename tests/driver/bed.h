/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guest tests share: the device, the simulated FPGA, the network.
 *
 * Calls return 0 or a count, or -errno.  Those that no test expects to fail end
 * the test if they do.
 */
#ifndef GUEST_BED_H
#define GUEST_BED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <CUnit/CUnit.h>

#include <linux/fpgabuf.h>

#include "lib/suite.h"

#define KIB		((size_t)1024)
#define MIB		((size_t)1024 * 1024)
#define HUGE		(2 * MIB)	/* by one entry above the pages */
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Like CU_ASSERT_EQUAL, but shows the values. */
#define EXPECT(actual, wanted)						\
	expect(#actual, (long long)(actual), (long long)(wanted),	\
	       __FILE__, __LINE__, false)
#define REQUIRE(actual, wanted)						\
	expect(#actual, (long long)(actual), (long long)(wanted),	\
	       __FILE__, __LINE__, true)

/* What INFO tells of the driver, whatever the channel is */
#define DRIVER_CAPS	(FPGABUF_CAP_IMPORTERS_DONE | FPGABUF_CAP_BASELINE | \
			 FPGABUF_CAP_SLICES | \
			 (has_streams() ? FPGABUF_CAP_STREAM : 0))

/* check.c */
bool expect(const char *what, long long actual, long long wanted,
	    const char *file, int line, bool fatal);
bool check_alone(void (*fn)(void *arg), void *arg);

/* modules.c */
int module_load(const char *file, const char *parameters);
int module_try_unload(const char *name);
int module_unload(const char *name);
int modules_load(void);
int modules_load_tree(void);
void modules_unload(void);

/* process.c */
pid_t process_start(void (*fn)(void *arg), void *arg);
int process_exit_code(pid_t pid);

/* passing.c */
void fd_pass(int sock, int fd, const void *data, size_t size);
int fd_take(int sock, void *data, size_t size);

/* bed.c: the device */
bool debug_kernel(void);
bool hurried(void);
void skip(const char *reason);
unsigned int rounds(unsigned int n);
bool thorough(void);
int call(int fd, unsigned long cmd, void *arg);
int device_open(int number);
int region_alloc(int dev, uint64_t size);
int region_try_alloc(int dev, uint64_t size, struct fpgabuf_alloc *alloc);
void *region_map(int fd, size_t size);
struct fpgabuf_region_info region_info(int dev, int fd);
int region_queue(int dev, int fd, uint64_t length, uint64_t cookie);
int capture_get(int dev, struct fpgabuf_dequeue *done);
struct fpgabuf_dequeue capture_run(int dev, int fd, uint64_t length);
int capture_cancel(int dev);
void sync_access(int fd, bool start);
struct fpgabuf_info device_info(int dev);
uint64_t device_used(int dev);
int region_queue_wait(int dev, int fd, uint64_t length, uint64_t cookie);
bool dmabufs_left(void);
long dmabufs(void);
void wait_for_captures(int dev, uint64_t captures);
bool readable(int fd, int timeout_ms);
bool need_sync_files(void);
int export_sync_file(int fd);
void import_fence(int fd, int sync, uint32_t flags);
bool is_sync_file(int fd);
int sync_file_status(int fd);
void file_write(const char *path, const char *text);
bool file_read_line(const char *path, const char *key, unsigned long *value);
void fail_backends(unsigned int mask);
int kmsg_open(void);
int kmsg_count(int fd, const char *text);
bool kernel_since(unsigned int wanted_major, unsigned int wanted_minor);
bool has_streams(void);

/* node.c: devices of the device tree */
#define DRIVER	"/sys/bus/platform/drivers/fpgabuf/"

int node_open(const char *device);
void node_refused(const char *device, int error, const char *reason);

/* memory.c */
long free_kib(void);
long known_pages(void);
uint64_t physical(const void *mem);
bool contiguous(const uint8_t *mem, size_t size);
void *huge_address(size_t size);
size_t huge_mapped(const void *mem);
size_t table_entries(const void *mem, size_t size);
uint8_t *memory_take(size_t *size);
bool memory_is_ours(const uint8_t *mem, size_t size);

/* vgem.c: a device that imports, and exports */
bool vgem_maps(void);
int vgem_dmabuf(void);

/* sim.c: the simulated FPGA */
void sim_select(const char *name);
void sim_set(const char *attribute, unsigned long long value);
int sim_try_set(const char *attribute, const char *text);
void sim_get_text(const char *attribute, char *text, size_t size);
void sim_source(const char *source);
uint64_t sim_get(const char *attribute);

/*
 * Expects a capture that follows the one before without a gap.  The driver may say
 * GAP all the same if it asked about that one just when it had ended: the simulator
 * counts how often, since the source was set.
 */
void expect_follows(const struct fpgabuf_dequeue *capture);
uint64_t sim_position(void);
bool sim_gave(uint64_t bytes);
bool is_pattern(const void *mem, size_t size, uint64_t position);
void pattern_fill(void *mem, size_t size, uint64_t position);
void random_fill(void *mem, size_t size, unsigned int seed);
int feed_open(int flags);

/* feeder: a thread that writes to the feed and closes it */
struct feeder;
struct feeder *feeder_start(const void *data, size_t size);
void feeder_wait(struct feeder *feeder);

#endif /* GUEST_BED_H */
