// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Python module, on the simulated device.  The tests are Python, in python/; here
 * are their sentences.  Each is a process of its own.
 */
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "lib/suite.h"
#include "process.h"

#define MODULE	BUILD_DIR "/python/fpgabuf/_core.abi3.so"
#define PYTHON	"/usr/bin/python3"

struct script {
	const char *file;
	const char *function;
};

static const char *sanitizer;

static int find_sanitizer(struct dl_phdr_info *info, size_t size,
			  void *data __attribute__((unused)))
{
	if (size && strstr(info->dlpi_name, "/libasan."))
		sanitizer = info->dlpi_name;
	return 0;
}

/*
 * Python is built without the address sanitizer, which must be there first.  What
 * Python itself does not free at its end is no leak of ours.  A test that measures
 * memory cannot have it keep what was freed.
 */
static void prepare_sanitizer(const char *function)
{
	const bool measures = !strncmp(function, "no_leak", strlen("no_leak"));

	dl_iterate_phdr(find_sanitizer, NULL);
	if (!sanitizer)
		return;
	setenv("LD_PRELOAD", sanitizer, 1);
	setenv("ASAN_OPTIONS", measures ? "detect_leaks=0:quarantine_size_mb=0:thread_local_quarantine_size_kb=0" :
					  "detect_leaks=0", 1);
	setenv("PYTHONMALLOC", "malloc", 1);
}

static void __attribute__((noreturn)) become(const void *data)
{
	const struct script *script = data;
	char path[4096];

	snprintf(path, sizeof(path), PYTHON_TESTS "/%s.py", script->file);
	setenv("PYTHONPATH", BUILD_DIR "/python", 1);
	setenv("BUILD_DIR", BUILD_DIR, 1);
	prepare_sanitizer(script->function);
	execl(PYTHON, PYTHON, "-B", "-X", "dev", "-W", "error", path,
	      script->function, NULL);
	_exit(127);
}

static void run(const char *file, const char *function)
{
	const struct script script = { file, function };
	char *argv[] = { PYTHON, NULL };
	struct process p;
	int code;

	process_start_with(&p, argv, become, &script);
	code = process_finish(&p);
	if (code)
		printf("\n%s", p.output);
	CU_ASSERT_EQUAL(code, 0);
}

#define SCRIPT(file, function)						\
	static void file##_##function(void)				\
	{								\
		run(#file, #function);					\
	}

SCRIPT(ring, info)
SCRIPT(ring, no_device)
SCRIPT(ring, order)
SCRIPT(ring, no_copy)
SCRIPT(ring, goes_back)
SCRIPT(ring, outlives)
SCRIPT(ring, all_held)
SCRIPT(ring, refuses)
SCRIPT(ring, released)
SCRIPT(ring, after_close)
SCRIPT(ring, dlpack_new)
SCRIPT(ring, dlpack_old)
SCRIPT(ring, dlpack_bad)
SCRIPT(ring, writable)
SCRIPT(ring, timeouts)
SCRIPT(ring, limits)
SCRIPT(ring, stopped)
SCRIPT(ring, stopped_when_all_held)
SCRIPT(ring, closed_meanwhile)
SCRIPT(ring, interrupted)
SCRIPT(ring, threads)
SCRIPT(ring, readable)
SCRIPT(ring, tasks)
SCRIPT(ring, task_waits)
SCRIPT(ring, task_ends)
SCRIPT(ring, failures)
SCRIPT(ring, empty)
SCRIPT(ring, no_memory)
SCRIPT(ring, arguments)
SCRIPT(ring, grows)
SCRIPT(ring, no_leak)
SCRIPT(ring, no_leak_in_rings)
SCRIPT(share, shared)
SCRIPT(share, outlives)
SCRIPT(share, all_held)
SCRIPT(share, threads)
SCRIPT(share, tasks)
SCRIPT(share, ends)
SCRIPT(share, no_server)
SCRIPT(share, no_leak)
SCRIPT(share, no_leak_in_clients)
SCRIPT(frames, stream)
SCRIPT(frames, bad)
SCRIPT(frames, cut_off)
SCRIPT(frames, anything)
SCRIPT(frames, short_reads)
SCRIPT(frames, from_send)
SCRIPT(frames, alone)
SCRIPT(recordings, segments)
SCRIPT(recordings, datatypes)
SCRIPT(recordings, other_dataset)
SCRIPT(recordings, empty)
SCRIPT(recordings, checked)
SCRIPT(recordings, bad)
SCRIPT(recordings, cut_off)
SCRIPT(examples, with_numpy)
SCRIPT(examples, with_asyncio)
SCRIPT(examples, frames)
SCRIPT(examples, recording)
SCRIPT(hints, complete)
SCRIPT(hints, numbered)
SCRIPT(hints, exported)
SCRIPT(hints, documented)

static const struct test tests[] = {
	{ "a device says its limits until it is closed", ring_info },
	{ "a device that is not there is a FileNotFoundError with a remedy",
	  ring_no_device },
	{ "captures come in order, with the bytes captured", ring_order },
	{ "numpy sees the region itself, read-only", ring_no_copy },
	{ "a capture goes back when nobody has it any more", ring_goes_back },
	{ "a view that outlives its capture keeps its region from being captured into",
	  ring_outlives },
	{ "a ring whose regions all have views says so", ring_all_held },
	{ "release() is a BufferError while there are views", ring_refuses },
	{ "of a capture that was released nothing can be seen", ring_released },
	{ "a view stays valid when ring and device are closed, and then goes with them",
	  ring_after_close },
	{ "DLPack 1.0 gets the region itself, marked as read-only",
	  ring_dlpack_new },
	{ "an older DLPack gets only memory that it may write to",
	  ring_dlpack_old },
	{ "DLPack is refused what cannot be had without a copy",
	  ring_dlpack_bad },
	{ "a writable ring has captures that can be written to", ring_writable },
	{ "take() is a TimeoutError when nothing comes", ring_timeouts },
	{ "a ring ends at its limit", ring_limits },
	{ "stop() ends the wait of another thread", ring_stopped },
	{ "stop() ends the wait of a thread that waits for views to go",
	  ring_stopped_when_all_held },
	{ "close() ends the wait of another thread", ring_closed_meanwhile },
	{ "signals are handled while a thread waits", ring_interrupted },
	{ "several threads take and release", ring_threads },
	{ "a ring can be waited for with its descriptor", ring_readable },
	{ "several tasks iterate over one ring", ring_tasks },
	{ "a task that waits gets what another gives back, and ends with the ring",
	  ring_task_waits },
	{ "a task that waits is told that another one took the last capture",
	  ring_task_ends },
	{ "a capture that failed has its error", ring_failures },
	{ "the gap before a capture without bytes is at the next one",
	  ring_empty },
	{ "regions that cannot be had are an error with a remedy",
	  ring_no_memory },
	{ "a wrong argument is an error, and nothing stays open",
	  ring_arguments },
	{ "a ring can grow, and tells where its regions are", ring_grows },
	{ "10,000 captures leave no memory and no descriptors", ring_no_leak },
	{ "1,000 rings leave no memory and no descriptors",
	  ring_no_leak_in_rings },
	{ "shared captures come in order, read-only", share_shared },
	{ "a view keeps a shared region from being captured into",
	  share_outlives },
	{ "a client that has all its captures says so", share_all_held },
	{ "several threads take and release shared captures", share_threads },
	{ "a task iterates over shared captures", share_tasks },
	{ "the end of the server is an error, and views stay valid",
	  share_ends },
	{ "a server that is not there is a FileNotFoundError with a remedy",
	  share_no_server },
	{ "10,000 shared captures leave no memory and no descriptors",
	  share_no_leak },
	{ "300 clients leave no memory and no descriptors",
	  share_no_leak_in_clients },
	{ "a framed stream is read with all that its headers say",
	  frames_stream },
	{ "a stream that breaks the format is refused", frames_bad },
	{ "a stream that is cut off at any byte is refused", frames_cut_off },
	{ "random bytes in a stream are refused or read", frames_anything },
	{ "a stream is read from a file that gives few bytes at a time",
	  frames_short_reads },
	{ "what fpgabuf-send sends is read from a socket", frames_from_send },
	{ "frames and recordings are read without the library", frames_alone },
	{ "a SigMF recording has segments that map the file",
	  recordings_segments },
	{ "all datatypes of SigMF become numpy arrays", recordings_datatypes },
	{ "headers and a trailer of another dataset are skipped",
	  recordings_other_dataset },
	{ "an empty recording has an empty segment", recordings_empty },
	{ "data that were changed do not pass verify()", recordings_checked },
	{ "a recording that breaks SigMF is refused", recordings_bad },
	{ "a recording that is cut off has what is there", recordings_cut_off },
	{ "capture-numpy.py prints a line for each capture",
	  examples_with_numpy },
	{ "capture-async.py takes captures of a device and of fpgabuf-share",
	  examples_with_asyncio },
	{ "receive-frames.py receives what fpgabuf-send sends",
	  examples_frames },
	{ "read-recording.py prints the segments of a recording",
	  examples_recording },
	{ "the type hints name all members of the module, and no others",
	  hints_complete },
	{ "the type hints have the reasons and the states of the library",
	  hints_numbered },
	{ "the package exports what its hints say", hints_exported },
	{ "all classes and methods have docstrings", hints_documented },
	{ }
};

static const char *lacks(void)
{
	if (access(MODULE, F_OK))
		return "python3-dev is not there";
	if (access(PYTHON, X_OK))
		return PYTHON " is not there";
	return NULL;
}

SUITE(python, .title = "the Python module", .lacks = lacks, .tests = tests)
