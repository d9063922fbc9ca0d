// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-info on the fake device, and a /proc and a debugfs of our own */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "fake-device.h"
#include "info/parse.h"
#include "info/show.h"
#include "lib/suite.h"
#include "net.h"
#include "process.h"
#include "receiver.h"
#include "schema.h"

/**
 * struct world - what the kernel would tell
 * @root: our directory
 * @proc: its procfs
 * @debug: its debugfs
 * @places: both, and where no device is
 */
struct world {
	char root[32];
	char proc[64];
	char debug[64];
	struct places places;
};

/* A file with its directories */
static void __attribute__((format(printf, 3, 4)))
put(const struct world *w, const char *name, const char *format, ...)
{
	char path[256], *slash;
	va_list args;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", w->root, name);
	for (slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "w");
	if (!f)
		abort();
	va_start(args, format);
	vfprintf(f, format, args);
	va_end(args);
	fclose(f);
}

static void put_descriptor(const struct world *w, int pid, int fd,
			   const char *exporter, unsigned int inode)
{
	char name[64];

	snprintf(name, sizeof(name), "proc/%d/fdinfo/%d", pid, fd);
	put(w, name, "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t%u\n"
	    "size:\t65536\ncount:\t2\nexp_name:\t%s\nname:\tx\n", inode,
	    exporter);
}

#define TITLES "   inode      bytes backend         chunks  state importers mappings in-use\n"

static void world_make(struct world *w)
{
	strcpy(w->root, "/tmp/fpgabuf-unit-XXXXXX");
	if (!mkdtemp(w->root) || chmod(w->root, 0755))
		abort();
	snprintf(w->proc, sizeof(w->proc), "%s/proc", w->root);
	snprintf(w->debug, sizeof(w->debug), "%s/debug", w->root);
	w->places = (struct places){ w->root, w->proc, w->debug };

	put(w, "debug/fpgabuf/fpgabuf-fake/counters",
	    "captures: 9\nsynced_for_cpu_bytes: 300\nsynced_for_device_bytes: 400\n");
	put(w, "debug/fpgabuf/fpgabuf-fake/regions", TITLES
	    "      42      65536 folios               1   idle         0       16      3\n"
	    "      43      20480 single pages         5 queued         0        0      0\n"
	    "      44       4096 scattered pages      1   done locked\n");
	put(w, "debug/dma_buf/bufinfo", "\nDma-buf Objects:\n"
	    "size    \tflags   \tmode    \tcount   \texp_name\tino     \tname\n"
	    "00065536\t00000002\t00080007\t00000004\tfpgabuf\t00000042\t<none>\n"
	    "\tkernel fence:fpgabuf capture seq 7 signalled\n"
	    "\tAttached Devices:\n\t0000:00:02.0\n\tvivid 1\n"
	    "Total 2 devices attached\n\n"
	    "00008192\t00000002\t00080007\t00000007\tfpgabuf\t00000050\t"
	    "x\n\tAttached Devices:\n\tnobody\n"
	    "\tAttached Devices:\nTotal 0 devices attached\n\n"
	    "00004096\t00000002\t00080007\t00000001\tudmabuf\t00000099\t<none>\n"
	    "\tAttached Devices:\n\t0000:00:03.0\nTotal 1 devices attached\n");
	put(w, "proc/100/comm", "sender\n");
	put(w, "proc/100/maps",
	    "7f00-7f10 r-xp 00000000 08:01 42 /bin/sender\n"
	    "10000-20000 rw-s 00000000 00:0b 42    /dmabuf:\n"
	    "20000-30000 rw-s 00000000 00:0b 98    /dmabuf:\n"
	    "30000-40000 r--s 00000000 00:0b 42    /dmabuf:\n");
	put_descriptor(w, 100, 5, "fpgabuf", 42);
	put_descriptor(w, 100, 6, "fpgabuf", 42);
	put_descriptor(w, 100, 7, "udmabuf", 99);
	put(w, "proc/200/comm", "show\n");
	put(w, "proc/200/maps", "%s", "");
	put_descriptor(w, 200, 3, "fpgabuf", 42);
	put_descriptor(w, 200, 4, "fpgabuf", 60);
	put(w, "proc/200/fdinfo/0", "pos:\t0\nflags:\t02\nino:\t42\n");
	put(w, "proc/self/fdinfo/3", "pos:\t0\n");
	put(w, "proc/version", "no process\n");
}

static void world_remove(struct world *w)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", w->root);
	CU_ASSERT_EQUAL(system(command), 0);
}

static char fake_path[] = FAKE_DEVICE;
static char *fake_paths[] = { fake_path };

static struct snapshot look(const struct world *w)
{
	struct snapshot s;

	fake_reset();
	CU_ASSERT_EQUAL_FATAL(snapshot_take(&s, &w->places, fake_paths, 1), 0);
	CU_ASSERT_EQUAL_FATAL(s.device_count, 1);
	return s;
}

static const struct region *region_of(const struct snapshot *s, uint64_t inode)
{
	size_t i;

	for (i = 0; i < s->regions.count; i++)
		if (s->regions.list[i].inode == inode)
			return &s->regions.list[i];
	CU_FAIL_FATAL("no such region");
	return NULL;
}

static void test_regions(void)
{
	const struct region *r;
	struct snapshot s;
	struct world w;

	world_make(&w);
	s = look(&w);
	CU_ASSERT_EQUAL(s.regions.count, 5);
	CU_ASSERT_EQUAL(s.hidden, 0);
	CU_ASSERT_EQUAL(s.devices[0].synced_for_cpu, 300);
	CU_ASSERT_EQUAL(s.devices[0].synced_for_device, 400);

	r = region_of(&s, 42);
	CU_ASSERT_EQUAL(r->device, 0);
	CU_ASSERT_EQUAL(r->size, 65536);
	CU_ASSERT_STRING_EQUAL(r->backend, "folios");
	CU_ASSERT_EQUAL(r->in_use, 3);
	CU_ASSERT_EQUAL(r->mappings, 16);
	CU_ASSERT_EQUAL(r->refs, 4);
	CU_ASSERT_EQUAL(region_in_flight(r), 65536);
	CU_ASSERT_FALSE(r->asked);
	CU_ASSERT_EQUAL_FATAL(r->attached_count, 2);
	CU_ASSERT_STRING_EQUAL(r->attached[0].name, "0000:00:02.0");
	CU_ASSERT_STRING_EQUAL(r->attached[1].name, "vivid 1");
	r = region_of(&s, 43);
	CU_ASSERT_STRING_EQUAL(r->backend, "single pages");
	CU_ASSERT_STRING_EQUAL(r->state, "queued");
	CU_ASSERT_EQUAL(r->owner_count, 0);
	CU_ASSERT_EQUAL(region_in_flight(r), 0);
	CU_ASSERT_TRUE(region_of(&s, 44)->locked);

	/* Of a device that has gone; in the kernel alone, and in a process. */
	CU_ASSERT_EQUAL(region_of(&s, 50)->device, NO_DEVICE);
	CU_ASSERT_EQUAL(region_of(&s, 50)->refs, 7);
	CU_ASSERT_EQUAL(region_of(&s, 50)->attached_count, 0);
	CU_ASSERT_EQUAL(region_of(&s, 60)->device, NO_DEVICE);
	CU_ASSERT_EQUAL(region_of(&s, 60)->size, 65536);
	CU_ASSERT_EQUAL(bytes_in_flight(&s, 0), 65536);
	snapshot_free(&s);
	world_remove(&w);
}

static void test_owners(void)
{
	const struct region *r;
	const struct owner *o;
	struct snapshot s;
	struct world w;

	world_make(&w);
	s = look(&w);
	r = region_of(&s, 42);
	CU_ASSERT_EQUAL_FATAL(r->owner_count, 2);
	o = &r->owners[r->owners[0].pid == 100 ? 0 : 1];
	CU_ASSERT_EQUAL(o->pid, 100);
	CU_ASSERT_STRING_EQUAL(o->name, "sender");
	CU_ASSERT_EQUAL(o->descriptors, 2);
	CU_ASSERT_EQUAL(o->mapped, 2 * 65536);
	o = &r->owners[r->owners[0].pid == 200 ? 0 : 1];
	CU_ASSERT_EQUAL(o->pid, 200);
	CU_ASSERT_EQUAL(o->descriptors, 1);
	CU_ASSERT_EQUAL(o->mapped, 0);
	snapshot_free(&s);
	world_remove(&w);
}

/* An open device would keep the driver from being unloaded. */
static void test_closed(void)
{
	unsigned int fds = open_fds(getpid());
	struct snapshot s;
	struct world w;

	world_make(&w);
	s = look(&w);
	CU_ASSERT_EQUAL(open_fds(getpid()), fds);
	snapshot_free(&s);
	world_remove(&w);
}

/* What somebody else may not see is counted, and said. */
static void test_hidden(void)
{
	bool root = geteuid() == 0;
	char path[128], maps[128], *text;
	struct snapshot s;
	struct world w;
	size_t size;
	FILE *f;

	world_make(&w);
	snprintf(path, sizeof(path), "%s/100/fdinfo", w.proc);
	chmod(path, 0);
	/* Nor its mappings: that is one process, not two. */
	snprintf(maps, sizeof(maps), "%s/100/maps", w.proc);
	chmod(maps, 0);
	chmod(w.debug, 0);
	if (root)
		CU_ASSERT_EQUAL(seteuid(65534), 0);
	s = look(&w);
	if (root)
		CU_ASSERT_EQUAL(seteuid(0), 0);
	chmod(path, 0700);
	chmod(w.debug, 0700);
	CU_ASSERT_EQUAL(s.hidden, 1);
	CU_ASSERT_EQUAL(s.devices[0].debug_error, -EACCES);
	CU_ASSERT_EQUAL(s.regions.count, 2);
	CU_ASSERT_FALSE(region_of(&s, 42)->described);
	CU_ASSERT_EQUAL(region_of(&s, 42)->refs, 2);

	f = open_memstream(&text, &size);
	show_text(f, &s, NULL);
	show_hidden(f, &s);
	fclose(f);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "debugfs: Permission denied"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "what 1 processes of other users hold"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "show[200]: 1 fd\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "in flight"));
	free(text);
	snapshot_free(&s);
	world_remove(&w);
}

/* What programs read is as they were told. */
static void check_schema(const char *text)
{
	struct temp t;
	FILE *f;

	temp_make(&t, "x.json");
	f = fopen(t.file, "we");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
	CU_ASSERT_TRUE(info_schema_holds(t.file));
	temp_remove(&t);
}

static char *shown(void (*show)(FILE *, const struct snapshot *,
				const struct snapshot *),
		   const struct snapshot *now, const struct snapshot *before)
{
	size_t size;
	char *text;
	FILE *f;

	f = open_memstream(&text, &size);
	show(f, now, before);
	fclose(f);
	if (show == show_json)
		check_schema(text);
	return text;
}

static void expect_texts(char *text, const char *const expected[])
{
	for (; *expected; expected++) {
		if (!strstr(text, *expected))
			printf("\n    no '%s' in: %s", *expected, text);
		CU_ASSERT_PTR_NOT_NULL(strstr(text, *expected));
	}
	free(text);
}

/* A second later, with more captures; and after it was bound anew. */
static void test_rates(void)
{
	struct snapshot before, now;
	struct rates r;
	struct world w;

	world_make(&w);
	before = look(&w);
	now = look(&w);
	before.devices[0].info.captures = 100;
	now.devices[0].info.captures = 300;
	now.devices[0].synced_for_cpu += 5000000;
	now.ns = before.ns + 2000000000;
	r = rates_since(NULL, &now, 0);
	CU_ASSERT_EQUAL(r.seconds, 0);
	r = rates_since(&before, &now, 0);
	CU_ASSERT_EQUAL(r.seconds, 2);
	CU_ASSERT_EQUAL(r.captures, 100);
	CU_ASSERT_EQUAL(r.synced, 2500000);
	expect_texts(shown(show_lines, &now, &before), (const char *[]){
		"/dev/fpgabuf-fake: 300 captures, 100.0/s; 0 gaps, 0.0/s;", NULL
	});
	expect_texts(shown(show_text, &now, &before), (const char *[]){
		"  a second  100.0 captures", "synced 2.5 MB for the CPU", NULL
	});
	expect_texts(shown(show_json, &now, &before), (const char *[]){
		"\"seconds\": 2.000000, \"captures_per_s\": 100.000000,", NULL
	});
	now.devices[0].info.captures = 50;
	CU_ASSERT_EQUAL(rates_since(&before, &now, 0).captures, 25);
	snapshot_free(&before);
	snapshot_free(&now);
	world_remove(&w);
}

static void test_shown(void)
{
	struct snapshot s;
	struct world w;

	world_make(&w);
	s = look(&w);
	expect_texts(shown(show_text, &s, NULL), (const char *[]){
		"/dev/fpgabuf-fake: fpgabuf-fake, interface version 2\n",
		"1 GiB a region", "16 queued; a multiple of 8 bytes",
		"64 KiB in flight", "synced 300 B for the CPU",
		"mappings in use standing refs  owners\n",
		"queued         0        0      0        ?    ?\n",
		"sender[100]: 2 fd, 128 KiB mapped",
		"  attached: 0000:00:02.0, vivid 1\n",
		"whose device is not known", NULL
	});
	expect_texts(shown(show_json, &s, NULL), (const char *[]){
		"{\"devices\": [{\"device\": \"/dev/fpgabuf-fake\", ",
		"\"queue_depth\": 16, \"alignment\": 8,",
		"\"in_flight_bytes\": 65536, \"regions\": [{\"inode\": 42, \"bytes\": 65536, \"refs\": 4, \"backend\": \"folios\", \"chunks\": 1, \"state\": \"idle\", \"importers\": 0, \"mappings\": 16, \"in_use\": 3, \"in_flight_bytes\": 65536, \"attached\": [{\"device\": \"0000:00:02.0\"}, {\"device\": \"vivid 1\"}], \"owners\": [{\"pid\": ",
		"{\"pid\": 100, \"name\": \"sender\", \"descriptors\": 2, \"mapped_bytes\": 131072}",
		"\"owners\": []}, {\"inode\": 44, ", "\"state\": \"done\", \"attached\": [], \"owners\": []}]}], \"other_regions\": [{\"inode\": 50, ",
		"}], \"hidden_processes\": 0}\n", NULL
	});
	snapshot_free(&s);
	world_remove(&w);
}

static void expect_not(char *text, const char *unexpected)
{
	CU_ASSERT_PTR_NULL(strstr(text, unexpected));
	free(text);
}

static unsigned long inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

/* A region of this process, as the kernel would tell of it: its descriptor */
static int add_real_region(const struct world *w)
{
	int fd = memfd_create("region", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, 4096))
		abort();
	put(w, "debug/fpgabuf/fpgabuf-fake/regions", TITLES
	    "%8lu       4096 folios               1 queued         1        0      0\n",
	    inode_of(fd));
	put_descriptor(w, getpid(), fd, "fpgabuf", inode_of(fd));
	return fd;
}

static struct snapshot look_again(const struct world *w)
{
	struct snapshot s;

	CU_ASSERT_EQUAL_FATAL(snapshot_take(&s, &w->places, fake_paths, 1), 0);
	return s;
}

static const struct region *first_asked(const struct snapshot *s)
{
	size_t i;

	for (i = 0; i < s->regions.count; i++)
		if (s->regions.list[i].asked)
			return &s->regions.list[i];
	return NULL;
}

static void test_standing(void)
{
	const struct region *r;
	struct snapshot s;
	struct world w;
	int fd, other;

	world_make(&w);
	fd = add_real_region(&w);
	fake_reset();
	fake.dmabufs = true;
	fake.pins = 48;
	s = look_again(&w);
	r = first_asked(&s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	CU_ASSERT_EQUAL(r->standing, 48);
	/* Its importer has let go of it, or it would not be queued. */
	CU_ASSERT_EQUAL(r->importers, 1);
	CU_ASSERT_EQUAL(region_in_flight(r), 0);
	expect_texts(shown(show_text, &s, NULL), (const char *[]){
		"queued         1        0      0       48    2  ", NULL
	});
	expect_texts(shown(show_json, &s, NULL), (const char *[]){
		"\"in_flight_bytes\": 0, \"standing\": 48, \"attached\": [],",
		NULL
	});
	snapshot_free(&s);

	/* Something else is behind the descriptor now. */
	other = memfd_create("other", MFD_CLOEXEC);
	CU_ASSERT_EQUAL(dup2(other, fd), fd);
	s = look_again(&w);
	CU_ASSERT_PTR_NULL(first_asked(&s));
	snapshot_free(&s);
	close(other);
	close(fd);
	world_remove(&w);
	fake_reset();
}

/* It does not know what it is asked for, or somebody has the region locked. */
static void test_not_asked(void)
{
	struct snapshot s;
	struct world w;
	int fd;

	world_make(&w);
	fd = add_real_region(&w);
	fake_reset();
	fake.dmabufs = true;
	fake.capabilities &= ~FPGABUF_CAP_BASELINE;
	s = look_again(&w);
	CU_ASSERT_PTR_NULL(first_asked(&s));
	expect_not(shown(show_json, &s, NULL), "standing");
	snapshot_free(&s);

	fake.capabilities |= FPGABUF_CAP_BASELINE;
	close(fd);
	fd = add_real_region(&w);
	s = look_again(&w);
	CU_ASSERT_PTR_NOT_NULL(first_asked(&s));
	snapshot_free(&s);
	put(&w, "debug/fpgabuf/fpgabuf-fake/regions", TITLES
	    "%8lu       4096 folios               1   idle locked\n", inode_of(fd));
	s = look_again(&w);
	CU_ASSERT_PTR_NULL(first_asked(&s));
	snapshot_free(&s);
	close(fd);
	world_remove(&w);
	fake_reset();
}

static void test_channel(void)
{
	struct fpgabuf_info *info;
	struct snapshot s;
	struct world w;

	world_make(&w);
	s = look(&w);
	info = &s.devices[0].info;
	expect_texts(shown(show_text, &s, NULL), (const char *[]){
		"  channel   gaps exact: ", "            bytes exact: ",
		"            can be stopped\n",
		"            takes 16 captures at once\n", ", 0 gaps, ", NULL
	});
	expect_texts(shown(show_json, &s, NULL), (const char *[]){
		"\"bytes_exact\": true, \"packets_exact\": true, \"can_stop\": true, \"max_capture\": 0, \"max_packet\": 0, \"transfers\": 16,",
		"\"gaps\": 0, \"gaps_exact\": true,", NULL
	});
	info->capabilities = 0;
	info->max_capture = 16376;
	info->max_packet = 8192;
	info->transfers = 1;
	info->gaps = 99;
	expect_texts(shown(show_text, &s, NULL), (const char *[]){
		"  channel   gaps not known: the DMA controller is restarted",
		"            bytes not known: a capture",
		"            cannot be stopped: ",
		"            takes 1 capture at once, of 15.99 KiB at most; a packet that ends one has 8 KiB at most\n",
		"captures, gaps not known, 0 refused", NULL
	});
	expect_texts(shown(show_json, &s, NULL), (const char *[]){
		"\"bytes_exact\": false, \"packets_exact\": false, \"can_stop\": false, \"max_capture\": 16376, \"max_packet\": 8192, \"transfers\": 1,",
		"\"gaps\": 99, \"gaps_exact\": false,", NULL
	});
	expect_texts(shown(show_lines, &s, &s), (const char *[]){
		"/s; gaps not known; 0 busy", NULL
	});
	snapshot_free(&s);
	world_remove(&w);
}

/* It does not tell, so neither do we. */
static void test_old_driver(void)
{
	struct fpgabuf_info *info;
	struct snapshot s;
	struct world w;

	world_make(&w);
	s = look(&w);
	info = &s.devices[0].info;
	info->version = 1;
	info->capabilities = 0;
	info->transfers = 0;
	info->gaps = 99;
	expect_not(shown(show_text, &s, NULL), "  channel ");
	expect_not(shown(show_text, &s, NULL), "not known:");
	expect_texts(shown(show_text, &s, NULL), (const char *[]){
		"captures, 99 gaps, 0 refused", NULL
	});
	expect_not(shown(show_json, &s, NULL), "_exact");
	expect_not(shown(show_json, &s, NULL), "can_stop");
	snapshot_free(&s);
	world_remove(&w);
}

/* A name that a user gave must not be taken for what the kernel says. */
static void test_parse(void)
{
	struct dmabuf_info info;
	struct region r;

	CU_ASSERT_EQUAL(parse_fdinfo("ino:\t1\nsize:\t2\ncount:\t3\n"
				     "exp_name:\tother\nname:\t\n"
				     "exp_name:\tfpgabuf\n", &info), -ENOENT);
	CU_ASSERT_EQUAL(parse_fdinfo("size:\t2\ncount:\t3\n"
				     "exp_name:\tfpgabuf\nino:\t1\n", &info),
			0);
	CU_ASSERT_EQUAL(info.inode, 0);
	CU_ASSERT_EQUAL(parse_fdinfo("ino:\t1\nsize:\t2\n"
				     "exp_name:\tfpgabuf\ncount:\t3\n", &info),
			-EINVAL);
	CU_ASSERT_EQUAL(parse_region(TITLES, &r), -EINVAL);
	CU_ASSERT_EQUAL(parse_region("1 2 CMA 3 idle 4 5", &r), -EINVAL);
	CU_ASSERT_EQUAL(parse_region("1 2 CMA 3 idle 4 5 6 7", &r), -EINVAL);
	CU_ASSERT_EQUAL(parse_region("1 2 3 idle 4 5 6", &r), -EINVAL);
	CU_ASSERT_EQUAL(parse_region("1 2 CMA 3 idle 4 5 -6", &r), -EINVAL);
	CU_ASSERT_EQUAL(parse_region("1 2 CMA 3 idle 4 5 6\n", &r), 0);
	CU_ASSERT_EQUAL(r.in_use, 6);
	CU_ASSERT_EQUAL(parse_bufinfo("1\t2\t3\t4\tfpgabuf-two\t5\tx", &info),
			-ENOENT);
}

static void test_usage(void)
{
	static const struct {
		char *argv[5];
		int code;
		const char *text;
	} uses[] = {
		{ { "fpgabuf-info-fake", "--none" }, 2, "try --help" },
		{ { "fpgabuf-info-fake", "--watch=0" }, 2, "out of range" },
		{ { "fpgabuf-info-fake", "--watch=x" }, 2, "not a valid" },
		{ { "fpgabuf-info-fake", "/dev/null" }, 1, "not an fpgabuf device" },
		{ { "fpgabuf-info-fake", "/dev/none" }, 1, "is the fpgabuf module" },
		{ { "fpgabuf-info-fake", "--help" }, 0, "--watch" },
		{ { "fpgabuf-info-fake", "--version" }, 0, "fpgabuf-info 0" },
		{ { "fpgabuf-info-fake", FAKE_DEVICE }, 0, "fpgabuf-fake" },
		{ { "fpgabuf-info-fake", "--json", FAKE_DEVICE }, 0,
		  "{\"devices\": [{" },
	};
	struct process p;
	size_t i;

	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		CU_ASSERT_EQUAL(process_run(&p, uses[i].argv), uses[i].code);
		CU_ASSERT_PTR_NOT_NULL(strstr(p.output, uses[i].text));
	}
}

/* Also what it says when it fails */
static void test_schema(void)
{
	static char *uses[][4] = {
		{ "fpgabuf-info-fake", "--json", FAKE_DEVICE },
		{ "fpgabuf-info-fake", "--json", "/dev/none" },
	};
	struct process p;
	size_t i;

	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		process_run(&p, uses[i]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(strchr(p.output, '{'));
		check_schema(strchr(p.output, '{'));
	}
}

static void test_watch(void)
{
	char *argv[] = { "fpgabuf-info-fake", "--watch", FAKE_DEVICE, NULL };
	struct process p;

	process_start(&p, argv);
	CU_ASSERT_TRUE(process_expect(&p, ", 0 B\n" FAKE_DEVICE ": 0 cap"));
	kill(p.pid, SIGINT);
	CU_ASSERT_EQUAL(process_finish(&p), 0);
}

static const struct test tests[] = {
	{ "regions of a device, and those of none, are found", test_regions },
	{ "owners are found by descriptors and mappings", test_owners },
	{ "pins that stand on a region are shown, if a descriptor of it can be had",
	  test_standing },
	{ "a driver that does not know them is not asked", test_not_asked },
	{ "nothing that was looked at stays open", test_closed },
	{ "what may not be seen is said", test_hidden },
	{ "rates are differences, also when a device was bound anew",
	  test_rates },
	{ "people and programs are shown the same", test_shown },
	{ "what the DMA channel can do is shown", test_channel },
	{ "of an old driver's channel nothing is said", test_old_driver },
	{ "what the kernel did not write is not believed", test_parse },
	{ "bad usage exits with 2, what is no device with 1", test_usage },
	{ "its JSON is as the schema says, also when it fails", test_schema },
	{ "watch looks again until a signal comes", test_watch },
	{ }
};

SUITE(info, .title = "fpgabuf-info", .tests = tests)
