/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stream that is a file, and one packet
 */
#ifndef TESTS_RTL_FEED_H
#define TESTS_RTL_FEED_H

#include <stdio.h>

#include "pins.h"

/**
 * struct feed - what is left of the file
 * @file: it
 * @left: bytes
 * @beat_bytes: of the stream
 */
struct feed {
	FILE *file;
	uint64_t left;
	unsigned int beat_bytes;
};

/* feed_beat - a stream_source of a struct feed; TLAST is at the end of it */
bool feed_beat(void *feed, struct pins *pins);

#endif
