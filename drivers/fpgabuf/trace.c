// SPDX-License-Identifier: GPL-2.0
/* fpgabuf - where the tracepoints live */
#define CREATE_TRACE_POINTS
#include "trace.h"
