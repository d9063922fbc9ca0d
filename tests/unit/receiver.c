// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "net.h"
#include "receiver.h"
#include "recv/pattern.h"

#define MAX_ARGS	16

void temp_make(struct temp *t, const char *name)
{
	strcpy(t->dir, "/tmp/fpgabuf-unit-XXXXXX");
	if (!mkdtemp(t->dir))
		err(EXIT_FAILURE, "mkdtemp");
	snprintf(t->file, sizeof(t->file), "%s/%s", t->dir, name);
}

char *temp_path(const struct temp *t, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", t->dir, name);
	return path;
}

void temp_remove(struct temp *t)
{
	DIR *dir = opendir(t->dir);
	struct dirent *entry;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while ((entry = readdir(dir)))
		if (*entry->d_name != '.')
			unlink(temp_path(t, entry->d_name));
	closedir(dir);
	CU_ASSERT_EQUAL(rmdir(t->dir), 0);
}

size_t file_append(const char *path, uint8_t *data, size_t len, size_t room)
{
	FILE *f = fopen(path, "r");

	if (!f)
		return len;
	len += fread(data + len, 1, room - len, f);
	fclose(f);
	return len;
}

bool file_is(const char *path, const uint8_t *data, size_t len)
{
	uint8_t *content = malloc(len + 1);
	bool same;

	if (!content)
		abort();
	same = !access(path, R_OK) &&
	       file_append(path, content, 0, len + 1) == len &&
	       !memcmp(content, data, len);
	free(content);
	return same;
}

uint8_t *new_data(size_t len, bool pattern)
{
	uint8_t *data = malloc(len + 1);
	size_t i;

	if (!data)
		abort();
	fill_noise(data, len);
	for (i = 0; pattern && i < len; i++)
		data[i] = pattern_byte(i);
	return data;
}

int receiver_start(struct process *p, char *const args[])
{
	char *argv[MAX_ARGS] = { "tools/fpgabuf-recv" };
	const char *at;
	size_t i;

	for (i = 0; args[i]; i++)
		argv[i + 1] = args[i];
	argv[i + 1] = "0";
	process_start(p, argv);
	if (!process_expect(p, "\n"))
		return -1;
	at = strstr(p->output, "port ");
	return at ? atoi(at + 5) : -1;
}

int receiver_feed(int port, const uint8_t *data, size_t len)
{
	int fd = connect_port(port);
	ssize_t n;

	CU_ASSERT(fd >= 0);
	while (len && (n = send(fd, data, len, MSG_NOSIGNAL)) > 0) {
		data += n;
		len -= n;
	}
	return fd;
}

int receiver_run(struct process *p, char *const args[], const uint8_t *data,
		 size_t len)
{
	close(receiver_feed(receiver_start(p, args), data, len));
	return process_finish(p);
}
