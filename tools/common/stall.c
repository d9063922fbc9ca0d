// SPDX-License-Identifier: GPL-2.0-only
#include "common/clock.h"
#include "common/message.h"
#include "common/notify.h"
#include "common/stall.h"

#define USUAL_PATIENCE_NS	(2 * NS_PER_SEC)
#define MAX_PATIENCE_NS		(3600 * NS_PER_SEC)

static int64_t patience_ns(const struct stall *s)
{
	return s->patience_ns ? s->patience_ns : USUAL_PATIENCE_NS;
}

bool stall_waits(struct stall *stall)
{
	int64_t now = clock_ns();

	if (!stall->since_ns)
		stall->since_ns = now;
	if (stall->told || now - stall->since_ns < patience_ns(stall))
		return false;
	stall->told = true;
	return true;
}

void stall_over(struct stall *stall)
{
	if (stall->told && patience_ns(stall) < MAX_PATIENCE_NS)
		stall->patience_ns = 2 * patience_ns(stall);
	stall->since_ns = 0;
	stall->told = false;
}

int64_t stall_due_ns(const struct stall *stall)
{
	if (!stall->since_ns || stall->told)
		return 0;
	return stall->since_ns + patience_ns(stall);
}

void stall_explain(const struct stall *stall, const char *name,
		   const char *look_at)
{
	int64_t ns = clock_ns() - stall->since_ns;

	inform("no capture has come from %s for %d s: waiting for it", name,
	       (int)(ns / NS_PER_SEC));
	remedy("%s", look_at);
	notify_status("waiting for captures of %s", name);
}
