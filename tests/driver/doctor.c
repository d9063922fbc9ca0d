// SPDX-License-Identifier: GPL-2.0-only
/*
 * fpgabuf-doctor: each mistake that is planted here it names, and no other.
 *
 * Caches cannot be planted, QEMU has none.  What comes nearest are bounce buffers
 * whose bytes the driver does not fetch, see doctor_caches below; there the old bytes
 * are in memory.  Mistakes of a device tree are in doctor_dt, for a kernel booted with
 * backends.dtso.  No card here lacks checksums, and no kernel here lacks MSG_ZEROCOPY.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "net.h"
#include "program.h"

#define DEVICES	"/sys/bus/platform/devices/"
#define OTHER	"/sys/bus/platform/drivers/alarmtimer/"
#define SKIP	"/sys/module/fpgabuf/parameters/debug_skip_sync"

#define NO_MEMORY	(1 << FPGABUF_BACKEND_CARVEOUT |		\
			 1 << FPGABUF_BACKEND_FOLIO |			\
			 1 << FPGABUF_BACKEND_PAGES)

enum { GROUP = 977 };

static const struct program by_root = {
	.name = "doctor",
	.argv = { "fpgabuf-doctor", "--json" },
};

static const struct program by_nobody = {
	.name = "doctor",
	.argv = { "fpgabuf-doctor", "--json" },
	.nobody = true,
};

static const struct program without_capture = {
	.name = "doctor",
	.argv = { "fpgabuf-doctor", "--json", "--capture", "never" },
};

static const struct program with_capture = {
	.name = "doctor",
	.argv = { "fpgabuf-doctor", "--json", "--capture", "always" },
};

/* Adds a line to a file of users or groups, unless it has one. */
static int add_line(const char *path, const char *line)
{
	size_t len = strcspn(line, ":") + 1;
	char text[256];
	bool has = false;
	FILE *f;

	f = fopen(path, "a+e");
	if (!f)
		return -errno;
	while (!has && fgets(text, sizeof(text), f))
		has = !strncmp(text, line, len);
	if (!has)
		fputs(line, f);
	return fclose(f) ? -errno : 0;
}

/* As the udev rule leaves the nodes */
static int give(void)
{
	char path[32];
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/dev/fpgabuf%d", i);
		if (chown(path, 0, GROUP) || chmod(path, 0660))
			return -errno;
	}
	return 0;
}

static void give_to_group(void)
{
	EXPECT(give(), 0);
}

static int healthy(void)
{
	int ret = modules_load();

	if (!ret)
		ret = add_line("/etc/passwd", "root:x:0:0::/:/bin/sh\n");
	if (!ret)
		ret = add_line("/etc/passwd",
			       "nobody:x:65534:65534::/:/bin/sh\n");
	if (!ret)
		ret = add_line("/etc/group", "root:x:0:\n");
	if (!ret)
		ret = add_line("/etc/group", "fpgabuf:x:977:\n");
	return ret ?: give();
}

/* Whichever are there */
static void unload(void)
{
	static const char * const modules[] = {
		"fpgabuf_test_remap", "fpgabuf", "fpgabuf_sim",
	};
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		ret = module_unload(modules[i]);
		EXPECT(ret == -ENOENT ? 0 : ret, 0);
	}
}

/* Loads them again, with these parameters. */
static void load_again(const char *driver, const char *sim)
{
	unload();
	REQUIRE(module_load("fpgabuf.ko", driver), 0);
	REQUIRE(module_load("fpgabuf-sim.ko", sim), 0);
	EXPECT(chown("/dev/fpgabuf0", 0, GROUP) | chmod("/dev/fpgabuf0", 0660),
	       0);
}

static void recover(void)
{
	unload();
	REQUIRE(modules_load(), 0);
	give_to_group();
}

/* What is said of a check, or NULL */
static const char *said_of(const char *text, const char *check,
			   const char *subject, const char *verdict)
{
	char head[256];

	snprintf(head, sizeof(head),
		 "{\"check\": \"%s\", \"subject\": \"%s\", \"verdict\": \"%s\", ",
		 check, subject, verdict);
	return strstr(text, head);
}

/* A finding with these words; what is wrong has a remedy. */
static void expect_said(const struct program *p, const char *check,
			const char *subject, const char *verdict,
			const char *words)
{
	const char *text = program_text(p, "out");
	const char *at = said_of(text, check, subject, verdict);
	char finding[1024] = "";

	if (at)
		snprintf(finding, sizeof(finding), "%.*s",
			 (int)(strstr(at, "\"}") - at), at);
	if (!strstr(finding, words) || !at)
		printf("\n    not of %s of %s, %s, '%s': %s", check, subject,
		       verdict, words, text);
	EXPECT(!at, false);
	EXPECT(!strstr(finding, words), false);
	if (!strcmp(verdict, "wrong"))
		EXPECT(!!strstr(finding, "\"remedy\": \"") &&
		       !!strcmp(strstr(finding, "\"remedy\": \""),
				"\"remedy\": \""), true);
}

/* So many things are wrong. */
static void look(const struct program *p, unsigned long long wrong)
{
	int code = program_run(p);

	EXPECT(code, wrong ? 1 : 0);
	if (program_count(p, "wrong") != wrong)
		printf("\n    %s", program_text(p, "out"));
	EXPECT(program_count(p, "wrong"), wrong);
}

/* As somebody who may lock so much memory */
static void look_as_nobody(rlim_t memory, unsigned long long wrong)
{
	struct rlimit old, limit;

	REQUIRE(getrlimit(RLIMIT_MEMLOCK, &old), 0);
	limit = (struct rlimit){ memory, memory };
	REQUIRE(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	look(&by_nobody, wrong);
	EXPECT(setrlimit(RLIMIT_MEMLOCK, &old), 0);
}

static void all_well(void)
{
	sim_source("pattern");
	look(&by_root, 0);
	expect_said(&by_root, "module", "", "ok", "loaded");
	expect_said(&by_root, "driver", "fpgabuf.0", "ok", "is fpgabuf0");
	expect_said(&by_root, "group", "fpgabuf0", "ok", "the group fpgabuf");
	expect_said(&by_root, "provider", "fpgabuf0", "ok",
		    "of fpgabuf-sim, which the driver knows");
	expect_said(&by_root, "channel", "fpgabuf0", "ok",
		    "gaps exact, bytes exact, packets exact; it can be stopped");
	expect_said(&by_root, "quota", "fpgabuf0", "ok", "KiB of regions");
	expect_said(&by_root, "memory", "fpgabuf0", "ok",
		    "a region of 2048 KiB has adjacent");
	expect_said(&by_root, "capture", "fpgabuf1", "ok",
		    "4 captures of 65536 bytes");
	expect_said(&by_root, "caches", "fpgabuf1", "ok", "no line of 8192");
	expect_said(&by_root, "memlock", "", "ok", "any amount");
	expect_said(&by_root, "zerocopy", "", "ok", "MSG_ZEROCOPY");
	expect_said(&by_root, "nic", "eth0", "ok", "scatter-gather");
	EXPECT(program_count(&by_root, "unknown"), 0);
}

static void not_loaded(void)
{
	EXPECT(module_unload("fpgabuf_test_remap"), 0);
	EXPECT(module_unload("fpgabuf"), 0);
	look(&by_root, 1);
	expect_said(&by_root, "module", "", "wrong",
		    "neither loaded, nor installed");
	expect_said(&by_root, "driver", "fpgabuf.0", "unknown",
		    "before the driver is loaded");
	recover();
}

/* Says of this kernel that it has the module. */
static void modules_dep(bool add)
{
	char path[256];
	struct utsname uts;
	FILE *f;

	REQUIRE(uname(&uts), 0);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", uts.release);
	if (!add) {
		EXPECT(unlink(path), 0);
		return;
	}
	mkdir("/lib/modules", 0755);
	*strrchr(path, '/') = '\0';
	mkdir(path, 0755);
	strcat(path, "/modules.dep");
	f = fopen(path, "wxe");
	REQUIRE(!f, false);
	fputs("kernel/drivers/dma/pl330.ko.xz:\nupdates/dkms/fpgabuf.ko.xz:\n",
	      f);
	fclose(f);
}

static void installed(void)
{
	EXPECT(module_unload("fpgabuf_test_remap"), 0);
	EXPECT(module_unload("fpgabuf"), 0);
	modules_dep(true);
	look(&by_root, 1);
	expect_said(&by_root, "module", "", "wrong", "but not loaded");
	modules_dep(false);
	recover();
}

static void no_device(void)
{
	unload();
	REQUIRE(module_load("fpgabuf.ko", ""), 0);
	look(&by_root, 1);
	expect_said(&by_root, "node", "", "wrong", "nothing on this machine");
	recover();
}

static bool device_has(const char *device, const char *link)
{
	char path[512];

	snprintf(path, sizeof(path), DEVICES "%s/%s", device, link);
	return !access(path, F_OK);
}

/*
 * A device without a driver, which is for something else; not one of ACPI's or vgem's,
 * which the kernel refuses to us
 */
static bool find_unbound(char name[256])
{
	DIR *dir = opendir(DEVICES);
	struct dirent *entry;
	bool found = false;

	REQUIRE(!dir, false);
	while (!found && (entry = readdir(dir))) {
		if (*entry->d_name == '.' || strstr(entry->d_name, "fpgabuf"))
			continue;
		found = !device_has(entry->d_name, "driver") &&
			!device_has(entry->d_name, "firmware_node") &&
			!device_has(entry->d_name, "drm");
		snprintf(name, 256, "%s", entry->d_name);
	}
	closedir(dir);
	return found;
}

static void override(const char *device, const char *driver)
{
	char path[512], text[64];

	snprintf(path, sizeof(path), DEVICES "%s/driver_override", device);
	snprintf(text, sizeof(text), "%s\n", driver);
	file_write(path, text);
}

static void no_channel(void)
{
	char name[256];

	if (!find_unbound(name)) {
		skip("no platform device without a driver can be taken");
		return;
	}
	override(name, "fpgabuf");
	file_write("/sys/bus/platform/drivers_probe", name);
	look(&by_root, 1);
	expect_said(&by_root, "channel", name, "wrong",
		    "no DMA channel \\\"rx\\\"");

	/* Others than root are not told why. */
	program_run(&by_nobody);
	expect_said(&by_nobody, "driver", name, "wrong",
		    "why cannot be read");
	override(name, "");
}

static void other_driver(void)
{
	if (access(OTHER, F_OK)) {
		skip("this kernel has no driver alarmtimer, which takes any device");
		return;
	}
	file_write(DRIVER "unbind", "fpgabuf.0");
	override("fpgabuf.0", "alarmtimer");
	file_write(OTHER "bind", "fpgabuf.0");
	look(&by_root, 1);
	expect_said(&by_root, "driver", "fpgabuf.0", "wrong",
		    "bound to another driver, alarmtimer");
	expect_said(&by_root, "driver", "fpgabuf.1", "ok", "is fpgabuf1");
	file_write(OTHER "unbind", "fpgabuf.0");
	override("fpgabuf.0", "");
	file_write(DRIVER "bind", "fpgabuf.0");
	give_to_group();
}

static void unbound(void)
{
	file_write(DRIVER "unbind", "fpgabuf.1");
	look(&by_root, 1);
	expect_said(&by_root, "driver", "fpgabuf.1", "wrong",
		    "bound to no driver");
	file_write(DRIVER "bind", "fpgabuf.1");
	give_to_group();
}

static void no_group(void)
{
	EXPECT(chown("/dev/fpgabuf0", 0, 0), 0);
	look(&by_root, 1);
	expect_said(&by_root, "group", "fpgabuf0", "wrong",
		    "no group may use it, only root");
	give_to_group();
	EXPECT(chmod("/dev/fpgabuf1", 0600), 0);
	look(&by_root, 1);
	expect_said(&by_root, "group", "fpgabuf1", "wrong",
		    "no group may use it, only root");
	give_to_group();
}

static void no_node(void)
{
	EXPECT(rename("/dev/fpgabuf1", "/dev/gone"), 0);
	look(&by_root, 2);
	expect_said(&by_root, "group", "fpgabuf1", "wrong", "there is no node");
	expect_said(&by_root, "open", "fpgabuf1", "wrong", "No such file");
	EXPECT(rename("/dev/gone", "/dev/fpgabuf1"), 0);
}

/* Each of two devices */
static void no_member(void)
{
	look_as_nobody(16 * MIB, 2);
	expect_said(&by_nobody, "group", "fpgabuf0", "wrong",
		    "only the group fpgabuf may use it, and you are not in it");
	expect_said(&by_nobody, "open", "fpgabuf0", "unknown",
		    "Permission denied");
}

static void old_session(void)
{
	static const char line[] = "fpgabuf:x:977:";
	char text[4096];
	ssize_t n;
	char *at;
	int fd;

	fd = open("/etc/group", O_RDWR | O_CLOEXEC);
	REQUIRE(fd < 0, false);
	n = read(fd, text, sizeof(text) - 1);
	REQUIRE(n > 0, true);
	text[n] = '\0';
	at = strstr(text, line);
	REQUIRE(!at, false);
	at += strlen(line);
	EXPECT(pwrite(fd, "nobody", 6, at - text), 6);
	EXPECT(pwrite(fd, at, strlen(at), at - text + 6), strlen(at));

	look_as_nobody(16 * MIB, 2);
	expect_said(&by_nobody, "group", "fpgabuf1", "wrong",
		    "but were not when you logged in");
	EXPECT(ftruncate(fd, 0) | (pwrite(fd, text, n, 0) != n), 0);
	close(fd);
}

static void memlock(void)
{
	EXPECT(chmod("/dev/fpgabuf0", 0666) | chmod("/dev/fpgabuf1", 0666), 0);
	look_as_nobody(0, 2);
	expect_said(&by_nobody, "memlock", "", "wrong",
		    "you may lock 0 KiB of memory");
	expect_said(&by_nobody, "zerocopy", "", "wrong", "refuses to pin");
	expect_said(&by_nobody, "capture", "fpgabuf0", "ok", "have come");
	give_to_group();
}

static void scatter_gather(void)
{
	net_scatter_gather(false);
	look(&by_root, 1);
	net_scatter_gather(true);
	expect_said(&by_root, "nic", "eth0", "wrong",
		    "eth0 has no scatter-gather");
}

static void no_memory(void)
{
	unsigned long kib = 0;

	file_read_line("/proc/meminfo", "CmaTotal:", &kib);
	fail_backends(NO_MEMORY);
	/* Of both devices */
	look(&by_root, kib ? 2 : 4);
	fail_backends(0);
	expect_said(&by_root, "memory", "fpgabuf0", "wrong",
		    "there is no region of 2048 KiB");
	expect_said(&by_root, "cma", "fpgabuf0", kib ? "ok" : "wrong",
		    kib ? "KiB of CMA" : "has no CMA, and regions would need");
}

static void little_quota(void)
{
	load_again("limit_mib=4", "devices=1");
	look(&by_root, 1);
	expect_said(&by_root, "quota", "fpgabuf0", "wrong",
		    "a program may have 4096 KiB of regions, but 8 regions have 16384");
	recover();
}

static void stranger(void)
{
	load_again("", "devices=1 known=0");
	look(&by_root, 0);
	expect_said(&by_root, "provider", "fpgabuf0", "unknown",
		    "of fpgabuf-simx, which nobody has examined");
	expect_said(&by_root, "channel", "fpgabuf0", "ok", "gaps not known");
	recover();
}

static void no_stop(void)
{
	load_again("", "devices=1 no_terminate=1");
	look(&by_root, 0);
	expect_said(&by_root, "capture", "fpgabuf0", "unknown",
		    "this channel cannot be stopped");
	look(&with_capture, 0);
	expect_said(&with_capture, "capture", "fpgabuf0", "ok", "have come");
	recover();
}

static void silent_fpga(void)
{
	sim_source("feed");
	look(&by_root, 1);
	sim_source("pattern");
	expect_said(&by_root, "capture", "fpgabuf0", "wrong",
		    "no bytes have come");
	EXPECT(said_of(program_text(&by_root, "out"), "caches", "fpgabuf0",
		       "ok") != NULL, false);
}

static void failing(void)
{
	sim_set("fail_transfer", 1);
	look(&by_root, 1);
	expect_said(&by_root, "capture", "fpgabuf0", "wrong",
		    "a capture has failed: Input/output error");
	sim_source("pattern");
	sim_set("fail_prep", 1);
	look(&by_root, 1);
	expect_said(&by_root, "capture", "fpgabuf0", "wrong",
		    "the driver refuses a capture of 65536 bytes");
	sim_set("fail_prep", 0);
	sim_source("pattern");
}

/* It leaves alone what another program has queued. */
static void captured_by_others(void)
{
	int dev = device_open(0), fd = region_alloc(dev, MIB);
	struct fpgabuf_dequeue done;

	sim_source("feed");
	REQUIRE(region_queue(dev, fd, 0, 42), 0);
	look(&by_root, 0);
	expect_said(&by_root, "capture", "fpgabuf0", "unknown",
		    "another program captures from it");
	EXPECT(device_info(dev).queued, 1);
	EXPECT(device_info(dev).used_bytes, MIB);
	EXPECT(capture_cancel(dev), 1);
	REQUIRE(capture_get(dev, &done), 0);
	EXPECT(done.cookie, 42);

	/* Nor does it when nothing is queued now. */
	sim_source("pattern");
	look(&by_root, 0);
	expect_said(&by_root, "capture", "fpgabuf0", "unknown",
		    "another program captures from it");
	EXPECT(device_info(dev).queued, 0);
	close(fd);
	close(dev);
}

static void never(void)
{
	int dev = device_open(0);
	uint64_t before = device_info(dev).captures;

	look(&without_capture, 0);
	expect_said(&without_capture, "capture", "fpgabuf0", "unknown",
		    "because of --capture never");
	EXPECT(device_info(dev).captures, before);
	close(dev);
}

static void expect_section(const char *text, const char *words)
{
	if (!strstr(text, words))
		printf("\n    no '%s'", words);
	EXPECT(!strstr(text, words), false);
}

static void reported(void)
{
	const struct program report = {
		.name = "doctor",
		.argv = { "fpgabuf-doctor", "--report" },
	};
	const char *text;

	EXPECT(program_run(&report), 0);
	text = program_text(&report, "out");
	expect_section(text, "ok         module    the driver is loaded");
	expect_section(text, "\n0 wrong, 0 not known, ");
	expect_section(text, "\n== versions\nfpgabuf-doctor ");
	expect_section(text, "\nfpgabuf.1, driver \"fpgabuf\", number 1\n");
	expect_section(text, "\n== /sys/module/fpgabuf/parameters/limit_mib\n");
	expect_section(text, "\n== fpgabuf-info\n/dev/fpgabuf0: ");
	expect_section(text, "\nMemTotal:");
	expect_section(text, " fpgabuf0 captures through ");
}

static void for_people(void)
{
	const struct program plain = {
		.name = "doctor",
		.argv = { "fpgabuf-doctor" },
	};
	const char *text;

	EXPECT(chown("/dev/fpgabuf0", 0, 0), 0);
	EXPECT(program_run(&plain), 1);
	text = program_text(&plain, "out");
	expect_section(text,
		       "\nWRONG      group     fpgabuf0: no group may use it, only root\n"
		       "           -> install fpgabuf-tools, ");
	expect_section(text, "\n1 wrong, 0 not known, ");
	give_to_group();
}

static const struct test tests[] = {
	{ "with nothing wrong it says so of every check", all_well },
	{ "planted: the driver is not there, and is named", not_loaded },
	{ "planted: the driver is installed, but not loaded, and that is named",
	  installed },
	{ "planted: no device is for the driver, and that is named", no_device },
	{ "planted: no DMA channel, and that is named; who is not root is told so",
	  no_channel },
	{ "planted: a device bound to another driver, and that is named",
	  other_driver },
	{ "planted: a device bound to no driver, and that is named", unbound },
	{ "planted: no group may use a device, and that is named", no_group },
	{ "planted: there is no node, and that is named", no_node },
	{ "planted: you are not in the group, and that is named", no_member },
	{ "planted: your session is older than your membership, and that is named",
	  old_session },
	{ "planted: no memory may be locked, and that is named", memlock },
	{ "planted: a network card without scatter-gather, and that is named",
	  scatter_gather },
	{ "planted: no contiguous memory and no CMA, and both are named",
	  no_memory },
	{ "planted: a limit that is too low, and that is named", little_quota },
	{ "planted: a DMA controller that nobody knows, and that is named",
	  stranger },
	{ "planted: a channel that cannot be stopped is captured from if you say so",
	  no_stop },
	{ "planted: an FPGA that sends nothing, and that is named", silent_fpga },
	{ "planted: a DMA controller that fails or refuses, and that is named",
	  failing },
	{ "it does not capture while another program captures",
	  captured_by_others },
	{ "it does not capture if you say so", never },
	{ "a report has all that matters", reported },
	{ "for people it is a line each, and the remedy", for_people },
	{ }
};

SUITE(doctor,
	.title = "fpgabuf-doctor",
	.init = healthy,
	.tests = tests)

/* With swiotlb=force DMA goes elsewhere, and the driver fetches it, or does not. */
static void old_bytes(void)
{
	sim_source("pattern");
	file_write(SKIP, "1");
	look(&by_root, 2);
	file_write(SKIP, "0");
	expect_said(&by_root, "caches", "fpgabuf0", "wrong",
		    "8192 of 8192 lines of 32 bytes are what the CPU wrote");
	look(&by_root, 0);
	expect_said(&by_root, "caches", "fpgabuf0", "ok", "no line of 8192");
}

static const struct test caches_tests[] = {
	{ "planted: the CPU does not see what the DMA controller wrote, and that is named",
	  old_bytes },
	{ }
};

SUITE(doctor_caches,
	.alone = true,
	.title = "fpgabuf-doctor, and old bytes",
	.init = healthy,
	.tests = caches_tests)

static const char *lacks_tree(void)
{
	return access("/sys/firmware/devicetree/base/fpgabuf-carveout", F_OK) ?
	       "the kernel was not booted with backends.dtso" : NULL;
}

/* When this one is there, the kernel has tried all that come before it. */
static void tree(void)
{
	close(node_open("fpgabuf-carveout"));
	close(node_open("fpgabuf-cma"));
	EXPECT(program_run(&by_root), 1);
}

static void tree_width(void)
{
	tree();
	expect_said(&by_root, "width", "b001000.fpgabuf-register", "wrong",
		    "reg-io-width of 8 does not fit");
	expect_said(&by_root, "width", "b002000.fpgabuf-register", "wrong",
		    "reg-io-width of 3 does not fit");
	expect_said(&by_root, "burst", "b003000.fpgabuf-register", "wrong",
		    "fpgabuf,burst of 0");
	expect_said(&by_root, "channel", "b000000.fpgabuf-register", "wrong",
		    "the DMA channel cannot read from");
}

static void tree_reserved(void)
{
	tree();
	expect_said(&by_root, "reserved", "fpgabuf-nomap", "wrong",
		    "cannot use memory-region");
	EXPECT(!strstr(program_text(&by_root, "out"),
		       "the region is in memory that the device tree sets aside"),
	       false);
	EXPECT(!strstr(program_text(&by_root, "out"),
		       "it is full, too small, or reusable"), false);
}

static void tree_nodes(void)
{
	tree();
	expect_said(&by_root, "node", "/fpgabuf-disabled", "wrong",
		    "status \\\"disabled\\\"");
	expect_said(&by_root, "node", "/fpgabuf-no-bus/capture", "wrong",
		    "has made no device");
	expect_said(&by_root, "node", "/fpgabuf-carveout", "ok",
		    "the device tree has it");
}

static const struct test tree_tests[] = {
	{ "planted: a wrong width, a wrong burst and a useless register, and they are named",
	  tree_width },
	{ "planted: reserved memory without pages, and that is named",
	  tree_reserved },
	{ "planted: a node that is disabled, and one below no bus, and they are named",
	  tree_nodes },
	{ }
};

SUITE(doctor_dt,
	.alone = true,
	.title = "fpgabuf-doctor, and mistakes in a device tree",
	.lacks = lacks_tree,
	.init = modules_load_tree,
	.tests = tree_tests)
