/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that MSG_ZEROCOPY and io_uring pin counts as locked. */
#ifndef FPGABUF_COMMON_MEMLOCK_H
#define FPGABUF_COMMON_MEMLOCK_H

#include <stdint.h>

#define MEMLOCK_NO_LIMIT	UINT64_MAX

/* Bytes that this process may lock, or %MEMLOCK_NO_LIMIT. */
uint64_t memlock_limit(void);

#endif /* FPGABUF_COMMON_MEMLOCK_H */
