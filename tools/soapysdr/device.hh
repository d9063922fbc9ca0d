/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device of SoapySDR; the manual page fpgabuf-soapysdr says what it does. */
#ifndef FPGABUF_SOAPYSDR_DEVICE_HH
#define FPGABUF_SOAPYSDR_DEVICE_HH

#include <SoapySDR/Device.hpp>

#include "soapysdr/stream.hh"

class FpgabufDevice : public SoapySDR::Device {
public:
	/* Throws std::invalid_argument */
	explicit FpgabufDevice(const SoapySDR::Kwargs &args);

	std::string getDriverKey() const override;
	std::string getHardwareKey() const override;
	SoapySDR::Kwargs getHardwareInfo() const override;
	size_t getNumChannels(int direction) const override;

	std::vector<std::string>
	getStreamFormats(int direction, size_t channel) const override;
	std::string getNativeStreamFormat(int direction, size_t channel,
					  double &full_scale) const override;
	SoapySDR::Stream *
	setupStream(int direction, const std::string &format,
		    const std::vector<size_t> &channels,
		    const SoapySDR::Kwargs &args) override;
	void closeStream(SoapySDR::Stream *stream) override;
	size_t getStreamMTU(SoapySDR::Stream *stream) const override;
	int activateStream(SoapySDR::Stream *stream, int flags,
			   long long time_ns, size_t samples) override;
	int deactivateStream(SoapySDR::Stream *stream, int flags,
			     long long time_ns) override;
	int readStream(SoapySDR::Stream *stream, void *const *buffers,
		       size_t samples, int &flags, long long &time_ns,
		       long timeout_us) override;

	size_t getNumDirectAccessBuffers(SoapySDR::Stream *stream) override;
	int getDirectAccessBufferAddrs(SoapySDR::Stream *stream, size_t handle,
				       void **buffers) override;
	int acquireReadBuffer(SoapySDR::Stream *stream, size_t &handle,
			      const void **buffers, int &flags,
			      long long &time_ns, long timeout_us) override;
	void releaseReadBuffer(SoapySDR::Stream *stream,
			       size_t handle) override;

	void setSampleRate(int direction, size_t channel,
			   double rate) override;
	double getSampleRate(int direction, size_t channel) const override;
	std::vector<double> listSampleRates(int direction,
					    size_t channel) const override;
	SoapySDR::RangeList getSampleRateRange(int direction,
					       size_t channel) const override;

	bool hasHardwareTime(const std::string &what) const override;
	long long getHardwareTime(const std::string &what) const override;

private:
	StreamSetup setup;

	/* Of the hardware, 0: the program says it */
	double fixed_rate;
	double rate;
};

#endif /* FPGABUF_SOAPYSDR_DEVICE_HH */
