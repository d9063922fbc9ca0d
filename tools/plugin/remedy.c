// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <fpgabuf/fpgabuf.h>

#include "plugin/remedy.h"

/**
 * struct row - what you can do
 * @err: after this error
 * @text: with a separator before it
 */
struct row {
	int err;
	const char *text;
};

#define NO_MODULE	"; is the fpgabuf module loaded, and the FPGA bound to it?"
#define NO_RIGHT	"; join the group that owns it, or become root"
#define NO_SERVER	"; is fpgabuf-share running, with this socket?"
#define LESS		"; use smaller or fewer regions"

static const struct row opening[] = {
	{ -ENOENT, NO_MODULE },
	{ -ENXIO, NO_MODULE },
	{ -ENODEV, NO_MODULE },
	{ -EACCES, NO_RIGHT },
	{ -EPERM, NO_RIGHT },
	{ -ENOTTY, "; it is not an fpgabuf device" },
	{ 0 }
};

static const struct row regions[] = {
	{ -EINVAL, "; there are 1 to 65536, and fpgabuf-info shows how large they may be and what their size is a multiple of" },
	{ -EMSGSIZE, "; a region is shorter than the shortest capture" },
	{ -ENOMEM, LESS },
	{ -EDQUOT, "; the limit of the device is reached" LESS },
	{ -EIO, "; the DMA controller does not reach this memory" LESS },
	{ 0 }
};

static const struct row sharing[] = {
	{ -ENOENT, NO_SERVER },
	{ -ECONNREFUSED, NO_SERVER },
	{ -EACCES, NO_RIGHT },
	{ 0 }
};

static const struct row capturing[] = {
	{ -EMSGSIZE, "; the DMA controller does not take so long a capture: use smaller regions" },
	{ -EUSERS, "; fpgabuf-share lets several programs capture from a device" },
	{ -EIO, "; the kernel log says more" },
	{ 0 }
};

static const char *find(const struct row *row, int err)
{
	while (row->err && row->err != err)
		row++;
	return row->err ? row->text : "";
}

void remedy_open(char *why, size_t size, const char *path, int err)
{
	snprintf(why, size, "cannot open %s: %s%s", path, strerror(-err),
		 find(opening, err));
}

void remedy_regions(char *why, size_t size, unsigned int count, int err)
{
	snprintf(why, size, "cannot make %u regions: %s%s", count,
		 strerror(-err), find(regions, err));
}

void remedy_share(char *why, size_t size, const char *path, int err)
{
	const char *sentence = fpgabuf_client_strerror(err);

	snprintf(why, size, "cannot get captures from %s: %s%s", path,
		 sentence ? sentence : strerror(-err), find(sharing, err));
}

void remedy_capture(char *why, size_t size, const char *cause, int err)
{
	snprintf(why, size, "%s: %s%s", cause, strerror(-err),
		 find(capturing, err));
}
