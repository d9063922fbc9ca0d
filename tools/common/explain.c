// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "common/explain.h"
#include "common/message.h"

void explain_open(const char *path, int err)
{
	message("cannot open %s: %s", path, strerror(-err));
	if (err == -ENOENT || err == -ENXIO || err == -ENODEV)
		remedy("is the fpgabuf module loaded, and the FPGA bound to it? see `lsmod` and `ls /dev/fpgabuf*`");
	else if (err == -EACCES || err == -EPERM)
		remedy("join the group that owns the device (`ls -l %s`), or become root",
		       path);
	else if (err == -ENOTTY)
		remedy("it is not an fpgabuf device: `ls /dev/fpgabuf*` shows those that there are");
}
