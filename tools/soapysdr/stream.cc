// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <stdexcept>
#include <sys/mman.h>

#include <SoapySDR/Device.hpp>
#include <SoapySDR/Formats.hpp>
#include <SoapySDR/Logger.hpp>
#include <SoapySDR/Time.hpp>

#include "soapysdr/stream.hh"

#define US_PER_MS	1000

static const char *text_or_null(const std::string &text)
{
	return text.empty() ? nullptr : text.c_str();
}

static struct intake *open_intake(const StreamSetup &setup)
{
	struct intake_setup wanted = {};
	char why[INTAKE_WHY_SIZE];
	struct intake *intake;

	wanted.device = text_or_null(setup.device);
	wanted.share = text_or_null(setup.share);
	wanted.capture_size = setup.region_size;
	wanted.regions = setup.regions;
	wanted.timeout_ms = setup.timeout_ms;
	if (intake_open(&wanted, &intake, why))
		throw std::runtime_error(std::string("fpgabuf: ") + why);
	return intake;
}

/* Throws if SoapySDR cannot convert */
static SoapySDR::ConverterRegistry::ConverterFunction
converter(const std::string &from, const std::string &to)
{
	if (from == to)
		return nullptr;
	return SoapySDR::ConverterRegistry::getFunction(from, to);
}

CaptureStream::CaptureStream(const StreamSetup &setup,
			     const std::string &format)
	: native_size(SoapySDR::formatToSize(setup.native)),
	  wanted_size(SoapySDR::formatToSize(format)),
	  convert(converter(setup.native, format)),
	  intake(open_intake(setup)), active(false), first(false),
	  has_capture(false), capture(), samples_read(0),
	  acquired(intake_regions(intake))
{
}

CaptureStream::~CaptureStream()
{
	drop();
	for (size_t handle = 0; handle < acquired.size(); handle++)
		release(handle);
	intake_close(intake);
}

size_t CaptureStream::mtu() const
{
	return fpgabuf_region_size(intake_region(intake, 0)) / native_size;
}

void CaptureStream::activate()
{
	drop();
	intake_restart(intake);
	active = true;
	first = true;
}

void CaptureStream::deactivate()
{
	drop();
	intake_restart(intake);
	active = false;
}

/* drop() - what was not read of the capture */
void CaptureStream::drop()
{
	if (has_capture)
		intake_release(intake, capture.slot);
	has_capture = false;
}

size_t CaptureStream::left() const
{
	return capture.bytes / native_size - samples_read;
}

int CaptureStream::refuse(int err, const char *why) const
{
	if (err == -ETIMEDOUT)
		return SOAPY_SDR_TIMEOUT;
	SoapySDR::logf(SOAPY_SDR_ERROR, "fpgabuf: %s", why);
	return SOAPY_SDR_STREAM_ERROR;
}

/* in_ms() - rounded up, so that a short wait is one */
static int in_ms(long timeout_us)
{
	const long ms = timeout_us / US_PER_MS + !!(timeout_us % US_PER_MS);

	return ms < 0 ? 0 : std::min<long>(ms, INT_MAX);
}

/* take() - the next capture; a gap before it is told once, without samples */
int CaptureStream::take(long timeout_us)
{
	char why[INTAKE_WHY_SIZE];
	bool gap;
	int err;

	err = intake_wait(intake, &capture, in_ms(timeout_us), why);
	if (err)
		return refuse(err, why);
	has_capture = true;
	samples_read = 0;
	gap = capture.status & FPGABUF_CAPTURE_GAP && !first;
	first = false;
	if (!left()) {
		drop();
		gap = true;
	}
	return gap ? SOAPY_SDR_OVERFLOW : 0;
}

/* next() - there are samples to read: 0, or a negative SOAPY_SDR_* */
int CaptureStream::next(long timeout_us)
{
	if (!active)
		return SOAPY_SDR_STREAM_ERROR;
	return has_capture ? 0 : take(timeout_us);
}

/* The time of a capture is that of its last sample. */
void CaptureStream::describe(double rate, int &flags, long long &time_ns) const
{
	flags = 0;
	if (!(rate > 0))
		return;
	flags = SOAPY_SDR_HAS_TIME;
	time_ns = (long long)capture.timestamp_ns -
		  SoapySDR::ticksToTimeNs(left(), rate);
}

int CaptureStream::read(void *out, size_t samples, double rate, int &flags,
			long long &time_ns, long timeout_us)
{
	const char *from;
	int err = next(timeout_us);

	if (err)
		return err;
	samples = std::min({ samples, left(), (size_t)INT_MAX });
	describe(rate, flags, time_ns);
	from = (const char *)capture.addr + samples_read * native_size;
	if (convert)
		convert(from, out, samples, 1.0);
	else
		std::memcpy(out, from, samples * wanted_size);
	samples_read += samples;
	if (left())
		flags |= SOAPY_SDR_MORE_FRAGMENTS;
	else
		drop();
	return samples;
}

size_t CaptureStream::buffers() const
{
	return convert ? 0 : acquired.size();
}

/* Those of a server are mapped when they are first used. */
const void *CaptureStream::buffer(size_t handle) const
{
	struct fpgabuf_region *region;
	void *addr;

	if (handle >= buffers())
		return nullptr;
	region = intake_region(intake, handle);
	addr = fpgabuf_region_addr(region);
	if (!addr && fpgabuf_region_map(region, PROT_READ, &addr))
		return nullptr;
	return addr;
}

int CaptureStream::acquire(size_t &handle, const void **samples, double rate,
			   int &flags, long long &time_ns, long timeout_us)
{
	int err = convert ? SOAPY_SDR_NOT_SUPPORTED : next(timeout_us);

	if (err)
		return err;
	handle = capture.slot;
	*samples = (const char *)capture.addr + samples_read * native_size;
	describe(rate, flags, time_ns);
	acquired[handle] = true;
	has_capture = false;
	return std::min(left(), (size_t)INT_MAX);
}

void CaptureStream::release(size_t handle)
{
	if (handle >= acquired.size() || !acquired[handle])
		return;
	acquired[handle] = false;
	intake_release(intake, handle);
}
