// SPDX-License-Identifier: GPL-2.0-only
#include "common/busy.h"
#include "common/clock.h"
#include "common/controller.h"
#include "common/message.h"

#define FIRST_PAUSE_NS	NS_PER_MS
#define MAX_PAUSE_NS	(64 * NS_PER_MS)
#define PATIENCE_NS	(2 * NS_PER_SEC)

int64_t busy_ns(const struct busy *busy)
{
	return busy->since_ns ? clock_ns() - busy->since_ns : 0;
}

static void pause_longer(struct busy *busy)
{
	int64_t now = clock_ns();

	if (!busy->since_ns) {
		busy->since_ns = now;
		busy->pause_ns = FIRST_PAUSE_NS;
	} else if (busy->pause_ns < MAX_PAUSE_NS) {
		busy->pause_ns *= 2;
	}
	busy->retry_ns = now + busy->pause_ns;
}

/* Its capture was dequeued, else it would not be queued again. */
static bool is_kept(const struct busy_region *r)
{
	struct fpgabuf_region_info info;

	if (!controller_is_told(r->info) ||
	    fpgabuf_device_region_info(r->device, r->region, &info))
		return false;
	return info.state == FPGABUF_REGION_QUEUED;
}

static void explain_kept(const char *name)
{
	message("the FPGA still has a region of %s whose capture has ended",
		name);
	remedy("its DMA channel cannot be stopped: the region comes back when the FPGA has filled it");
}

static void explain_stuck(const char *name)
{
	message("the DMA channel of %s did not stop", name);
	remedy("it may still write to the region, so this stays in use: reboot");
}

enum busy_reason busy_again(struct busy *busy, const struct busy_region *region)
{
	bool stops;

	pause_longer(busy);
	if (busy_ns(busy) < PATIENCE_NS || !is_kept(region))
		return BUSY_IN_USE;
	stops = controller_can(region->info, FPGABUF_CAP_STOP);
	if (!busy->told && stops)
		explain_stuck(region->name);
	else if (!busy->told)
		explain_kept(region->name);
	busy->told = true;
	return stops ? BUSY_STUCK : BUSY_KEPT;
}
