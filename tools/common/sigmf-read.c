// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/message.h"
#include "common/sigmf.h"
#include "common/sigmf-meta.h"
#include "common/sigmf-read.h"

/* Metadata that are larger are none of ours: so many tell of a million gaps. */
#define MAX_META	((off_t)256 << 20)

/**
 * struct reader - the metadata that are being read
 * @meta: their name
 * @recording: what they say
 */
struct reader {
	char meta[PATH_MAX];
	struct sigmf_recording *recording;
};

static int fail(const struct reader *r, const char *why)
{
	message("cannot replay %s: %s", r->meta, why);
	return -EBADMSG;
}

static int parse(const struct reader *r, const char *text, size_t len)
{
	char why[SIGMF_META_WHY];

	return sigmf_meta_parse(text, len, r->recording, why) ? fail(r, why) : 0;
}

static int read_full(int fd, char *text, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, text + done, len - done);
		if (!n)
			return -EIO;
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? n : 0;
	}
	return 0;
}

static int read_file(struct reader *r, int fd)
{
	struct stat st;
	char *text;
	int err;

	if (fstat(fd, &st))
		return fail(r, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(r, "it is no file of metadata");
	if (st.st_size > MAX_META)
		return fail(r, "it has more than 256 MiB");
	text = malloc(st.st_size + 1);
	if (!text)
		return fail(r, "out of memory");
	err = read_full(fd, text, st.st_size);
	err = err ? fail(r, strerror(-err)) : parse(r, text, st.st_size);
	free(text);
	return err;
}

static bool ends_with(const char *name, const char *ending)
{
	const size_t len = strlen(name), end = strlen(ending);

	return len > end && !strcmp(name + len - end, ending);
}

static int name_files(struct reader *r, const char *name)
{
	size_t stem = sigmf_stem(name);

	if (ends_with(name, SIGMF_META))
		stem = strlen(name) - strlen(SIGMF_META);
	if (stem + sizeof(SIGMF_DATA) > PATH_MAX) {
		message("the name of the recording is too long");
		return -ENAMETOOLONG;
	}
	snprintf(r->meta, PATH_MAX, "%.*s" SIGMF_META, (int)stem, name);
	snprintf(r->recording->data, PATH_MAX, "%.*s" SIGMF_DATA, (int)stem,
		 name);
	return 0;
}

int sigmf_read(const char *name, struct sigmf_recording *recording)
{
	struct reader r = { .recording = recording };
	int fd, err;

	*recording = (struct sigmf_recording){ .count = 0 };
	err = name_files(&r, name);
	if (err)
		return err;
	fd = open(r.meta, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return fail(&r, strerror(errno));
	err = read_file(&r, fd);
	close(fd);
	return err;
}
