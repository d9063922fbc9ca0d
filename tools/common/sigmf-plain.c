// SPDX-License-Identifier: GPL-2.0-only
/* Recordings without metadata, and the end of all recordings */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/message.h"
#include "common/sigmf-read.h"
#include "common/sigmf.h"

int sigmf_read_plain(const char *name, const char *datatype,
		     struct sigmf_recording *recording)
{
	*recording = (struct sigmf_recording){
		.sample_size = sigmf_sample_size(datatype),
		.count = 1,
	};
	if (strlen(name) >= PATH_MAX) {
		message("the name of the file is too long");
		return -ENAMETOOLONG;
	}
	strcpy(recording->data, name);
	strcpy(recording->datatype, datatype);
	recording->stretches = calloc(1, sizeof(*recording->stretches));
	if (recording->stretches)
		return 0;
	message("out of memory");
	return -ENOMEM;
}

void sigmf_read_free(struct sigmf_recording *recording)
{
	free(recording->stretches);
	recording->stretches = NULL;
	recording->count = 0;
}
