// SPDX-License-Identifier: GPL-2.0-only
/*
 * The plugins for GStreamer and SoapySDR, on the simulated device.  The tests are
 * functions of programs that use them, in tests/driver/plugins/.  Each is a process of
 * its own.
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "fake-device.h"
#include "lib/suite.h"
#include "process.h"

#define PLUGINS	BUILD_DIR "/plugins"

#define GST	"plugins/gst-client"
#define SOAPY	"plugins/soapy-client"

#define GST_RING(regions) \
	"device=" FAKE_DEVICE, "region-size=4096", "regions=" regions
#define SOAPY_DEVICE \
	"driver=fpgabuf,device=" FAKE_DEVICE ",region_size=4096,regions=4"

/* What the libraries do not free at their end is no leak of ours. */
static void prepare(const void *variable)
{
	setenv("GST_PLUGIN_PATH", PLUGINS, 1);
	setenv("GST_REGISTRY", PLUGINS "/registry", 1);
	setenv("GST_REGISTRY_FORK", "no", 1);
	setenv("SOAPY_SDR_PLUGIN_PATH", PLUGINS, 1);
	setenv("SOAPY_SDR_LOG_LEVEL", "ERROR", 1);
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	setenv("FAKE_DMABUFS", "", 1);
	if (variable)
		putenv((char *)variable);
}

/* run() - @variable: "NAME=VALUE" for its environment, or NULL */
static void run(struct process *p, char *const argv[], const char *variable)
{
	int code;

	process_start_with(p, argv, prepare, variable);
	code = process_finish(p);
	if (code)
		printf("\n%s", p->output);
	CU_ASSERT_EQUAL(code, 0);
}

static bool says(const struct process *p, const char *text)
{
	if (strstr(p->output, text))
		return true;
	printf("\n%s", p->output);
	return false;
}

/* run_shared() - with the socket of an fpgabuf-share behind the last of @words */
static void run_shared(char *program, char *function, const char *words)
{
	char folder[] = "/tmp/fpgabuf-plugins-XXXXXX", path[64], argument[128];
	char *share[] = { "fpgabuf-share-fake", "-d", FAKE_DEVICE, "-r", "4K",
			  "-n", "8", path, NULL };
	char *argv[] = { program, function, argument, NULL };
	struct process server, client;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	snprintf(argument, sizeof(argument), "%s%s", words, path);
	process_start_with(&server, share, prepare, NULL);
	CU_ASSERT_TRUE(process_expect(&server, "sharing"));
	run(&client, argv, NULL);
	kill(server.pid, SIGTERM);
	process_finish(&server);
	rmdir(folder);
}

#define GST_TEST(function, regions, variable)				\
	static void gst_##function(void)				\
	{								\
		char *argv[] = { GST, #function, GST_RING(regions),	\
				 NULL };				\
		struct process p;					\
									\
		run(&p, argv, variable);				\
	}

GST_TEST(captures, "4", NULL)
GST_TEST(every_third, "4", "FAKE_GAP_EVERY=3")
GST_TEST(failed, "8", "FAKE_FAIL_AT=4")
GST_TEST(stamped, "4", NULL)
GST_TEST(busy, "2", "FAKE_BUSY_TURNS=1")
GST_TEST(held, "4", NULL)
GST_TEST(part, "4", NULL)
GST_TEST(written, "4", NULL)
GST_TEST(outlives, "2", NULL)
GST_TEST(silent, "4", "FAKE_NEVER=1")

static void gst_shared(void)
{
	run_shared(GST, "shared", "share=");
}

static void gst_ends(void)
{
	char *argv[] = { GST, "ends", GST_RING("4"), "bytes=10000", NULL };
	struct process p;

	run(&p, argv, NULL);
	CU_ASSERT_TRUE(says(&p, "10000 bytes"));
}

static void gst_caps(void)
{
	char *argv[] = { GST, "caps", GST_RING("4"),
			 "caps=audio/x-raw,format=S16LE,rate=48000,channels=2",
			 NULL };
	struct process p;

	run(&p, argv, NULL);
	CU_ASSERT_TRUE(says(&p, "audio/x-raw, format=(string)S16LE"));
}

static void gst_fails(const char *property, const char *variable,
		      const char *text)
{
	char *argv[] = { GST, "fails", "device=" FAKE_DEVICE, (char *)property,
			 NULL };
	struct process p;

	run(&p, argv, variable);
	CU_ASSERT_TRUE(says(&p, text));
}

static void gst_cannot_open(void)
{
	gst_fails("device=/dev/none", NULL,
		  "cannot open /dev/none: No such file or directory; is the fpgabuf module loaded");
	gst_fails("device=/dev/null", NULL, "it is not an fpgabuf device");
	gst_fails("share=/tmp/none", NULL, "is fpgabuf-share running");
	gst_fails("regions=70000", "FAKE_ALLOC_ERRNO=122",
		  "the limit of the device is reached; use smaller or fewer regions");
	gst_fails("region-size=4097", NULL,
		  "fpgabuf-info shows how large they may be");
}

static void gst_cannot_go_on(void)
{
	gst_fails("regions=4", "FAKE_QUEUE_ERRNO=87",
		  "fpgabuf-share lets several programs capture");
	gst_fails("regions=4", "FAKE_FAIL_AT=5", "failed in a row");
}

static const struct test gst_tests[] = {
	{ "buffers are dmabuf memory with the bytes captured, in order",
	  gst_captures },
	{ "a gap is DISCONT, and nothing else is", gst_every_third },
	{ "the buffer after a capture that has failed is DISCONT",
	  gst_failed },
	{ "a buffer has the time at which its capture was complete",
	  gst_stamped },
	{ "a region that is in use is tried again", gst_busy },
	{ "what a sink holds is not captured into", gst_held },
	{ "nor is what it holds a part of", gst_part },
	{ "an element that writes gets a copy", gst_written },
	{ "buffers outlive the pipeline, and the device is free",
	  gst_outlives },
	{ "a pipeline to which nothing comes ends at once", gst_silent },
	{ "what a sink holds of a share outlives the pipeline", gst_shared },
	{ "the stream ends after the bytes that were asked for", gst_ends },
	{ "the caps are those of the property", gst_caps },
	{ "an error when it opens names cause and remedy", gst_cannot_open },
	{ "and so does an error later", gst_cannot_go_on },
	{ }
};

static const char *gst_lacks(void)
{
	return access(BUILD_DIR "/" GST, F_OK) ?
		       "libgstreamer-plugins-base1.0-dev is not there" :
		       NULL;
}

SUITE(gstreamer, .title = "the GStreamer source", .lacks = gst_lacks,
      .tests = gst_tests)

#define SOAPY_TEST(function, more, variable)				\
	static void soapy_##function(void)				\
	{								\
		char *argv[] = { SOAPY, #function, SOAPY_DEVICE more,	\
				 NULL };				\
		struct process p;					\
									\
		run(&p, argv, variable);				\
	}

SOAPY_TEST(samples, "", NULL)
SOAPY_TEST(converted, "", NULL)
SOAPY_TEST(times, ",rate=1e6", NULL)
SOAPY_TEST(direct, "", NULL)
SOAPY_TEST(every_third, "", "FAKE_GAP_EVERY=3")
SOAPY_TEST(restart, "", "FAKE_GAP_EVERY=1")
SOAPY_TEST(drops, "", NULL)
SOAPY_TEST(nothing, "", "FAKE_NEVER=1")
SOAPY_TEST(rates, ",rate=1e6", NULL)

static void soapy_shared(void)
{
	run_shared(SOAPY, "shared", "driver=fpgabuf,regions=4,share=");
}

static void soapy_fails(const char *arguments, const char *variable,
			const char *text)
{
	char *argv[] = { SOAPY, "fails", (char *)arguments, NULL };
	struct process p;

	run(&p, argv, variable);
	CU_ASSERT_TRUE(says(&p, text));
}

static void soapy_bad_arguments(void)
{
	soapy_fails("driver=fpgabuf,format=CS12", NULL,
		    "format=CS12: it is CS8, CS16 or CF32");
	soapy_fails("driver=fpgabuf,regions=-1", NULL,
		    "regions=-1: it is a number from 0 to 65536");
	soapy_fails("driver=fpgabuf,regions=65537", NULL,
		    "regions=65537: it is a number from 0 to 65536");
	soapy_fails("driver=fpgabuf,region_size=99999999999999999999", NULL,
		    "region_size=99999999999999999999: it is a number");
	soapy_fails("driver=fpgabuf,format=CF32,region_size=4100", NULL,
		    "region_size=4100: it is a multiple of the bytes of a sample");
	soapy_fails("driver=fpgabuf,timeout_ms=", NULL,
		    "timeout_ms=: it is a number from 0 to 3600000");
	soapy_fails("driver=fpgabuf,rate=fast", NULL,
		    "rate=fast: it is a number of samples per second");
	soapy_fails("driver=fpgabuf,rate=nan", NULL, "rate=nan");
}

static void soapy_cannot_open(void)
{
	soapy_fails("driver=fpgabuf,device=/dev/none", NULL,
		    "cannot open /dev/none: No such file or directory");
	soapy_fails("driver=fpgabuf,share=/tmp/none", NULL,
		    "is fpgabuf-share running");
	soapy_fails(SOAPY_DEVICE, "FAKE_ALLOC_ERRNO=12",
		    "use smaller or fewer regions");
}

static const struct test soapy_tests[] = {
	{ "samples are what was captured, whatever is read at a time",
	  soapy_samples },
	{ "SoapySDR converts them to CF32", soapy_converted },
	{ "samples have times if the rate is known", soapy_times },
	{ "a buffer that the program reads itself is not captured into",
	  soapy_direct },
	{ "a gap is one OVERFLOW", soapy_every_third },
	{ "a stream that begins anew has new samples, and no OVERFLOW",
	  soapy_restart },
	{ "what was captured before a stream begins anew is dropped",
	  soapy_drops },
	{ "nothing is a TIMEOUT", soapy_nothing },
	{ "the rate of the hardware cannot be changed", soapy_rates },
	{ "a share has samples as well", soapy_shared },
	{ "a wrong argument is named", soapy_bad_arguments },
	{ "an error when it opens names cause and remedy", soapy_cannot_open },
	{ }
};

static const char *soapy_lacks(void)
{
	return access(BUILD_DIR "/" SOAPY, F_OK) ?
		       "libsoapysdr-dev is not there" :
		       NULL;
}

SUITE(soapysdr, .title = "the SoapySDR module", .lacks = soapy_lacks,
      .tests = soapy_tests)
