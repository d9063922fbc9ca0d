// SPDX-License-Identifier: GPL-2.0-only
/*
 * user-master NODE <FILE
 *
 * The hardware of a channel of fpgabuf-user: captures get the bytes of the file.  It
 * needs the module's parameter simulator=1.  For a master of your own, change fill()
 * to write address and length to its registers and to wait for its interrupt, stop
 * it at STOP, and leave out NODE_ONLY and DATA.
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/fpgabuf_user.h>

static int node;
static struct {
	struct fpgabuf_user_command command;
	char bytes[FPGABUF_USER_MAX_DATA];
} data;

static void say(const void *command, size_t size)
{
	if (write(node, command, size) != (ssize_t)size)
		err(1, "write to the node");
}

/* Returns how many bytes came; fewer than asked for at the end of the file. */
static __u32 fill(const struct fpgabuf_user_event *piece)
{
	__u32 done = 0, most;
	ssize_t n;

	do {
		most = piece->length - done;
		if (most > sizeof(data.bytes))
			most = sizeof(data.bytes);
		n = read(0, data.bytes, most);
		if (n <= 0)
			break;
		data.command.type = FPGABUF_USER_DATA;
		data.command.id = piece->id;
		data.command.value = done;
		say(&data, sizeof(data.command) + n);
		done += n;
	} while (done < piece->length);
	return done;
}

int main(int argc, char **argv)
{
	struct fpgabuf_user_command hello = { .type = FPGABUF_USER_HELLO,
		.flags = FPGABUF_USER_NODE_ONLY, .value = 1 };
	struct fpgabuf_user_command done = { .type = FPGABUF_USER_DONE };
	struct fpgabuf_user_event piece;

	node = open(argc == 2 ? argv[1] : "/dev/fpgabuf-user0", O_RDWR);
	if (node < 0)
		err(1, "open the node");
	say(&hello, sizeof(hello));
	while (read(node, &piece, sizeof(piece)) == sizeof(piece)) {
		done.id = piece.id;
		done.value = piece.type == FPGABUF_USER_START ? fill(&piece) : 0;
		say(&done, sizeof(done));
		if (piece.type == FPGABUF_USER_START && done.value < piece.length)
			exit(0);
	}
	err(1, "read from the node");
}
