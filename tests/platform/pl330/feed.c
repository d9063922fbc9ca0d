// SPDX-License-Identifier: GPL-2.0-only
/*
 * feed SOCKET QMP-IN QMP-OUT FILE... - what arrives at the serial port of
 * smdkc210
 *
 * Sends a FILE for each line it reads.  QEMU's port loses what it holds when its
 * FIFO of 256 bytes gets full, so each piece has to be gone from there before
 * the next one comes: QEMU is asked for the port's register that tells.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/sockios.h>

#define PIECE		128
#define PATIENCE_MS	30000
/* Bytes in the FIFO, and whether it is full */
#define UFSTAT		"0x13800018"
#define UFSTAT_RX	0x1ff

static FILE *qmp_in;
static int qmp_out;

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(addr.sun_path))
		errx(1, "cannot use %s", path);
	strcpy(addr.sun_path, path);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "%s", path);
	return fd;
}

/* One line that QEMU says */
static void listen_to(char *line, size_t size)
{
	struct pollfd ready = { .fd = qmp_out, .events = POLLIN };
	size_t n = 0;

	do {
		if (poll(&ready, 1, PATIENCE_MS) != 1)
			errx(1, "QEMU does not answer");
		if (read(qmp_out, line + n, 1) != 1)
			err(1, "QMP");
	} while (line[n] != '\n' && ++n < size - 1);
	line[n] = 0;
}

/* Events come in between. */
static void ask(const char *command, char *answer, size_t size)
{
	fprintf(qmp_in, "%s\n", command);
	if (fflush(qmp_in))
		err(1, "QMP");
	do
		listen_to(answer, size);
	while (strncmp(answer, "{\"return\"", 9) &&
	       strncmp(answer, "{\"error\"", 8));
	if (!strncmp(answer, "{\"error\"", 8))
		errx(1, "QEMU does not do %s: %s", command, answer);
}

static unsigned int received_and_not_read(void)
{
	char answer[256], *value;

	ask("{\"execute\": \"human-monitor-command\", \"arguments\": "
	    "{\"command-line\": \"xp /1wx " UFSTAT "\"}}", answer,
	    sizeof(answer));
	value = strstr(answer, ": 0x");
	if (!value)
		errx(1, "QEMU has no register " UFSTAT ": %s", answer);
	return strtoul(value + 2, NULL, 16) & UFSTAT_RX;
}

static int not_taken(int fd)
{
	int n;

	if (ioctl(fd, SIOCOUTQ, &n))
		err(1, "SIOCOUTQ");
	return n;
}

/* QEMU takes it, and the DMA controller takes it from QEMU's port. */
static void drain(int fd, const char *name, long at)
{
	int ms;

	for (ms = 0; not_taken(fd) || received_and_not_read(); ms++) {
		if (ms == PATIENCE_MS)
			errx(1, "nobody reads %s, byte %ld", name, at);
		poll(NULL, 0, 1);
	}
}

static void feed(int fd, const char *name)
{
	FILE *file = fopen(name, "re");
	char piece[PIECE];
	size_t n;

	if (!file)
		err(1, "%s", name);
	while ((n = fread(piece, 1, sizeof(piece), file))) {
		if (send(fd, piece, n, MSG_NOSIGNAL) != (ssize_t)n)
			err(1, "send");
		drain(fd, name, ftell(file));
	}
	if (ferror(file))
		err(1, "%s", name);
	fclose(file);
}

int main(int argc, char **argv)
{
	char line[256];
	int fd = -1, i;

	if (argc < 5)
		errx(2, "usage: feed SOCKET QMP-IN QMP-OUT FILE...");
	/* For both, so that a FIFO does not wait for the other side. */
	qmp_in = fopen(argv[2], "r+e");
	qmp_out = open(argv[3], O_RDWR | O_CLOEXEC);
	if (!qmp_in || qmp_out < 0)
		err(1, "QMP");
	for (i = 4; i < argc && fgets(line, sizeof(line), stdin); i++) {
		if (i == 4) {
			char answer[256];

			ask("{\"execute\": \"qmp_capabilities\"}", answer,
			    sizeof(answer));
			fd = connect_to(argv[1]);
		}
		feed(fd, argv[i]);
	}
	return 0;
}
