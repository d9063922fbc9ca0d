// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "common/controller.h"
#include "doctor/capture.h"
#include "doctor/memory.h"

/* So long a capture may take; the driver then ends it. */
#define CAPTURE_MS	2000
/* And so long the driver may take for that, on whatever machine */
#define PATIENCE_MS	60000

/* A capture fits into a cache, and there is more than one. */
#define CAPTURE_SIZE	((uint64_t)64 << 10)
#define CAPTURES	4

/* No cache has shorter lines. */
#define LINE_SIZE	32

/**
 * struct trial - captures into a region
 * @patient: the device
 * @findings: what it has found
 * @region: the region
 * @mem: where it is mapped
 * @length: bytes of a capture
 * @state: of the random numbers
 * @lines: lines that came
 * @stale: lines that are what the CPU wrote before
 */
struct trial {
	struct patient *patient;
	struct findings *findings;
	struct fpgabuf_region *region;
	uint8_t *mem;
	uint64_t length;
	uint64_t state;
	uint64_t lines;
	uint64_t stale;
};

/* Random, so that no FPGA sends 32 bytes of it: xorshift64 */
static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* With the numbers that follow @state; they are in the caches then. */
static void fill(uint8_t *mem, uint64_t length, uint64_t state)
{
	uint64_t i, number;

	for (i = 0; i + sizeof(number) <= length; i += sizeof(number)) {
		number = draw(&state);
		memcpy(mem + i, &number, sizeof(number));
	}
}

/* Counts the whole lines that have the numbers. */
static uint64_t count_stale(const uint8_t *mem, uint64_t length, uint64_t state)
{
	uint8_t line[LINE_SIZE];
	uint64_t i, j, number, stale = 0;

	for (i = 0; i + LINE_SIZE <= length; i += LINE_SIZE) {
		for (j = 0; j < LINE_SIZE; j += sizeof(number)) {
			number = draw(&state);
			memcpy(line + j, &number, sizeof(number));
		}
		stale += !memcmp(mem + i, line, LINE_SIZE);
	}
	return stale;
}

static void refuse(struct trial *t)
{
	found(t->findings, VERDICT_UNKNOWN, "capture", t->patient->name,
	      "another program captures from it, so this one did not");
	found_remedy(t->findings, "end that program (`fuser -v %s` shows it), and run this again",
		     t->patient->path);
}

static void explain_queue(struct trial *t, int err)
{
	if (err == -EUSERS) {
		refuse(t);
		return;
	}
	found(t->findings, VERDICT_WRONG, "capture", t->patient->name,
	      "the driver refuses a capture of %" PRIu64 " bytes: %s", t->length,
	      strerror(-err));
	found_remedy(t->findings, err == -EIO ?
		     "the DMA controller refuses the transfer, or did not stop earlier: look into the kernel log, and reboot" :
		     "look into the kernel log");
}

static void explain_capture(struct trial *t, const struct fpgabuf_dequeue *done)
{
	struct findings *f = t->findings;

	if (done->error && done->error != -ETIMEDOUT) {
		found(f, VERDICT_WRONG, "capture", t->patient->name,
		      "a capture has failed: %s", strerror(-done->error));
		found_remedy(f, "look into the kernel log for what the driver of the DMA controller says");
		return;
	}
	found(f, VERDICT_WRONG, "capture", t->patient->name,
	      done->error ? "no bytes have come in %d ms" :
	      "a capture has ended without bytes (within %d ms)", CAPTURE_MS);
	found_remedy(f, done->error ?
		     "let the FPGA send, and run this again; if it does send: does its clock run, is it out of reset, is the stream connected to this channel?" :
		     "the DMA controller does not count the bytes of a packet that ends early: let the FPGA send packets of %" PRIu64 " bytes or more",
		     t->length);
}

/* Reads all of it, so that caches have it when the DMA controller writes. */
static void touch(const struct trial *t)
{
	const volatile uint8_t *mem = t->mem;
	uint64_t i;

	for (i = 0; i < t->length; i += LINE_SIZE)
		(void)mem[i];
}

static int dequeue(struct trial *t, struct fpgabuf_dequeue *done)
{
	struct pollfd fds = {
		.fd = fpgabuf_device_fd(t->patient->device),
		.events = POLLIN,
	};
	int n;

	do {
		n = poll(&fds, 1, PATIENCE_MS);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return -ETIMEDOUT;
	return fpgabuf_device_dequeue(t->patient->device, done);
}

static bool write_pattern(struct trial *t)
{
	int err = fpgabuf_region_sync_start(t->region, PROT_WRITE);

	if (!err) {
		fill(t->mem, t->length, t->state);
		err = fpgabuf_region_sync_end(t->region, PROT_WRITE);
	}
	if (!err)
		return true;
	found(t->findings, VERDICT_WRONG, "capture", t->patient->name,
	      "the caches cannot be synced for a region: %s", strerror(-err));
	found_remedy(t->findings, "look into the kernel log, and send a report");
	return false;
}

/* The next capture has other numbers. */
static void look(struct trial *t, uint64_t bytes)
{
	t->lines += bytes / LINE_SIZE;
	t->stale += count_stale(t->mem, bytes, t->state);
	draw(&t->state);
}

/* True if it is worth to go on. */
static bool capture_once(struct trial *t)
{
	const struct fpgabuf_queue queue = {
		.length = t->length,
		.timeout_ms = CAPTURE_MS,
	};
	struct fpgabuf_dequeue done;
	int err;

	if (!write_pattern(t))
		return false;
	err = fpgabuf_device_queue_with(t->patient->device, t->region, &queue);
	if (err) {
		explain_queue(t, err);
		return false;
	}
	touch(t);
	err = dequeue(t, &done);
	if (err) {
		found(t->findings, VERDICT_WRONG, "capture", t->patient->name,
		      "the driver does not end a capture: %s", strerror(-err));
		found_remedy(t->findings, "look into the kernel log, and send a report");
		return false;
	}
	if (!done.bytes || (done.error && done.error != -ETIMEDOUT)) {
		explain_capture(t, &done);
		return false;
	}
	look(t, done.bytes < t->length ? done.bytes : t->length);
	return true;
}

static void explain_caches(struct trial *t)
{
	struct findings *f = t->findings;

	if (!t->stale) {
		found(f, VERDICT_OK, "caches", t->patient->name,
		      "the CPU sees what the DMA controller wrote: no line of %" PRIu64 " is old",
		      t->lines);
		return;
	}
	found(f, VERDICT_WRONG, "caches", t->patient->name,
	      "%" PRIu64 " of %" PRIu64 " lines of %d bytes are what the CPU wrote before the capture",
	      t->stale, t->lines, LINE_SIZE);
	found_remedy(f, "is DMA coherent here? take dma-coherent out of the device tree nodes of the DMA controller and its bus, unless the port of the FPGA is a coherent one (ACP, HPC); if it is not there, send a report");
}

static void captures(struct trial *t)
{
	int i;

	for (i = 0; i < CAPTURES; i++)
		if (!capture_once(t))
			return;
	found(t->findings, VERDICT_OK, "capture", t->patient->name,
	      "%d captures of %" PRIu64 " bytes have come", CAPTURES, t->length);
	explain_caches(t);
}

/* So much that it fits into a cache, and that can be captured */
static uint64_t capture_length(const struct fpgabuf_info *info, uint64_t size)
{
	uint64_t length = size < CAPTURE_SIZE ? size : CAPTURE_SIZE;

	if (info->max_capture && info->max_capture < length)
		length = info->max_capture;
	return length - length % info->alignment;
}

/* May it be cut short?  What cannot be stopped keeps the region. */
static bool may_capture(struct trial *t, enum when_capture when)
{
	const struct patient *p = t->patient;

	if (when == CAPTURE_NEVER) {
		found(t->findings, VERDICT_UNKNOWN, "capture", p->name,
		      "nothing was captured, because of --capture never");
		return false;
	}
	if (when == CAPTURE_ALWAYS ||
	    controller_can(&p->info, FPGABUF_CAP_STOP))
		return true;
	found(t->findings, VERDICT_UNKNOWN, "capture", p->name,
	      "nothing was captured: this channel cannot be stopped, so the FPGA would keep a region until it has filled it");
	found_remedy(t->findings, "let the FPGA send, and run this again with --capture always");
	return false;
}

void capture_check(struct patient *p, enum when_capture when,
		   struct findings *f)
{
	struct trial t = {
		.patient = p,
		.findings = f,
		.state = memory_random(),
	};
	void *mem;
	int err;

	if (p->info.queued) {
		refuse(&t);
		return;
	}
	t.region = memory_check(p, f);
	if (!t.region || !may_capture(&t, when)) {
		fpgabuf_region_close(t.region);
		return;
	}
	t.length = capture_length(&p->info, fpgabuf_region_size(t.region));
	err = fpgabuf_region_map(t.region, PROT_READ | PROT_WRITE, &mem);
	if (err) {
		found(f, VERDICT_WRONG, "capture", p->name,
		      "a region cannot be mapped: %s", strerror(-err));
		found_remedy(f, "does a limit of the address space (`ulimit -v`) hold?");
	} else {
		t.mem = mem;
		captures(&t);
	}
	fpgabuf_region_close(t.region);
}
