/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream of samples, from open to close */
#ifndef FPGABUF_SOAPYSDR_STREAM_HH
#define FPGABUF_SOAPYSDR_STREAM_HH

#include <string>
#include <vector>

#include <SoapySDR/ConverterRegistry.hpp>

#include "plugin/intake.h"

/**
 * struct StreamSetup - what a stream is made of
 * @device: path of the device, or empty
 * @share: socket of an fpgabuf-share, or empty
 * @native: format of the samples in memory
 * @region_size: bytes of a capture, 0 for the usual
 * @regions: how many, 0 for the usual
 * @timeout_ms: of a capture, 0 for the driver's
 */
struct StreamSetup {
	std::string device;
	std::string share;
	std::string native;
	uint64_t region_size;
	uint32_t regions;
	uint32_t timeout_ms;
};

class CaptureStream {
public:
	/* Throws std::runtime_error */
	CaptureStream(const StreamSetup &setup, const std::string &format);
	~CaptureStream();
	CaptureStream(const CaptureStream &) = delete;
	CaptureStream &operator=(const CaptureStream &) = delete;

	/* Samples of a whole capture */
	size_t mtu() const;

	/* The next sample is a new one; or no more are wanted */
	void activate();
	void deactivate();

	/*
	 * Samples, copied into @out; or a negative SOAPY_SDR_*.  @rate: of the samples,
	 * 0 if it is not known
	 */
	int read(void *out, size_t samples, double rate, int &flags,
		 long long &time_ns, long timeout_us);

	/* How many regions the program can read by itself; 0: it wants another format */
	size_t buffers() const;
	const void *buffer(size_t handle) const;

	/* Samples of a capture, which is the program's until it is released */
	int acquire(size_t &handle, const void **samples, double rate,
		    int &flags, long long &time_ns, long timeout_us);
	void release(size_t handle);

private:
	int next(long timeout_us);
	int take(long timeout_us);
	int refuse(int err, const char *why) const;
	size_t left() const;
	void describe(double rate, int &flags, long long &time_ns) const;
	void drop();

	/* Bytes of a sample, in memory and as it is wanted */
	const size_t native_size;
	const size_t wanted_size;

	/* NULL: as it is in memory */
	SoapySDR::ConverterRegistry::ConverterFunction convert;
	struct intake *intake;
	bool active;

	/* Samples before the next capture are not missing: it is the first one. */
	bool first;

	/* A capture that was taken, and how many of its samples were read */
	bool has_capture;
	struct fpgabuf_capture capture;
	size_t samples_read;

	/* By region: the program has it */
	std::vector<bool> acquired;
};

#endif /* FPGABUF_SOAPYSDR_STREAM_HH */
