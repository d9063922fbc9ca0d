// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading the modules under test. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bed.h"

/* The test bed has them here, other machines where modprobe finds them. */
#define FOLDER	"/lib/fpgabuf/"

static int module_probe(const char *file, const char *parameters)
{
	char command[256];

	snprintf(command, sizeof(command), "modprobe -q %.*s %s",
		 (int)strcspn(file, "."), file, parameters);
	return system(command) ? -ENOENT : 0;
}

int module_load(const char *file, const char *parameters)
{
	char path[128];
	int fd, ret;

	snprintf(path, sizeof(path), FOLDER "%s", file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return module_probe(file, parameters);
	ret = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	return ret;
}

int module_try_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

/* Fences let go of the module when RCU has seen to them. */
int module_unload(const char *name)
{
	int ret, i;

	for (i = 0; i < 500; i++) {
		ret = module_try_unload(name);
		if (ret != -EAGAIN)
			break;
		usleep(10000);
	}
	return ret;
}

/*
 * A suite that ran before may have loaded them.  The debug kernel on a busy host may
 * need more than the usual ten seconds for a few regions of 2 MiB.
 */
static int load_all(const char *sim)
{
	const char * const modules[][2] = {
		{ "fpgabuf.ko", debug_kernel() ? "timeout_ms=60000" : "" },
		{ "fpgabuf-sim.ko", sim },
		{ "fpgabuf-test-remap.ko", "" },
		{ "fpgabuf-test-importer.ko", "" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		int ret = module_load(modules[i][0], modules[i][1]);

		if (ret && ret != -EEXIST) {
			fprintf(stderr, "cannot load %s: %s\n", modules[i][0],
				strerror(-ret));
			return ret;
		}
	}
	return 0;
}

/* All that the suites but the last expect; two FPGAs, to confuse them. */
int modules_load(void)
{
	return load_all("devices=2");
}

/* With the FPGAs of the device tree alone */
int modules_load_tree(void)
{
	return load_all("devices=0");
}

void modules_unload(void)
{
	EXPECT(module_unload("fpgabuf_test_remap"), 0);
	EXPECT(module_unload("fpgabuf"), 0);
	EXPECT(module_unload("fpgabuf_sim"), 0);
}
