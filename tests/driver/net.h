/* SPDX-License-Identifier: GPL-2.0-only */
/* What the guest tests share about the network. */
#ifndef GUEST_NET_H
#define GUEST_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* net.c: a TCP connection over the wired pair of NICs */
int net_listen(char *address, size_t size);
int net_accept(int listener);
void net_connect(int *tx, int *rx);
int net_completions(int tx, unsigned int sends, unsigned int *copied,
		    int timeout_ms);
void net_wait_for_peer(void);
struct reader;
struct reader *reader_start(int fd, size_t size);
const void *reader_wait(struct reader *reader, size_t *size);
void reader_free(struct reader *reader);
ssize_t send_zerocopy(int tx, const void *mem, size_t size);
void net_scatter_gather(bool on);

/* a capture sent to a peer that does not read */
struct stalled {
	int dev, fd, tx, rx;
	size_t size;
	uint8_t *mem;
};

struct stalled stalled_send(int dev, size_t size);
void stalled_read(struct stalled *st);

/* region-check.c */
void region_check(int dev, int fd, size_t size);

/* tools.c: fpgabuf-send, which becomes somebody else by before() */
struct send_tool {
	char *bytes, *region_size, *regions, *engine;
	void (*before)(void);
};

pid_t send_tool_start(const struct send_tool *tool, char *address);
unsigned long long send_tool_count(const char *key);
unsigned long long report_count(const char *path, const char *key);
void main_job(const struct send_tool *tool);

#endif /* GUEST_NET_H */
