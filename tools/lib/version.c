// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fpgabuf/fpgabuf.h>

unsigned int fpgabuf_version(void)
{
	return FPGABUF_VERSION_NUMBER;
}
