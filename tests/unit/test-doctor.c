// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-doctor, on a sysfs, a device tree and a kernel log of our own */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "doctor/bundle.h"
#include "doctor/capture.h"
#include "doctor/clients.h"
#include "doctor/device.h"
#include "doctor/klog.h"
#include "doctor/report.h"
#include "doctor/tree.h"
#include "fake-device.h"
#include "lib/suite.h"
#include "process.h"

#define TREE	"sys/firmware/devicetree/base/"
#define DEVICE	"sys/bus/platform/devices/"

/**
 * struct world - what the kernel would tell
 * @root: our directory
 * @paths: of the parts
 * @places: the same
 * @findings: what was found
 * @clients: the devices
 * @files: regions are files, which cannot be synced
 */
struct world {
	char root[32];
	char paths[7][64];
	struct doctor_places places;
	struct findings findings;
	struct clients clients;
	bool files;
};

/* A path below the root, with its directories */
static void path_of(const struct world *w, const char *name, char path[256])
{
	char *slash;

	snprintf(path, 256, "%s/%s", w->root, name);
	for (slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
}

static void put_bytes(const struct world *w, const char *name,
		      const char *bytes, size_t size)
{
	char path[256];
	FILE *f;

	path_of(w, name, path);
	f = fopen(path, "w");
	if (!f || fwrite(bytes, 1, size, f) != size || fclose(f))
		abort();
}

static void put(const struct world *w, const char *name, const char *text)
{
	put_bytes(w, name, text, strlen(text));
}

static void put_link(const struct world *w, const char *name,
		     const char *target)
{
	char path[256];

	path_of(w, name, path);
	if (symlink(target, path))
		abort();
}

/* A node of the tree, with a list of strings */
static void put_node(const struct world *w, const char *node,
		     const char *compatible, size_t size)
{
	char name[128];

	snprintf(name, sizeof(name), TREE "%s/compatible", node);
	put_bytes(w, name, compatible, size);
}

static void put_device(const struct world *w, const char *device,
		       const char *file, const char *text)
{
	char name[128];

	snprintf(name, sizeof(name), DEVICE "%s/%s", device, file);
	put(w, name, text);
}

static void world_make(struct world *w)
{
	static const char * const parts[] = {
		"dev", "sys", "proc", "debug", "modules", "kmsg", "os",
	};
	unsigned int i;

	*w = (struct world){ .root = "/tmp/fpgabuf-unit-XXXXXX" };
	if (!mkdtemp(w->root))
		abort();
	for (i = 0; i < 7; i++)
		snprintf(w->paths[i], sizeof(w->paths[i]), "%s/%s", w->root,
			 parts[i]);
	w->places = (struct doctor_places){
		w->paths[0], w->paths[1], w->paths[2], w->paths[3],
		w->paths[4], w->paths[5], w->paths[6],
	};
	put(w, "sys/bus/platform/drivers/fpgabuf/bind", "");
	put(w, "sys/bus/platform/devices/pcspkr/modalias", "platform:pcspkr\n");
}

static void world_remove(struct world *w)
{
	char command[64];

	findings_free(&w->findings);
	snprintf(command, sizeof(command), "rm -r %s", w->root);
	CU_ASSERT_EQUAL(system(command), 0);
}

static void examine(struct world *w)
{
	findings_free(&w->findings);
	clients_check(&w->clients, &w->findings, &w->places);
	CU_ASSERT_FALSE(w->findings.failed);
}

static void print_all(const struct world *w)
{
	printf("\n");
	findings_text(stdout, &w->findings);
}

/* There is one with these words; what is wrong has a remedy. */
static void expect(const struct world *w, enum verdict verdict,
		   const char *check, const char *subject, const char *words)
{
	const struct finding *finding;
	size_t i, n = 0;

	for (i = 0; i < w->findings.count; i++) {
		finding = &w->findings.list[i];
		if (finding->verdict != verdict ||
		    strcmp(finding->check, check) ||
		    strcmp(finding->subject, subject) ||
		    !strstr(finding->text, words))
			continue;
		n++;
		CU_ASSERT(verdict != VERDICT_WRONG || *finding->remedy);
	}
	CU_ASSERT_EQUAL(n, 1);
	if (n != 1)
		print_all(w);
}

static void test_modules(void)
{
	struct utsname kernel;
	char name[256];
	struct world w;

	world_make(&w);
	examine(&w);
	expect(&w, VERDICT_OK, "module", "", "is loaded");
	CU_ASSERT(w.clients.loaded);

	CU_ASSERT_EQUAL(unlink(strcat(strcpy(name, w.paths[1]),
			"/bus/platform/drivers/fpgabuf/bind")), 0);
	CU_ASSERT_EQUAL(rmdir(strcat(strcpy(name, w.paths[1]),
			"/bus/platform/drivers/fpgabuf")), 0);
	examine(&w);
	expect(&w, VERDICT_WRONG, "module", "", "neither loaded, nor installed");

	uname(&kernel);
	snprintf(name, sizeof(name), "modules/%s/modules.dep", kernel.release);
	put(&w, name, "updates/fpgabuf-sim.ko.xz: updates/not/fpgabuf.ko\n");
	examine(&w);
	expect(&w, VERDICT_WRONG, "module", "", "neither loaded, nor installed");
	put(&w, name, "a/b.ko:\nupdates/dkms/fpgabuf.ko.xz:\n");
	examine(&w);
	expect(&w, VERDICT_WRONG, "module", "", "but not loaded");

	put_device(&w, "fpgabuf.0", "modalias", "platform:fpgabuf\n");
	examine(&w);
	expect(&w, VERDICT_UNKNOWN, "driver", "fpgabuf.0",
	       "before the driver is loaded");
	world_remove(&w);
}

static void test_nobody(void)
{
	struct world w;

	world_make(&w);
	examine(&w);
	expect(&w, VERDICT_WRONG, "node", "", "nothing on this machine");
	CU_ASSERT_PTR_NOT_NULL(strstr(w.findings.list[1].remedy, "PCIe"));
	put(&w, TREE "model", "a board");
	examine(&w);
	expect(&w, VERDICT_WRONG, "node", "", "nothing on this machine");
	CU_ASSERT_PTR_NOT_NULL(strstr(w.findings.list[1].remedy, "device tree"));
	world_remove(&w);
}

static void test_tree(void)
{
	static const char ours[] = "acme,scope\0fpgabuf,capture";
	static const char other[] = "fpgabuf,capture2";
	struct world w;

	world_make(&w);
	put_node(&w, "other", other, sizeof(other));
	put_node(&w, "soc/bus/lost", ours, sizeof(ours));
	put_node(&w, "off", ours, sizeof(ours));
	put_bytes(&w, TREE "off/status", "disabled", 9);
	put_node(&w, "on", ours, sizeof(ours));
	put_bytes(&w, TREE "on/status", "okay", 5);
	put_device(&w, "on", "modalias",
		   "of:NonT(null)Cacme,scopeCfpgabuf,capture\n");
	put_link(&w, DEVICE "on/of_node", "../../../../../" TREE "on");
	put_link(&w, DEVICE "on/driver", "../../drivers/fpgabuf");
	put(&w, DEVICE "on/misc/fpgabuf3/dev", "10:1\n");
	examine(&w);
	expect(&w, VERDICT_WRONG, "node", "/soc/bus/lost", "no device");
	expect(&w, VERDICT_WRONG, "node", "/off", "status \"disabled\"");
	expect(&w, VERDICT_OK, "node", "/on", "the device tree has it");
	expect(&w, VERDICT_OK, "driver", "on", "is fpgabuf3");
	CU_ASSERT_EQUAL(findings_count(&w.findings, VERDICT_WRONG), 2);
	CU_ASSERT_EQUAL(w.clients.count, 1);
	CU_ASSERT_EQUAL(w.clients.list[0].number, 3);
	world_remove(&w);
}

static void test_drivers(void)
{
	struct world w;

	world_make(&w);
	put_device(&w, "a", "driver_override", "fpgabuf\n");
	put_device(&w, "a", "modalias", "platform:a\n");
	put_device(&w, "fpgabuf.5", "modalias", "platform:fpgabuf\n");
	put_link(&w, DEVICE "fpgabuf.5/driver", "../../drivers/alarmtimer");
	put_device(&w, "fpgabuf-sim.5", "modalias", "platform:fpgabuf-sim\n");
	put(&w, "kmsg", "");
	put(&w, "debug/devices_deferred", "aa\tnot this one\n");
	examine(&w);
	CU_ASSERT_EQUAL(w.clients.count, 2);
	expect(&w, VERDICT_WRONG, "driver", "fpgabuf.5", "alarmtimer");
	expect(&w, VERDICT_WRONG, "driver", "a", "does not say why");

	put(&w, "debug/devices_deferred",
	    "aa\tnot this one\na\tfpgabuf: no DMA channel \"rx\"\n");
	examine(&w);
	expect(&w, VERDICT_WRONG, "channel", "a", "no DMA channel \"rx\"");
	put(&w, "debug/devices_deferred", "a\t\n");
	examine(&w);
	expect(&w, VERDICT_WRONG, "driver", "a", "waits for another device");
	world_remove(&w);
}

static void test_reasons(void)
{
	static const struct { const char *line, *check; } reasons[] = {
		{ "error -EINVAL: reg-io-width of 3 does not fit", "width" },
		{ "error -22: fpgabuf,burst of 0: the DMA channel", "burst" },
		{ "cannot use memory-region /x (one without", "reserved" },
		{ "the DMA channel cannot read from 0x1", "channel" },
		{ "DMA channel dma0chan0 cannot capture to memory", "channel" },
		{ "dma has no stream to capture from: it must", "channel" },
		{ "error -ENODEV: no DMA channel \"rx\"", "channel" },
		{ "something: else", "driver" },
	};
	char log[512];
	struct world w;
	size_t i;

	world_make(&w);
	put_device(&w, "a", "driver_override", "fpgabuf\n");
	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		snprintf(log, sizeof(log),
			 "6,1,2,-;fpgabuf a: something older\n"
			 " SUBSYSTEM=platform\n DEVICE=;fpgabuf a: no record\n"
			 "3,2,3,-;fpgabuf a: %s\n"
			 "4,3,4,-;fpgabuf a: probe with driver fpgabuf failed with error -22\n"
			 "3,4,5,-;fpgabuf aa: of another\nno record\n",
			 reasons[i].line);
		put(&w, "kmsg", log);
		put(&w, "debug/devices_deferred", "");
		examine(&w);
		expect(&w, VERDICT_WRONG, reasons[i].check, "a",
		       strncmp(reasons[i].line, "error", 5) ?
		       reasons[i].line : strchr(reasons[i].line, ':') + 2);
	}
	world_remove(&w);
}

static void test_unreadable(void)
{
	struct world w;

	world_make(&w);
	put_device(&w, "a", "driver_override", "fpgabuf\n");
	examine(&w);
	expect(&w, VERDICT_WRONG, "driver", "a",
	       "why cannot be read: No such file");
	CU_ASSERT_PTR_NOT_NULL(strstr(w.findings.list[1].remedy, "as root"));
	world_remove(&w);
}

static void test_many(void)
{
	char name[64];
	struct world w;
	int i;

	world_make(&w);
	put(&w, "kmsg", "");
	for (i = 0; i <= MAX_CLIENTS; i++) {
		snprintf(name, sizeof(name), "fpgabuf.%d", i);
		put_device(&w, name, "modalias", "platform:fpgabuf\n");
		snprintf(name, sizeof(name), DEVICE "fpgabuf.%d/driver", i);
		put_link(&w, name, "../../drivers/fpgabuf");
	}
	examine(&w);
	CU_ASSERT_EQUAL(w.clients.count, MAX_CLIENTS);
	expect(&w, VERDICT_UNKNOWN, "driver", "", "more devices than 32");
	world_remove(&w);
}

/* The text of a file that @print has made */
static char *printed(void (*print)(FILE *out, const struct world *w),
		     const struct world *w)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		abort();
	print(f, w);
	fclose(f);
	return text;
}

static void as_json(FILE *out, const struct world *w)
{
	findings_json(out, &w->findings);
}

static void as_text(FILE *out, const struct world *w)
{
	findings_text(out, &w->findings);
}

static void as_bundle(FILE *out, const struct world *w)
{
	bundle_print(out, &w->clients, &w->places);
}

static void test_report(void)
{
	struct world w = { .root = "" };
	char *text;

	found(&w.findings, VERDICT_OK, "one", "", "all %d", 1);
	found(&w.findings, VERDICT_WRONG, "two", "it", "says \"no\"");
	found_remedy(&w.findings, "mend it");
	found(&w.findings, VERDICT_UNKNOWN, "three", "it", "dark");

	text = printed(as_text, &w);
	CU_ASSERT_STRING_EQUAL(text,
		"ok         one       all 1\n"
		"WRONG      two       it: says \"no\"\n"
		"           -> mend it\n"
		"not known  three     it: dark\n"
		"\n1 wrong, 1 not known, 1 ok\n");
	free(text);
	text = printed(as_json, &w);
	CU_ASSERT_STRING_EQUAL(text,
		"{\"ok\": false, \"wrong\": 1, \"unknown\": 1, \"checks\": ["
		"{\"check\": \"one\", \"subject\": \"\", \"verdict\": \"ok\", \"text\": \"all 1\", \"remedy\": \"\"}, "
		"{\"check\": \"two\", \"subject\": \"it\", \"verdict\": \"wrong\", \"text\": \"says \\\"no\\\"\", \"remedy\": \"mend it\"}, "
		"{\"check\": \"three\", \"subject\": \"it\", \"verdict\": \"unknown\", \"text\": \"dark\", \"remedy\": \"\"}]}\n");
	free(text);
	findings_free(&w.findings);
}

static void has(const char *text, const char *words)
{
	if (!strstr(text, words))
		printf("\n    no '%s' in: %s", words, text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, words));
}

static void test_bundle(void)
{
	static const char ours[] = "acme,scope\0fpgabuf,capture";
	struct world w;
	char *text;

	world_make(&w);
	put_node(&w, "scope", ours, sizeof(ours));
	put_bytes(&w, TREE "scope/dmas", "\0\0\0\5\0\0\0\1", 8);
	put(&w, "dev/null", "");
	put(&w, "os", "NAME=\"a system\"\n");
	put(&w, "proc/meminfo", "MemTotal: 1 kB\n");
	put(&w, "kmsg", "6,1,2,-;fpgabuf a: hello\n6,2,3,-;usb 1-1: silence\n"
	    "4,3,4,-;pl330: DMA trouble\n");
	examine(&w);
	text = printed(as_bundle, &w);
	has(text, "\n== versions\nfpgabuf-doctor ");
	has(text, "/os\nNAME=\"a system\"\n");
	has(text, "/scope\n");
	has(text, "compatible: \"acme,scope\" \"fpgabuf,capture\"\n");
	has(text, "dmas: 00000005 00000001\n");
	has(text, "/proc/meminfo\nMemTotal: 1 kB\n");
	has(text, "/proc/buddyinfo\ncannot be read: No such file");
	has(text, "== fpgabuf-info\nthere is no device ");
	has(text, "the lines that matter\nfpgabuf a: hello\npl330: DMA trouble\n");
	free(text);

	CU_ASSERT_EQUAL(unlink(w.paths[5]), 0);
	text = printed(as_bundle, &w);
	has(text, "the lines that matter\ncannot be read: No such file or directory; run this as root\n");
	free(text);
	world_remove(&w);
}

/* Captures from the fake device, as it is set up. */
static void capture(struct world *w, enum when_capture when)
{
	static const struct client client = { .name = "a" };
	struct patient p = {
		.client = &client,
		.places = &w->places,
		.name = "it",
		.path = FAKE_DEVICE,
	};

	findings_free(&w->findings);
	fake.dmabufs = !w->files;
	CU_ASSERT_EQUAL_FATAL(fpgabuf_device_open(p.path, O_NONBLOCK,
						  &p.device), 0);
	CU_ASSERT_EQUAL(fpgabuf_device_info(p.device, &p.info), 0);
	capture_check(&p, when, &w->findings);
	patient_close(&p);
	CU_ASSERT_EQUAL(fake.bad_calls, 0);
	fake_reset();
}

static void test_captures(void)
{
	struct world w;

	world_make(&w);
	fake_reset();
	fake.capabilities |= FPGABUF_CAP_STOP;
	capture(&w, CAPTURE_AUTO);
	expect(&w, VERDICT_OK, "capture", "it", "4 captures of 65536 bytes");
	expect(&w, VERDICT_OK, "caches", "it", "no line of 8192 is old");

	/* Pieces of lines, and a controller that takes less */
	fake_plain();
	fake.alignment = 8;
	fake.max_capture = 1000;
	capture(&w, CAPTURE_AUTO);
	expect(&w, VERDICT_OK, "capture", "it", "4 captures of 1000 bytes");
	expect(&w, VERDICT_OK, "caches", "it", "no line of 124 is old");

	fake.capabilities = 0;
	capture(&w, CAPTURE_AUTO);
	expect(&w, VERDICT_UNKNOWN, "capture", "it", "cannot be stopped");
	fake.capabilities = 0;
	capture(&w, CAPTURE_ALWAYS);
	expect(&w, VERDICT_OK, "capture", "it", "have come");
	capture(&w, CAPTURE_NEVER);
	expect(&w, VERDICT_UNKNOWN, "capture", "it", "--capture never");
	world_remove(&w);
}

/* What it says has come, but did not, is what the CPU wrote. */
static void test_stale(void)
{
	struct world w;

	world_make(&w);
	fake_reset();
	fake.empty_every = 2;
	fake.more_bytes = 65536;
	capture(&w, CAPTURE_ALWAYS);
	expect(&w, VERDICT_WRONG, "caches", "it",
	       "4096 of 8192 lines of 32 bytes are what the CPU wrote");
	world_remove(&w);
}

static void test_failures(void)
{
	static const struct { int error; const char *says; } queue[] = {
		{ EIO, "refuses a capture of 65536 bytes: Input/output" },
		{ ENODEV, "refuses a capture of 65536 bytes: No such device" },
	}, alloc[] = {
		{ ENOMEM, "there is no region of 2048 KiB: Cannot allocate" },
		{ EIO, "there is no region of 2048 KiB: Input/output" },
		{ EDQUOT, "there is no region of 2048 KiB: Disk quota" },
		{ ENFILE, "there is no region of 2048 KiB: Too many open" },
	};
	enum verdict cma;
	struct world w;
	size_t i;

	world_make(&w);
	fake_reset();
	for (i = 0; i < sizeof(queue) / sizeof(queue[0]); i++) {
		fake.queue_errno = queue[i].error;
		capture(&w, CAPTURE_ALWAYS);
		expect(&w, VERDICT_WRONG, "capture", "it", queue[i].says);
	}
	for (i = 0; i < sizeof(alloc) / sizeof(alloc[0]); i++) {
		fake.alloc_errno = alloc[i].error;
		capture(&w, CAPTURE_ALWAYS);
		expect(&w, VERDICT_WRONG, "memory", "it", alloc[i].says);
		cma = alloc[i].error == ENOMEM ? VERDICT_WRONG : VERDICT_OK;
		expect(&w, cma, "cma", "it", "the kernel has no CMA");
	}
	put(&w, "proc/meminfo", "MemTotal: 9 kB\nCmaTotal:   64 kB\n");
	fake.alloc_errno = ENOMEM;
	capture(&w, CAPTURE_ALWAYS);
	expect(&w, VERDICT_OK, "cma", "it", "64 KiB of CMA");

	w.files = true;
	capture(&w, CAPTURE_ALWAYS);
	expect(&w, VERDICT_WRONG, "capture", "it", "caches cannot be synced");
	w.files = false;
	fake.queue_errno = EUSERS;
	capture(&w, CAPTURE_ALWAYS);
	expect(&w, VERDICT_UNKNOWN, "capture", "it", "another program captures");
	fake.fail_at = 3;
	capture(&w, CAPTURE_ALWAYS);
	expect(&w, VERDICT_WRONG, "capture", "it", "failed: Input/output error");
	fake.empty_every = 2;
	capture(&w, CAPTURE_ALWAYS);
	expect(&w, VERDICT_WRONG, "capture", "it", "ended without bytes");
	fake.empty_every = 1;
	fake.timeout_every = 1;
	capture(&w, CAPTURE_ALWAYS);
	expect(&w, VERDICT_WRONG, "capture", "it", "no bytes have come in 2000 ms");
	world_remove(&w);
}

/* Memory that is set aside, and not used: the fake device has none. */
static void test_reserved(void)
{
	struct world w;

	world_make(&w);
	fake_reset();
	put_device(&w, "a", "of_node/memory-region", "1234");
	capture(&w, CAPTURE_NEVER);
	expect(&w, VERDICT_UNKNOWN, "reserved", "it", "the region is not there");
	world_remove(&w);
}

static void test_usage(void)
{
	static char * const bad[][4] = {
		{ "tools/fpgabuf-doctor", "--capture", "perhaps" },
		{ "tools/fpgabuf-doctor", "/dev/fpgabuf0" },
		{ "tools/fpgabuf-doctor", "--json", "--report" },
		{ "tools/fpgabuf-doctor", "--none" },
	};
	static const char * const said[] = {
		"it takes auto, always or never",
		"/dev/fpgabuf0: there are no arguments but options",
		"--json and --report do not go together",
		"try --help",
	};
	struct process p;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(process_run(&p, bad[i]), 2);
		CU_ASSERT_PTR_NOT_NULL(strstr(p.output, said[i]));
	}
}

static const struct test tests[] = {
	{ "the driver is loaded, or installed, or neither", test_modules },
	{ "a machine on which nothing is for the driver", test_nobody },
	{ "nodes of a device tree that are there, disabled, or no device",
	  test_tree },
	{ "devices with another driver, or none", test_drivers },
	{ "what the driver says last of a device has a name and a remedy",
	  test_reasons },
	{ "who may not read why a device is unbound is told so",
	  test_unreadable },
	{ "more devices than there is room for are counted, and not hidden",
	  test_many },
	{ "findings as text and as JSON", test_report },
	{ "a report for a bug has what matters, or why not", test_bundle },
	{ "captures that come, and when it makes none", test_captures },
	{ "lines that are what the CPU wrote before a capture are counted",
	  test_stale },
	{ "memory and captures that fail have a name and a remedy",
	  test_failures },
	{ "memory that is set aside and not used", test_reserved },
	{ "bad usage has a remedy, and exit code 2", test_usage },
	{ }
};

SUITE(doctor,
	.title = "fpgabuf-doctor",
	.tests = tests)
