// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that uses the SoapySDR module: soapy-client FUNCTION ARGUMENTS
 *
 * The FPGA sends the pattern and loses nothing.  The unit tests and the guest tests
 * run it; each function is a test.  Samples are taken for their bytes.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <SoapySDR/Device.h>
#include <SoapySDR/Formats.h>

#include "recv/pattern.h"

#define CHECK(condition)						\
	do {								\
		if (!(condition)) {					\
			printf("%s:%d: not so: %s\n", __func__,		\
			       __LINE__, #condition);			\
			exit(1);					\
		}							\
	} while (0)

/* Samples at a time: no part of a capture, and none of the pattern */
#define SAMPLES		301
#define SAMPLE_SIZE	4
#define FULL_SCALE	32768.0F
#define PATIENCE_US	60000000
#define NS_PER_SAMPLE	1000

/**
 * struct bench - a stream, and how far it was read
 * @device: the device
 * @stream: its stream
 * @position: bytes
 * @overflows: how often samples may have been missing
 */
struct bench {
	SoapySDRDevice *device;
	SoapySDRStream *stream;
	uint64_t position;
	unsigned int overflows;
};

static const char *arguments;

static struct bench make(const char *format)
{
	struct bench bench = { 0 };

	bench.device = SoapySDRDevice_makeStrArgs(arguments);
	CHECK(bench.device);
	bench.stream = SoapySDRDevice_setupStream(bench.device, SOAPY_SDR_RX,
						  format, NULL, 0, NULL);
	if (!bench.stream)
		printf("%s\n", SoapySDRDevice_lastError());
	CHECK(bench.stream);
	return bench;
}

static void activate(struct bench *bench)
{
	CHECK(!SoapySDRDevice_activateStream(bench->device, bench->stream, 0,
					     0, 0));
}

static void deactivate(struct bench *bench)
{
	CHECK(!SoapySDRDevice_deactivateStream(bench->device, bench->stream, 0,
					       0));
}

static struct bench begin(const char *format)
{
	struct bench bench = make(format);

	activate(&bench);
	return bench;
}

static void end(struct bench *bench)
{
	deactivate(bench);
	SoapySDRDevice_closeStream(bench->device, bench->stream);
	SoapySDRDevice_unmake(bench->device);
}

/* read_once() - a negative SOAPY_SDR_*, or samples, their flags and their time */
static int read_once(struct bench *bench, void *samples, int *flags,
		     long long *time_ns)
{
	void *const buffers[] = { samples };

	return SoapySDRDevice_readStream(bench->device, bench->stream, buffers,
					 SAMPLES, flags, time_ns, PATIENCE_US);
}

/* read_some() - samples; an overflow is counted */
static int read_some(struct bench *bench, void *samples, int *flags,
		     long long *time_ns)
{
	int n;

	while ((n = read_once(bench, samples, flags, time_ns)) ==
	       SOAPY_SDR_OVERFLOW)
		bench->overflows++;
	CHECK(n > 0 && n <= SAMPLES);
	return n;
}

static void pass(struct bench *bench, uint64_t bytes)
{
	const uint64_t end = bench->position + bytes;
	uint8_t data[SAMPLES * SAMPLE_SIZE];
	long long time_ns;
	size_t size;
	int flags;

	while (bench->position < end) {
		size = read_some(bench, data, &flags, &time_ns) * SAMPLE_SIZE;
		CHECK(!(flags & SOAPY_SDR_HAS_TIME));
		CHECK(pattern_check(data, size, bench->position) == size);
		bench->position += size;
	}
}

static void samples(void)
{
	struct bench bench = begin(SOAPY_SDR_CS16);

	CHECK(SoapySDRDevice_getStreamMTU(bench.device, bench.stream) > SAMPLES);
	pass(&bench, 100000);
	end(&bench);
}

static float value_at(uint64_t position)
{
	uint16_t value = pattern_byte(position) |
			 pattern_byte(position + 1) << 8;

	return (int16_t)value / FULL_SCALE;
}

static void converted(void)
{
	struct bench bench = begin(SOAPY_SDR_CF32);
	float data[2 * SAMPLES];
	int i, n, flags, total = 0;
	long long time_ns;

	CHECK(!SoapySDRDevice_getNumDirectAccessBuffers(bench.device,
							bench.stream));
	while (total < 50000) {
		n = read_some(&bench, data, &flags, &time_ns);
		for (i = 0; i < 2 * n; i++, bench.position += 2)
			CHECK(fabsf(data[i] - value_at(bench.position)) < 1e-4);
		total += n;
	}
	end(&bench);
}

/* With 1,000,000 samples a second; the last one of a capture has the time of its end. */
static void times(void)
{
	struct bench bench = begin(SOAPY_SDR_CS16);
	long long time_ns, next_ns = 0;
	uint8_t data[SAMPLES * SAMPLE_SIZE];
	int i, n, flags = 0;

	for (i = 0; i < 100; i++) {
		const bool goes_on = flags & SOAPY_SDR_MORE_FRAGMENTS;

		n = read_some(&bench, data, &flags, &time_ns);
		CHECK(flags & SOAPY_SDR_HAS_TIME);
		CHECK(!goes_on || time_ns == next_ns);
		next_ns = time_ns + n * NS_PER_SAMPLE;
		CHECK((flags & SOAPY_SDR_MORE_FRAGMENTS) || next_ns <=
		      SoapySDRDevice_getHardwareTime(bench.device, ""));
	}
	end(&bench);
}

static int acquire(struct bench *bench, size_t *handle, const void **data)
{
	const void *buffers[1];
	long long time_ns;
	int n, flags;

	n = SoapySDRDevice_acquireReadBuffer(bench->device, bench->stream,
					     handle, buffers, &flags, &time_ns,
					     PATIENCE_US);
	*data = n > 0 ? buffers[0] : NULL;
	return n;
}

static size_t capture_size(const struct bench *bench)
{
	return SoapySDRDevice_getStreamMTU(bench->device, bench->stream) *
	       SAMPLE_SIZE;
}

/* acquire_good() - a buffer with the next bytes of the pattern; @at: their position */
static size_t acquire_good(struct bench *bench, size_t *handle,
			   const void **data, uint64_t *at)
{
	void *known[1];
	size_t size;
	int n;

	while ((n = acquire(bench, handle, data)) == SOAPY_SDR_OVERFLOW)
		bench->overflows++;
	CHECK(n > 0);
	size = n * SAMPLE_SIZE;
	*at = bench->position;
	bench->position += size;
	CHECK(!SoapySDRDevice_getDirectAccessBufferAddrs(
		bench->device, bench->stream, *handle, known));
	CHECK((const char *)known[0] + *at % capture_size(bench) == *data);
	CHECK(pattern_check(*data, size, *at) == size);
	return size;
}

static void direct(void)
{
	struct bench bench = begin(SOAPY_SDR_CS16);
	size_t held, other, size;
	uint64_t held_at, at;
	const void *kept, *data;
	int i;

	CHECK(SoapySDRDevice_getNumDirectAccessBuffers(bench.device,
						       bench.stream) == 4);
	size = acquire_good(&bench, &held, &kept, &held_at);
	for (i = 0; i < 100; i++) {
		acquire_good(&bench, &other, &data, &at);
		CHECK(other != held);
		SoapySDRDevice_releaseReadBuffer(bench.device, bench.stream,
						 other);
	}
	CHECK(pattern_check(kept, size, held_at) == size);
	/* What is not held is not released, whatever the program says. */
	SoapySDRDevice_releaseReadBuffer(bench.device, bench.stream, other);
	SoapySDRDevice_releaseReadBuffer(bench.device, bench.stream, 1000);
	SoapySDRDevice_releaseReadBuffer(bench.device, bench.stream, held);
	pass(&bench, 10000);
	acquire_good(&bench, &held, &kept, &held_at);
	end(&bench);
}

/* An overflow before each third capture, as the simulated device has been told */
static void every_third(void)
{
	struct bench bench = begin(SOAPY_SDR_CS16);
	size_t handle;
	const void *data;
	uint64_t at;
	int i;

	for (i = 1; i <= 30; i++) {
		acquire_good(&bench, &handle, &data, &at);
		CHECK(bench.overflows == (unsigned int)i / 3);
		SoapySDRDevice_releaseReadBuffer(bench.device, bench.stream,
						 handle);
	}
	end(&bench);
}

/* The FPGA has no region while the program has all four. */
static void overflow(void)
{
	struct bench bench = begin(SOAPY_SDR_CS16);
	size_t handles[4];
	const void *data;
	uint64_t at;
	int i;

	for (i = 0; i < 4; i++)
		acquire_good(&bench, &handles[i], &data, &at);
	for (i = 0; i < 4; i++)
		SoapySDRDevice_releaseReadBuffer(bench.device, bench.stream,
						 handles[i]);
	CHECK(acquire(&bench, &handles[0], &data) == SOAPY_SDR_OVERFLOW);
	acquire_good(&bench, &handles[0], &data, &at);
	end(&bench);
}

/* has_buffers() - all can be found before there is a capture in them */
static bool has_buffers(const struct bench *bench)
{
	size_t i = 0, n = SoapySDRDevice_getNumDirectAccessBuffers(
			  bench->device, bench->stream);
	void *known[1];

	while (i < n && !SoapySDRDevice_getDirectAccessBufferAddrs(
				bench->device, bench->stream, i, known))
		i++;
	return n > 0 && i == n &&
	       SoapySDRDevice_getDirectAccessBufferAddrs(
		       bench->device, bench->stream, n, known);
}

/* A server may have begun before. */
static void shared(void)
{
	struct bench bench = begin(SOAPY_SDR_CS16);
	const void *data;
	uint64_t first;
	size_t handle;
	int i, n;

	CHECK(has_buffers(&bench));
	for (i = 0; i < 100; i++) {
		while ((n = acquire(&bench, &handle, &data)) ==
		       SOAPY_SDR_OVERFLOW)
			;
		CHECK(n > 0);
		memcpy(&first, data, sizeof(first));
		CHECK(pattern_check(data, (size_t)n * SAMPLE_SIZE,
				    first * sizeof(first)) ==
		      (size_t)n * SAMPLE_SIZE);
		SoapySDRDevice_releaseReadBuffer(bench.device, bench.stream,
						 handle);
	}
	end(&bench);
}

/* acquire_new() - the first buffer of a stream that has begun anew: no overflow */
static void acquire_new(struct bench *bench, size_t *handle)
{
	const void *data;
	uint64_t first;
	int n;

	deactivate(bench);
	activate(bench);
	n = acquire(bench, handle, &data);
	CHECK(n > 0);
	memcpy(&first, data, sizeof(first));
	CHECK(first * sizeof(first) >= bench->position);
	bench->position = first * sizeof(first) + (size_t)n * SAMPLE_SIZE;
}

static void restart(void)
{
	struct bench bench = begin(SOAPY_SDR_CS16);
	const void *data;
	uint64_t at;
	size_t handle;
	int i;

	pass(&bench, 4000);
	for (i = 0; i < 20; i++) {
		acquire_new(&bench, &handle);
		SoapySDRDevice_releaseReadBuffer(bench.device, bench.stream,
						 handle);
	}
	acquire_good(&bench, &handle, &data, &at);
	end(&bench);
}

/* All four regions have been captured into when the stream begins anew. */
static void drops(void)
{
	struct bench bench = begin(SOAPY_SDR_CS16);
	const void *data;
	uint64_t at;
	size_t handle;

	acquire_good(&bench, &handle, &data, &at);
	bench.position += 3 * capture_size(&bench);
	acquire_new(&bench, &handle);
	end(&bench);
}

static void nothing(void)
{
	struct bench bench = begin(SOAPY_SDR_CS16);
	uint8_t data[SAMPLES * SAMPLE_SIZE];
	void *const buffers[] = { data };
	long long time_ns;
	int flags;

	CHECK(SoapySDRDevice_readStream(bench.device, bench.stream, buffers,
					SAMPLES, &flags, &time_ns,
					1000) == SOAPY_SDR_TIMEOUT);
	end(&bench);
}

/* It prints why there is no stream. */
static void fails(void)
{
	SoapySDRDevice *device = SoapySDRDevice_makeStrArgs(arguments);

	if (device)
		CHECK(!SoapySDRDevice_setupStream(device, SOAPY_SDR_RX,
						  SOAPY_SDR_CS16, NULL, 0,
						  NULL));
	puts(SoapySDRDevice_lastError());
	if (device)
		SoapySDRDevice_unmake(device);
}

/* The rate is the hardware's, if it is known. */
static void rates(void)
{
	SoapySDRDevice *device = SoapySDRDevice_makeStrArgs(arguments);

	CHECK(device);
	CHECK(SoapySDRDevice_getSampleRate(device, SOAPY_SDR_RX, 0) == 1e6);
	CHECK(!SoapySDRDevice_setSampleRate(device, SOAPY_SDR_RX, 0, 1e6));
	CHECK(SoapySDRDevice_setSampleRate(device, SOAPY_SDR_RX, 0, 2e6));
	CHECK(SoapySDRDevice_getSampleRate(device, SOAPY_SDR_RX, 0) == 1e6);
	SoapySDRDevice_unmake(device);
}

static const struct {
	const char *name;
	void (*run)(void);
} functions[] = {
	{ "samples", samples },
	{ "converted", converted },
	{ "times", times },
	{ "direct", direct },
	{ "every_third", every_third },
	{ "overflow", overflow },
	{ "shared", shared },
	{ "restart", restart },
	{ "drops", drops },
	{ "nothing", nothing },
	{ "fails", fails },
	{ "rates", rates },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc == 3 && i < sizeof(functions) / sizeof(functions[0]);
	     i++) {
		if (strcmp(argv[1], functions[i].name))
			continue;
		arguments = argv[2];
		functions[i].run();
		return 0;
	}
	fprintf(stderr, "usage: soapy-client FUNCTION ARGUMENTS\n");
	return 2;
}
