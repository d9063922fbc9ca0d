/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_COMMON_UTF8_H
#define FPGABUF_COMMON_UTF8_H

#include <stddef.h>

/* Bytes of the UTF-8 character above ASCII at this place; 0 if this is not one. */
size_t utf8_length(const char *at);

#endif /* FPGABUF_COMMON_UTF8_H */
