// SPDX-License-Identifier: GPL-2.0-only
/*
 * fpgabuf-show on real graphics drivers: cirrus, which imports what was captured,
 * bochs, which does not, and vgem, which has no screen.  What can be seen then is
 * looked at from outside, by tests/vm/screenshot.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xf86drm.h>
#include <xf86drmMode.h>

#include "bed.h"

#define REPORT		"/tmp/show.json"
#define MESSAGES	"/tmp/show.messages"

#define PICTURE		(640 * 480 * 4)

/* The order in which the modules are loaded */
#define VGEM	"/dev/dri/card0"
#define CIRRUS	"/dev/dri/card1"
#define BOCHS	"/dev/dri/card2"

#define MAX_ARGS	12

static void run_tool(char *const args[])
{
	char *argv[MAX_ARGS + 5] = {
		"fpgabuf-show", "--json", "--verbose",
	};
	size_t i;

	for (i = 0; args[i]; i++)
		argv[i + 3] = args[i];
	execvp(argv[0], argv);
	_exit(127);
}

static pid_t tool_start(char *const args[])
{
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
	int out = open(REPORT, flags, 0600);
	int messages = open(MESSAGES, flags, 0600);
	pid_t pid = fork();

	if (!pid) {
		dup2(out, STDOUT_FILENO);
		dup2(messages, STDERR_FILENO);
		run_tool(args);
	}
	close(out);
	close(messages);
	REQUIRE(pid < 0, false);
	return pid;
}

static bool file_has(const char *path, const char *text)
{
	FILE *file = fopen(path, "re");
	char content[65536];
	size_t n;

	REQUIRE(!file, false);
	n = fread(content, 1, sizeof(content) - 1, file);
	content[n] = 0;
	fclose(file);
	return strstr(content, text);
}

static void said(const char *text)
{
	bool has = file_has(MESSAGES, text);

	if (!has)
		printf("\n    does not say: %s", text);
	CU_ASSERT(has);
}

static void reported(const char *text)
{
	bool has = file_has(REPORT, text);

	if (!has)
		printf("\n    does not report: %s", text);
	CU_ASSERT(has);
}

/* Within so many hundredths of a second */
static void wait_said_for(const char *text, int patience)
{
	int i;

	for (i = 0; i < patience && !file_has(MESSAGES, text); i++)
		usleep(10000);
	said(text);
}

static void wait_said(const char *text)
{
	wait_said_for(text, 2000);
}

static int tool_end(pid_t pid, int signal)
{
	kill(pid, signal);
	return process_exit_code(pid);
}

static int tool_run(char *const args[])
{
	return process_exit_code(tool_start(args));
}

/*
 * What a card shows, looked at by somebody who has it open: when nobody has, the
 * kernel brings up its console, whatever was left on the screen.
 */
struct watch {
	int fd;
	uint32_t fb;
	char mode[DRM_DISPLAY_MODE_LEN];
};

/* Both cards have one CRTC. */
static void watch_look(struct watch *w)
{
	drmModeResPtr res = drmModeGetResources(w->fd);
	drmModeCrtcPtr crtc;

	REQUIRE(!res, false);
	crtc = drmModeGetCrtc(w->fd, res->crtcs[0]);
	REQUIRE(!crtc, false);
	w->fb = crtc->buffer_id;
	strcpy(w->mode, crtc->mode.name);
	drmModeFreeCrtc(crtc);
	drmModeFreeResources(res);
}

static struct watch watch_begin(const char *card)
{
	struct watch w;

	/* The second card has no console before it was closed once. */
	close(open(card, O_RDWR | O_CLOEXEC));
	w.fd = open(card, O_RDWR | O_CLOEXEC);
	REQUIRE(w.fd < 0 ? -errno : 0, 0);
	EXPECT(drmDropMaster(w.fd), 0);
	watch_look(&w);
	CU_ASSERT(w.fb && strcmp(w.mode, "640x480"));
	return w;
}

/* It shows what it did before. */
static void watch_end(const struct watch *before)
{
	struct watch now = *before;

	watch_look(&now);
	EXPECT(now.fb, before->fb);
	CU_ASSERT_STRING_EQUAL(now.mode, before->mode);
	close(before->fd);
}

static void nothing_left(void)
{
	int dev = device_open(0);

	EXPECT(device_used(dev), 0);
	close(dev);
}

/* The last one stays until it is told to end. */
static void show_40(char *card)
{
	char *args[] = {
		"--card", card, "--size", "640x480", "--count", "40", NULL,
	};
	struct watch before = watch_begin(card), during = before;
	pid_t pid;

	sim_source("pattern");
	pid = tool_start(args);
	wait_said("picture 40 is on the screen");
	wait_said("until SIGINT or SIGTERM");
	watch_look(&during);
	CU_ASSERT(during.fb != before.fb);
	CU_ASSERT_STRING_EQUAL(during.mode, "640x480");
	EXPECT(tool_end(pid, SIGTERM), 0);
	reported("\"ok\": true");
	reported("\"pictures\": 40, \"discarded\": 0");
	reported("\"gaps_exact\": true");
	watch_end(&before);
	nothing_left();
}

static void imported(void)
{
	show_40(CIRRUS);
	reported("\"import\": \"prime\", \"copy_reason\": \"\"");
}

/* The regions, and not the pictures, are what is imported. */
static void imported_once(void)
{
	const unsigned int pictures = rounds(1000);
	char count[16], text[64], *args[] = {
		"--card", CIRRUS, "--size", "640x480", "--count", count, NULL,
	};
	pid_t pid;

	snprintf(count, sizeof(count), "%u", pictures);
	sim_source("pattern");
	pid = tool_start(args);
	snprintf(text, sizeof(text), "picture %u is on the screen", pictures);
	wait_said_for(text, 12000);
	EXPECT(tool_end(pid, SIGTERM), 0);
	snprintf(text, sizeof(text), "\"pictures\": %u, \"discarded\": 0",
		 pictures);
	reported(text);
	reported("\"imports\": 3, \"framebuffers\": 3,");
	/* That they stay imported keeps none from being captured into. */
	reported("\"busy_retries\": 0");
	nothing_left();
}

static void copied(void)
{
	show_40(BOCHS);
	reported("\"imports\": 0, \"framebuffers\": 3,");
	reported("\"import\": \"copy\"");
	said("the driver bochs-drm cannot import a capture");
}

/* What the screen prefers, where there is one */
static void defaults(void)
{
	char *args[] = { "--duration", "2", NULL };
	struct watch before = watch_begin(CIRRUS);

	sim_source("pattern");
	EXPECT(tool_run(args), 0);
	reported("\"card\": \"" CIRRUS "\", \"driver\": \"cirrus");
	reported("\"connector\": \"VGA-1\"");
	reported("\"width\": 1024, \"height\": 768, \"stride\": 4096");
	reported("\"pictures\": 1,");
	watch_end(&before);
}

static void feed(size_t size)
{
	void *data = calloc(1, size);
	struct feeder *feeder;

	REQUIRE(!data, false);
	feeder = feeder_start(data, size);
	feeder_wait(feeder);
	free(data);
}

/* The feed can be opened again when the packet before has come out. */
static void short_capture(void)
{
	char *args[] = { "--size", "640x480", NULL };
	pid_t pid;

	sim_source("feed");
	pid = tool_start(args);
	feed(PICTURE - 8);
	wait_said("a capture of 1228792 bytes is not a picture of 1228800 bytes");
	wait_said("must say what the FPGA sends");
	feed(PICTURE);
	wait_said("picture 1 is on the screen");
	EXPECT(tool_end(pid, SIGINT), 0);
	reported("\"pictures\": 1, \"discarded\": 1");
}

static unsigned int queued(void)
{
	int dev = device_open(0);
	unsigned int n = device_info(dev).queued;

	close(dev);
	return n;
}

/*
 * The third region is on the screen.  A short capture comes into a region that the
 * display has kept from an earlier picture.
 */
static void not_captured(void)
{
	char *args[] = {
		"--card", CIRRUS, "--size", "640x480", "--count", "0", NULL,
	};
	char text[64];
	pid_t pid;
	int i;

	sim_source("feed");
	pid = tool_start(args);
	for (i = 1; i <= 8; i++) {
		if (i == 5) {
			feed(PICTURE - 8);
			wait_said("is not a picture of");
		}
		feed(PICTURE);
		snprintf(text, sizeof(text), "picture %d is on the screen", i);
		wait_said(text);
		EXPECT(queued(), 2);
	}
	EXPECT(tool_end(pid, SIGTERM), 0);
	reported("\"pictures\": 8, \"discarded\": 1");
	reported("\"imports\": 3, \"framebuffers\": 3,");
	reported("\"busy_retries\": 0");
	nothing_left();
}

static void silence(void)
{
	char *args[] = { "--size", "640x480", "--timeout", "1", NULL };
	struct watch before = watch_begin(CIRRUS);

	sim_source("feed");
	EXPECT(tool_run(args), 1);
	said("no whole picture came for 1 s");
	said("is the FPGA sending?");
	reported("\"ok\": false");
	watch_end(&before);
	nothing_left();
}

/* Nothing tells when it has begun to wait; either way it is too early. */
static void too_early(void)
{
	char *args[] = { "--size", "640x480", NULL };
	char *endless[] = { "--size", "640x480", "--count", "0", "--duration",
			    "1", NULL };
	pid_t pid;
	int i;

	sim_source("feed");
	pid = tool_start(args);
	for (i = 0; i < 1000 && !queued(); i++)
		usleep(10000);
	EXPECT(tool_end(pid, SIGTERM), 1);
	said("ended after 0 of 1 pictures");
	EXPECT(tool_run(endless), 1);
	said("ended before the first picture");
}

static void screen_taken(void)
{
	char *args[] = { "--card", CIRRUS, NULL };
	int fd = open(CIRRUS, O_RDWR | O_CLOEXEC);

	REQUIRE(fd < 0 ? -errno : 0, 0);
	EXPECT(drmSetMaster(fd), 0);
	EXPECT(tool_run(args), 1);
	said("another program has the screens of " CIRRUS);
	EXPECT(drmDropMaster(fd), 0);
	close(fd);
}

static void refuses(char *const args[], const char *message,
		    const char *remedy)
{
	EXPECT(tool_run(args), 1);
	said(message);
	said(remedy);
}

static void impossible(void)
{
	char *mode[] = { "--card", CIRRUS, "--size", "642x480", NULL };
	char *format[] = { "--card", BOCHS, "--format", "RGB565", NULL };
	char *stride[] = { "--card", CIRRUS, "--stride", "1K", NULL };
	char *connector[] = { "--connector", "HDMI-A-1", NULL };
	char *number[] = { "--card", CIRRUS, "--connector", "4000", NULL };
	char *vgem[] = { "--card", VGEM, NULL };
	char *null[] = { "--card", "/dev/null", NULL };
	char *none[] = { "--card", "/dev/dri/none", NULL };
	char *device[] = { "--device", "/dev/null", NULL };
	char *huge[] = { "--card", CIRRUS, "--stride", "3G", NULL };

	refuses(mode, "has no mode of 642x480", "848x480");
	refuses(format, "cannot show RGB565", "XRGB8888, BGRX8888");
	refuses(stride, "is not possible in XRGB8888", "--stride");
	refuses(connector, "no DRM device has a connected screen at HDMI-A-1",
		"/sys/class/drm");
	refuses(number, CIRRUS " has no connected screen at 4000",
		"/sys/class/drm");
	refuses(vgem, VGEM, "/sys/class/drm");
	refuses(null, "not a DRM device", "/sys/class/drm");
	refuses(none, "No such file or directory", "is the driver");
	refuses(device, "Inappropriate ioctl for device",
		"not an fpgabuf device");
	refuses(huge, "cannot allocate a picture of", "a region has at most");
	nothing_left();
}

/* The name and the number mean the same. */
static void by_connector(void)
{
	char *args[] = {
		"--connector", "Virtual-1", "--size", "640x480", "--duration",
		"2", NULL,
	};

	sim_source("pattern");
	EXPECT(tool_run(args), 0);
	reported("\"card\": \"" BOCHS "\"");
}

static void killed(void)
{
	char *args[] = {
		"--card", CIRRUS, "--size", "640x480", "--count", "0", NULL,
	};
	struct watch before = watch_begin(CIRRUS);
	pid_t pid;

	/* Now it is for the kernel to bring up its console. */
	close(before.fd);
	sim_source("pattern");
	pid = tool_start(args);
	wait_said("picture 7 is on the screen");
	EXPECT(tool_end(pid, SIGKILL), -1);
	before.fd = open(CIRRUS, O_RDWR | O_CLOEXEC);
	REQUIRE(before.fd < 0 ? -errno : 0, 0);
	watch_end(&before);
	nothing_left();
}

static void unbound(void)
{
	char *args[] = {
		"--card", CIRRUS, "--size", "640x480", "--count", "0", NULL,
	};
	struct watch before = watch_begin(CIRRUS);
	pid_t pid;

	sim_source("pattern");
	pid = tool_start(args);
	wait_said("picture 3 is on the screen");
	file_write(DRIVER "unbind", "fpgabuf.0");
	EXPECT(process_exit_code(pid), 1);
	said("the device was removed, or its driver unbound");
	watch_end(&before);
	file_write(DRIVER "bind", "fpgabuf.0");
	nothing_left();
}

static const struct test tests[] = {
	{ "40 pictures are shown by import, and the screen is as before",
	  imported },
	{ "each region is imported once, and has one framebuffer, for 1000 pictures",
	  imported_once },
	{ "what is on the screen is not captured into", not_captured },
	{ "40 pictures are copied where the driver cannot, which is said",
	  copied },
	{ "by default it is one picture, on the first card that has a screen",
	  defaults },
	{ "a connector says which card", by_connector },
	{ "a capture too short for a picture is told, and not shown",
	  short_capture },
	{ "an FPGA that is silent is waited for so long", silence },
	{ "an end before the first picture is a failure", too_early },
	{ "a screen that another program has is left to it", screen_taken },
	{ "what cannot be shown is refused with a remedy", impossible },
	{ "killed, it leaves the screen as before and no memory", killed },
	{ "when the driver is unbound it ends, and the screen is as before",
	  unbound },
	{ }
};

SUITE(show,
	.alone = true,
	.title = "fpgabuf-show",
	.init = modules_load,
	.tests = tests)
