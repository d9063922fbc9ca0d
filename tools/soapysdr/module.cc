// SPDX-License-Identifier: LGPL-2.1-or-later
/* What SoapySDR asks for when it loads the module */
#include <glob.h>
#include <unistd.h>

#include <SoapySDR/Registry.hpp>

#include "soapysdr/device.hh"

static SoapySDR::Kwargs found(const std::string &key, const std::string &path)
{
	return { { key, path }, { "label", "fpgabuf " + path } };
}

/* named() - what the program has named, if it is there */
static SoapySDR::KwargsList named(const std::string &key,
				  const std::string &path)
{
	if (access(path.c_str(), F_OK))
		return {};
	return { found(key, path) };
}

static SoapySDR::KwargsList all_devices()
{
	SoapySDR::KwargsList list;
	glob_t paths = {};

	if (!glob("/dev/fpgabuf[0-9]*", 0, nullptr, &paths))
		for (size_t i = 0; i < paths.gl_pathc; i++)
			list.push_back(found("device", paths.gl_pathv[i]));
	globfree(&paths);
	return list;
}

static SoapySDR::KwargsList find(const SoapySDR::Kwargs &args)
{
	for (const char *key : { "share", "device" })
		if (args.count(key))
			return named(key, args.at(key));
	return all_devices();
}

static SoapySDR::Device *make(const SoapySDR::Kwargs &args)
{
	return new FpgabufDevice(args);
}

static SoapySDR::Registry registry("fpgabuf", &find, &make,
				   SOAPY_SDR_ABI_VERSION);
