// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <map>
#include <stdexcept>

#include <SoapySDR/Formats.hpp>

#include "soapysdr/device.hh"

#define NS_PER_SEC	1000000000LL

/* Any that a program asks for, if the hardware's is not known */
#define MAX_RATE	1e12

/* Samples in memory, and the largest number in them */
static const std::map<std::string, double> natives = {
	{ SOAPY_SDR_CS8, 128 },
	{ SOAPY_SDR_CS16, 32768 },
	{ SOAPY_SDR_CF32, 1 },
};

static CaptureStream *of(SoapySDR::Stream *stream)
{
	return reinterpret_cast<CaptureStream *>(stream);
}

static std::string text_of(const SoapySDR::Kwargs &args, const std::string &key,
			   const std::string &usual)
{
	const auto found = args.find(key);

	return found == args.end() ? usual : found->second;
}

[[noreturn]] static void bad(const std::string &key, const std::string &text,
			     const std::string &wanted)
{
	throw std::invalid_argument("fpgabuf: " + key + "=" + text + ": " +
				    wanted);
}

static uint64_t number_of(const SoapySDR::Kwargs &args, const std::string &key,
			  uint64_t most)
{
	const std::string text = text_of(args, key, "0");
	unsigned long long number;
	char *end;

	errno = 0;
	number = std::strtoull(text.c_str(), &end, 10);
	if (text.find_first_not_of("0123456789") != std::string::npos ||
	    text.empty() || errno || number > most)
		bad(key, text,
		    "it is a number from 0 to " + std::to_string(most));
	return number;
}

static double rate_of(const SoapySDR::Kwargs &args)
{
	const std::string text = text_of(args, "rate", "0");
	double rate;
	char *end;

	rate = std::strtod(text.c_str(), &end);
	if (end == text.c_str() || *end || !(rate >= 0 && rate <= MAX_RATE))
		bad("rate", text, "it is a number of samples per second");
	return rate;
}

static std::string native_of(const SoapySDR::Kwargs &args)
{
	const std::string text = text_of(args, "format", SOAPY_SDR_CS16);

	if (!natives.count(text))
		bad("format", text, "it is CS8, CS16 or CF32");
	return text;
}

/* A capture has whole samples. */
static uint64_t region_size_of(const SoapySDR::Kwargs &args)
{
	const uint64_t size = number_of(args, "region_size", UINT64_MAX);

	if (size % SoapySDR::formatToSize(native_of(args)))
		bad("region_size", std::to_string(size),
		    "it is a multiple of the bytes of a sample");
	return size;
}

FpgabufDevice::FpgabufDevice(const SoapySDR::Kwargs &args)
	: fixed_rate(rate_of(args)), rate(fixed_rate)
{
	setup.share = text_of(args, "share", "");
	setup.device = text_of(args, "device", FPGABUF_DEFAULT_DEVICE);
	setup.native = native_of(args);
	setup.region_size = region_size_of(args);
	setup.regions = number_of(args, "regions", FPGABUF_RING_MAX_REGIONS);
	setup.timeout_ms =
		number_of(args, "timeout_ms", FPGABUF_TIMEOUT_MAX_MS);
}

std::string FpgabufDevice::getDriverKey() const
{
	return "fpgabuf";
}

std::string FpgabufDevice::getHardwareKey() const
{
	return "FPGA";
}

SoapySDR::Kwargs FpgabufDevice::getHardwareInfo() const
{
	SoapySDR::Kwargs info;

	if (setup.share.empty())
		info["device"] = setup.device;
	else
		info["share"] = setup.share;
	info["format"] = setup.native;
	info["version"] = FPGABUF_VERSION;
	return info;
}

size_t FpgabufDevice::getNumChannels(int direction) const
{
	return direction == SOAPY_SDR_RX;
}

/* What SoapySDR can make of it; first what it is */
std::vector<std::string> FpgabufDevice::getStreamFormats(int direction,
							 size_t) const
{
	std::vector<std::string> formats;

	if (direction != SOAPY_SDR_RX)
		return formats;
	formats.push_back(setup.native);
	for (const auto &known :
	     SoapySDR::ConverterRegistry::listTargetFormats(setup.native))
		if (known != setup.native)
			formats.push_back(known);
	return formats;
}

std::string FpgabufDevice::getNativeStreamFormat(int, size_t,
						 double &full_scale) const
{
	full_scale = natives.at(setup.native);
	return setup.native;
}

SoapySDR::Stream *
FpgabufDevice::setupStream(int direction, const std::string &format,
			   const std::vector<size_t> &channels,
			   const SoapySDR::Kwargs &)
{
	const std::vector<size_t> only = { 0 };

	if (direction != SOAPY_SDR_RX || (!channels.empty() && channels != only))
		throw std::invalid_argument(
			"fpgabuf: there is one channel, 0, and it receives");
	return reinterpret_cast<SoapySDR::Stream *>(
		new CaptureStream(setup, format));
}

void FpgabufDevice::closeStream(SoapySDR::Stream *stream)
{
	delete of(stream);
}

size_t FpgabufDevice::getStreamMTU(SoapySDR::Stream *stream) const
{
	return of(stream)->mtu();
}

int FpgabufDevice::activateStream(SoapySDR::Stream *stream, int flags,
				  long long, size_t samples)
{
	if (flags || samples)
		return SOAPY_SDR_NOT_SUPPORTED;
	of(stream)->activate();
	return 0;
}

int FpgabufDevice::deactivateStream(SoapySDR::Stream *stream, int flags,
				    long long)
{
	if (flags)
		return SOAPY_SDR_NOT_SUPPORTED;
	of(stream)->deactivate();
	return 0;
}

int FpgabufDevice::readStream(SoapySDR::Stream *stream, void *const *buffers,
			      size_t samples, int &flags, long long &time_ns,
			      long timeout_us)
{
	return of(stream)->read(buffers[0], samples, rate, flags, time_ns,
				timeout_us);
}

size_t FpgabufDevice::getNumDirectAccessBuffers(SoapySDR::Stream *stream)
{
	return of(stream)->buffers();
}

int FpgabufDevice::getDirectAccessBufferAddrs(SoapySDR::Stream *stream,
					      size_t handle, void **buffers)
{
	buffers[0] = const_cast<void *>(of(stream)->buffer(handle));
	return buffers[0] ? 0 : SOAPY_SDR_NOT_SUPPORTED;
}

int FpgabufDevice::acquireReadBuffer(SoapySDR::Stream *stream, size_t &handle,
				     const void **buffers, int &flags,
				     long long &time_ns, long timeout_us)
{
	return of(stream)->acquire(handle, buffers, rate, flags, time_ns,
				   timeout_us);
}

void FpgabufDevice::releaseReadBuffer(SoapySDR::Stream *stream, size_t handle)
{
	of(stream)->release(handle);
}

/* Nothing can change the rate of the FPGA. */
void FpgabufDevice::setSampleRate(int, size_t, double wanted)
{
	if (!(wanted > 0 && wanted <= MAX_RATE))
		bad("rate", std::to_string(wanted), "it is more than 0");
	if (fixed_rate > 0 && wanted != fixed_rate)
		bad("rate", std::to_string(wanted),
		    "the device was opened with rate=" +
			    std::to_string(fixed_rate));
	rate = wanted;
}

double FpgabufDevice::getSampleRate(int, size_t) const
{
	return rate;
}

std::vector<double> FpgabufDevice::listSampleRates(int, size_t) const
{
	return { rate };
}

SoapySDR::RangeList FpgabufDevice::getSampleRateRange(int, size_t) const
{
	if (fixed_rate > 0)
		return { SoapySDR::Range(fixed_rate, fixed_rate) };
	return { SoapySDR::Range(1, MAX_RATE) };
}

bool FpgabufDevice::hasHardwareTime(const std::string &what) const
{
	return what.empty();
}

/* The clock of the timestamps */
long long FpgabufDevice::getHardwareTime(const std::string &) const
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SEC + now.tv_nsec;
}
