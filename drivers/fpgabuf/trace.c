// SPDX-License-Identifier: GPL-2.0
/* fpgabuf - where the tracepoints live, and look into what they show */
#include "capture.h"
#include "memory.h"
#include "region.h"

#define CREATE_TRACE_POINTS
#include "trace.h"
