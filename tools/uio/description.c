// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "uio/description.h"
#include "common/message.h"

/* Where they are installed, from the folder of this program */
#define INSTALLED	"../share/fpgabuf/masters"

#define MAX_TEXT	65536

static void installed_path(const char *name, char *path, size_t size)
{
	char self[PATH_MAX] = "";
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash = n > 0 ? strrchr(self, '/') : NULL;

	if (slash)
		*slash = 0;
	snprintf(path, size, "%s/" INSTALLED "/%s", self, name);
}

/* A path has a slash, or is one of a file that is here. */
static FILE *open_description(const char *name)
{
	char path[2 * PATH_MAX];
	FILE *f = fopen(name, "re");

	if (f || strchr(name, '/'))
		return f;
	installed_path(name, path, sizeof(path));
	return fopen(path, "re");
}

static int parse(const char *name, const char *text, size_t size,
		 struct master *master)
{
	struct master_error error;
	int err = master_parse(text, size, master, &error);

	if (!err)
		return 0;
	if (error.line)
		message("%s:%u: %s", name, error.line, error.why);
	else
		message("%s: %s", name, error.why);
	remedy("`man fpgabuf-uio` describes all words");
	return err;
}

int description_read(const char *name, struct master *master)
{
	static char text[MAX_TEXT + 1];
	FILE *f = open_description(name);
	size_t size;
	int err = errno;

	if (!f) {
		message("cannot read %s: %s", name, strerror(err));
		remedy("give the path of a file, or the name of one in share/fpgabuf/masters: writer, litex, axis2mm, axidma, hls");
		return -err;
	}
	size = fread(text, 1, sizeof(text), f);
	err = ferror(f) ? EIO : 0;
	fclose(f);
	if (err || size > MAX_TEXT) {
		message("cannot read %s: %s", name,
			err ? strerror(err) : "it is no description, but larger than one can be");
		return err ? -err : -EFBIG;
	}
	return parse(name, text, size, master);
}
