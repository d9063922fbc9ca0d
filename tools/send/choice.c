// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/message.h"
#include "send/choice.h"
#include "send/link.h"

/* The longest capture for which the two ways were compared */
#define LONGEST_SHARED	262144

/* A stream is not read in small steps. */
const char *choice_by_options(const struct send_options *options)
{
	const char *word = options_not_spliced(options);

	if (word)
		return word;
	return options->rate ? "--rate" : NULL;
}

/* Packets end captures early: without a message nobody knows that bytes are lost. */
static bool counts_packets(const struct source_setup *setup,
			   const struct fpgabuf_info *info)
{
	const uint64_t size = controller_region_size(info, setup->region_size,
						     FPGABUF_RING_REGION_SIZE);

	return controller_can(info, FPGABUF_CAP_PACKETS) &&
	       (!info->max_packet || size <= info->max_packet);
}

const char *choice_by_device(const struct source_setup *setup,
			     const struct fpgabuf_info *info)
{
	if (!controller_can(info, FPGABUF_CAP_STREAM))
		return "the driver has no streams of bytes, or older ones";
	if (!counts_packets(setup, info))
		return "the DMA controller does not count the bytes of packets";
	if (setup->regions < 2)
		return "there is only one region";
	if (setup->regions > info->queue_depth)
		return "there are too many regions";
	return NULL;
}

static bool is_shared(const struct source_setup *setup,
		      const struct fpgabuf_info *info)
{
	return source_slices(setup) > 1 && setup->region_size &&
	       setup->region_size <= LONGEST_SHARED &&
	       controller_can(info, FPGABUF_CAP_SLICES);
}

const char *choice_by_kernel(const struct source_setup *setup,
			     const struct fpgabuf_info *info,
			     const char *release)
{
	int major = 0, minor = 0;

	if (!is_shared(setup, info))
		return NULL;
	sscanf(release, "%d.%d", &major, &minor);
	return major > 6 || (major == 6 && minor >= 5) ? NULL :
	       "before Linux 6.5 short captures cost less if they share regions";
}

/* Each page of 4 KiB would take a place in the pipe, which costs more than a copy. */
const char *choice_by_memory(uint64_t region_size, uint32_t backend)
{
	if (backend == FPGABUF_BACKEND_FOLIO ||
	    region_size <= (uint64_t)sysconf(_SC_PAGESIZE))
		return NULL;
	return "the regions consist of single pages";
}

/* Whether it can be reached is for the others to say. */
const char *choice_by_route(const struct endpoint *peer, char *room,
			    size_t size)
{
	if (*peer->path)
		return "a Unix socket was not measured";
	if (link_obstacle(peer, room, size))
		return "the way to the peer is not known";
	return *room ? room : NULL;
}

void choice_tell(const char *why, bool verbose)
{
	if (verbose)
		inform("engine splice is not taken: %s", why);
}
