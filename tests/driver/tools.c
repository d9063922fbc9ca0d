// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-send and fpgabuf-recv, as the programs they are. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bed.h"
#include "net.h"

#define REPORT	"/tmp/send.json"

/* Whoever it becomes by @before, its report goes to a file of root. */
static pid_t tool_start(char *const argv[], const char *output,
			void (*before)(void))
{
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	pid_t pid = fork();

	if (!pid) {
		dup2(fd, STDOUT_FILENO);
		if (before)
			before();
		execvp(argv[0], argv);
		_exit(127);
	}
	close(fd);
	return pid;
}

static void enter_peer(void)
{
	int fd = open("/run/netns/peer", O_RDONLY | O_CLOEXEC);

	if (setns(fd, CLONE_NEWNET))
		_exit(126);
}

/* The receiver lives in the other namespace, and checks every byte. */
static pid_t receiver_start(char *bytes)
{
	char *argv[] = {
		"fpgabuf-recv", "--quiet", "--verify", "--json", "--bytes",
		bytes, "--port-file", "/tmp/port", "10.77.0.2:0", NULL,
	};

	unlink("/tmp/port");
	return tool_start(argv, "/tmp/recv.json", enter_peer);
}

static void receiver_address(char *address, size_t size)
{
	unsigned long port = 0;
	int i;

	for (i = 0; i < 1000 && !file_read_line("/tmp/port", "", &port); i++)
		usleep(10000);
	snprintf(address, size, "10.77.0.2:%lu", port);
}

pid_t send_tool_start(const struct send_tool *tool, char *address)
{
	char *argv[] = {
		"fpgabuf-send", "--quiet", "--json", "--bytes", tool->bytes,
		"--region-size", tool->region_size, "--regions", tool->regions,
		"--engine", tool->engine, address, NULL,
	};

	return tool_start(argv, REPORT, tool->before);
}

/* A number of a report that a tool has written to @path */
unsigned long long report_count(const char *path, const char *key)
{
	FILE *file = fopen(path, "re");
	char text[4096], name[64];
	const char *found;
	size_t n;

	REQUIRE(!file, false);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = 0;
	fclose(file);
	snprintf(name, sizeof(name), "\"%s\": ", key);
	found = strstr(text, name);
	REQUIRE(!found, false);
	return strtoull(found + strlen(name), NULL, 10);
}

unsigned long long send_tool_count(const char *key)
{
	return report_count(REPORT, key);
}

/* From the simulated FPGA to a receiver that checks every byte */
void main_job(const struct send_tool *tool)
{
	pid_t receiver, sender;
	char address[32];

	sim_source("pattern");
	receiver = receiver_start(tool->bytes);
	receiver_address(address, sizeof(address));
	sender = send_tool_start(tool, address);
	EXPECT(process_exit_code(sender), 0);
	EXPECT(process_exit_code(receiver), 0);
	EXPECT(send_tool_count("bytes"), strtoull(tool->bytes, NULL, 10));
}
