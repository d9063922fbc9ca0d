// SPDX-License-Identifier: GPL-2.0-only
/* What stands in for sigmf-read.c where there is no jansson */
#include <errno.h>

#include "common/message.h"
#include "common/sigmf-read.h"

int sigmf_read(const char *name, struct sigmf_recording *recording)
{
	*recording = (struct sigmf_recording){ .count = 0 };
	message("cannot replay %s: this program was built without jansson",
		name);
	remedy("build it where libjansson-dev is installed");
	return -EOPNOTSUPP;
}
