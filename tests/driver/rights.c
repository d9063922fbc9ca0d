// SPDX-License-Identifier: GPL-2.0-only
/* Who may use the device: the real udev with the real rule decides. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "bed.h"
#include "net.h"

#define SIM	"/sys/bus/platform/devices/fpgabuf-sim.0/"

enum { GROUP = 977, NOBODY = 65534 };

static const char * const nodes[] = {
	"/dev/fpgabuf0", "/dev/fpgabuf1",
	"/dev/fpgabuf-sim0-feed", "/dev/fpgabuf-sim1-feed",
};

/* The limit of locked memory: the kernel's since 5.16, and the one before */
#define MEMLOCK_NOW	(8 * MIB)
#define MEMLOCK_OLD	(64 * KIB)

static rlim_t memlock = MEMLOCK_NOW;

/* Makes the groups of a sysusers.d file. */
static void groups_make(const char *path)
{
	FILE *wanted = fopen(path, "re"), *groups = fopen("/etc/group", "ae");
	char line[256], name[32];
	gid_t gid = GROUP;

	REQUIRE(!wanted || !groups, false);
	while (fgets(line, sizeof(line), wanted))
		if (sscanf(line, "g %31s -", name) == 1 && !getgrnam(name))
			fprintf(groups, "%s:x:%u:\n", name, gid++);
	fclose(wanted);
	fclose(groups);
}

static void program_exec(void *argv)
{
	execvp(*(char **)argv, argv);
	EXPECT(-errno, 0);
}

/* The last one is NULL. */
#define RUN(...)							\
	EXPECT(process_exit_code(process_start(program_exec,		\
		(char *[]){ __VA_ARGS__, NULL })), 0)

/* When it returns, it listens. */
static void udev_start(void)
{
	groups_make("/etc/fpgabuf.sysusers.conf");
	RUN("systemd-udevd", "--daemon", "--resolve-names=early");
}

/* For nodes that were there before, as at boot */
static void udev_trigger(void)
{
	RUN("udevadm", "trigger", "--action=add", "--subsystem-match=misc");
	RUN("udevadm", "settle", "--timeout=60");
}

static void udev_stop(void)
{
	RUN("udevadm", "control", "--exit");
}

static void expect_nodes(gid_t group)
{
	struct stat st;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nodes); i++) {
		REQUIRE(stat(nodes[i], &st) ? -errno : 0, 0);
		EXPECT(st.st_uid, 0);
		EXPECT(st.st_gid, group);
		EXPECT(st.st_mode, S_IFCHR | 0660);
	}
}

/* A name that says where the FPGA is, whatever number it has */
static void expect_paths(void)
{
	static const char * const paths[] = {
		"/dev/fpgabuf/by-path/platform-fpgabuf.0",
		"/dev/fpgabuf/by-path/platform-fpgabuf.1",
	};
	struct stat node, link;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		REQUIRE(stat(nodes[i], &node) ? -errno : 0, 0);
		REQUIRE(stat(paths[i], &link) ? -errno : 0, 0);
		EXPECT(link.st_rdev, node.st_rdev);
	}
}

static void rule_applied(void)
{
	udev_start();
	udev_trigger();
	udev_stop();
	expect_nodes(GROUP);
}

static void rule(void)
{
	modules_unload();
	REQUIRE(modules_load(), 0);
	/* Or else the rest would prove nothing. */
	expect_nodes(0);
	udev_start();
	udev_trigger();
	expect_nodes(GROUP);
	expect_paths();

	modules_unload();
	REQUIRE(modules_load(), 0);
	RUN("udevadm", "settle", "--timeout=60");
	expect_nodes(GROUP);

	file_write(DRIVER "unbind", "fpgabuf.0");
	file_write(DRIVER "bind", "fpgabuf.0");
	RUN("udevadm", "settle", "--timeout=60");
	expect_nodes(GROUP);
	expect_paths();
	udev_stop();
}

static bool has_capabilities(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };

	return syscall(SYS_capget, &head, data) || data[0].permitted ||
	       data[1].permitted || data[0].effective || data[1].effective;
}

static void become_nobody(const gid_t *groups, size_t nr_groups)
{
	const struct rlimit limit = { memlock, memlock };

	if (setrlimit(RLIMIT_MEMLOCK, &limit) || setgroups(nr_groups, groups) ||
	    setgid(NOBODY) || setuid(NOBODY) || has_capabilities())
		_exit(126);
}

static void become_member(void)
{
	become_nobody(&(gid_t){ GROUP }, 1);
}

static void become_outsider(void)
{
	become_nobody(NULL, 0);
}

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void open_all(int wanted)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nodes); i++)
		EXPECT(try_open(nodes[i], O_WRONLY), wanted);
	EXPECT(try_open("/dev/fpgabuf0", O_RDWR), wanted);
	EXPECT(try_open("/dev/fpgabuf0", O_RDONLY), wanted);
}

static void outsider_opens(void *unused)
{
	(void)unused;
	become_outsider();
	open_all(-EACCES);
}

static void member_opens(void *unused)
{
	(void)unused;
	become_member();
	open_all(0);
}

static void outsider(void)
{
	const struct send_tool tool = {
		.bytes = "1M",
		.region_size = "256K",
		.regions = "4",
		.engine = "zerocopy",
		.before = become_outsider,
	};

	rule_applied();
	EXPECT(process_exit_code(process_start(member_opens, NULL)), 0);
	EXPECT(process_exit_code(process_start(outsider_opens, NULL)), 0);
	/* It fails before it connects. */
	EXPECT(process_exit_code(send_tool_start(&tool, "10.77.0.2:1")), 1);
}

static void member_calls(void *unused)
{
	struct fpgabuf_dequeue done;
	int dev, fd, sync;
	uint8_t *mem;

	(void)unused;
	become_member();
	dev = device_open(0);
	fd = region_alloc(dev, MIB);
	mem = region_map(fd, MIB);
	EXPECT(device_info(dev).used_bytes, MIB);
	REQUIRE(region_queue(dev, fd, 0, 7), 0);
	sync = export_sync_file(fd);
	EXPECT(readable(sync, 20000), true);
	EXPECT(sync_file_status(sync), 1);
	EXPECT(readable(fd, 20000), true);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.cookie, 7);
	EXPECT(done.bytes, MIB);
	sync_access(fd, true);
	CU_ASSERT(is_pattern(mem, MIB, 0));
	mem[0] = 1;
	sync_access(fd, false);
	EXPECT(region_info(dev, fd).mappings > 0, true);
	EXPECT(capture_cancel(dev), 0);
}

static void calls(void)
{
	rule_applied();
	sim_source("pattern");
	EXPECT(process_exit_code(process_start(member_calls, NULL)), 0);
}

static void member_sends(char *region_size, char *regions)
{
	const struct send_tool tool = {
		.bytes = "40000003",
		.region_size = region_size,
		.regions = regions,
		.engine = "zerocopy",
		.before = become_member,
	};

	main_job(&tool);
	/* Whatever the limit does: what went without a copy, did so. */
	EXPECT(send_tool_count("copied"), 0);
	EXPECT(send_tool_count("zerocopy_sends") +
	       send_tool_count("fallback_copies"), send_tool_count("sends"));
}

static void member(void)
{
	rule_applied();
	member_sends("256K", "4");
	EXPECT(send_tool_count("fallback_copies"), 0);
	/* As it comes: a bit more than the limit, if all were in flight. */
	member_sends("1M", "8");
	EXPECT(send_tool_count("fallback_copies"), 0);
}

/* The kernel counts the pages of a send, and two more. */
static void member_of_old(void)
{
	rule_applied();
	memlock = MEMLOCK_OLD;
	member_sends("32K", "8");
	EXPECT(send_tool_count("fallback_copies"), 0);

	member_sends("256K", "4");
	printf("\n    %llu of %llu sends were copies",
	       send_tool_count("fallback_copies"), send_tool_count("sends"));
	CU_ASSERT(send_tool_count("fallback_copies") >=
		  40000003 / (256 * KIB));
	memlock = MEMLOCK_NOW;
}

static void member_meddles(void *unused)
{
	(void)unused;
	become_member();
	EXPECT(try_open(SIM "rate", O_WRONLY), -EACCES);
	EXPECT(try_open(SIM "source", O_WRONLY), -EACCES);
	EXPECT(try_open(SIM "fail_transfer", O_WRONLY), -EACCES);
	EXPECT(try_open(SIM "position", O_RDONLY), 0);
	EXPECT(try_open(DRIVER "unbind", O_WRONLY), -EACCES);
	EXPECT(try_open("/sys/kernel/debug", O_RDONLY), -EACCES);
	EXPECT(try_open("/sys/kernel/debug/dma_buf/bufinfo", O_RDONLY),
	       -EACCES);
	EXPECT(try_open("/sys/module/fpgabuf/parameters/debug_skip_sync",
			O_RDONLY), -EACCES);
}

static void roots_own(void)
{
	/* They are all there. */
	EXPECT(try_open(SIM "fail_transfer", O_WRONLY), 0);
	EXPECT(try_open("/sys/kernel/debug/dma_buf/bufinfo", O_RDONLY), 0);
	EXPECT(try_open("/sys/module/fpgabuf/parameters/debug_skip_sync",
			O_RDONLY), 0);
	EXPECT(process_exit_code(process_start(member_meddles, NULL)), 0);
}

static const struct test tests[] = {
	{ "the udev rule gives the device to the group", rule },
	{ "somebody outside the group cannot open it", outsider },
	{ "an unprivileged member of the group may make every call", calls },
	{ "an unprivileged member of the group does the main job without a copy",
	  member },
	{ "with 64 KiB of locked memory longer sends are copied, and told",
	  member_of_old },
	{ "debugging and the settings of the simulator stay root's",
	  roots_own },
	{ }
};

SUITE(rights,
	.title = "rights without root",
	.init = modules_load,
	.tests = tests)
