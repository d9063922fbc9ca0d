/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads the metadata of a recording: what the samples are, and the stretches without a
 * gap
 */
#ifndef FPGABUF_COMMON_SIGMF_READ_H
#define FPGABUF_COMMON_SIGMF_READ_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the name of a type */
#define SIGMF_TYPE	16

/**
 * struct sigmf_stretch - samples without a gap
 * @offset: where in the data they begin
 * @start_ns: CLOCK_REALTIME of the first, or 0: not known
 */
struct sigmf_stretch {
	uint64_t offset;
	int64_t start_ns;
};

/**
 * struct sigmf_recording - the recording
 * @data: the name of the file of the data
 * @datatype: as SigMF has it
 * @sample_size: bytes of a sample
 * @sample_rate: samples a second, or 0: not known, or no whole number
 * @stretches: in order, the first at 0
 * @count: how many there are, one or more
 */
struct sigmf_recording {
	char data[PATH_MAX];
	char datatype[SIGMF_TYPE];
	unsigned int sample_size;
	uint64_t sample_rate;
	struct sigmf_stretch *stretches;
	size_t count;
};

/*
 * Reads the metadata of a recording.  @name is the metadata file or the data file, with
 * or without its ending.  On failure there is a message, and nothing to free.
 */
int sigmf_read(const char *name, struct sigmf_recording *recording);

/* The same for a file without metadata, whose samples have a valid type. */
int sigmf_read_plain(const char *name, const char *datatype,
		     struct sigmf_recording *recording);
void sigmf_read_free(struct sigmf_recording *recording);

#endif /* FPGABUF_COMMON_SIGMF_READ_H */
