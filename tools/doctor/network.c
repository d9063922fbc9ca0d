// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>

#include "common/memlock.h"
#include "doctor/files.h"
#include "doctor/network.h"
#include "lib/sender.h"

#define KIB		1024

/* Of a send the kernel counts its pages, and two more. */
#define MORE_PAGES	2

/* Fits into the smallest socket buffers; worth to be pinned */
#define PROBE_SIZE	(32 * KIB)
#define PROBE_MS	30000

static void check_memlock(struct findings *f)
{
	const uint64_t need = FPGABUF_RING_REGION_SIZE +
			      MORE_PAGES * sysconf(_SC_PAGESIZE);
	uint64_t limit = memlock_limit();

	if (limit == MEMLOCK_NO_LIMIT) {
		found(f, VERDICT_OK, "memlock", "",
		      "you may lock any amount of memory");
	} else if (limit >= need) {
		found(f, VERDICT_OK, "memlock", "",
		      "you may lock %" PRIu64 " KiB of memory", limit / KIB);
	} else {
		found(f, VERDICT_WRONG, "memlock", "",
		      "you may lock %" PRIu64 " KiB of memory, and a region to send without a copy has %" PRIu64,
		      limit / KIB, need / KIB);
		found_remedy(f, "raise it: LimitMEMLOCK= of a unit of systemd, `ulimit -l`, or memlock in /etc/security/limits.conf");
	}
}

/* Two ends of a connection over loopback.  0 or a negative errno. */
static int connect_pair(int fds[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), err = 0;

	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fds[1] = -1;
	if (listener < 0 || fds[0] < 0 ||
	    bind(listener, (struct sockaddr *)&addr, len) ||
	    listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&addr, &len) ||
	    connect(fds[0], (struct sockaddr *)&addr, len))
		err = -errno;
	else
		fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (!err && fds[1] < 0)
		err = -errno;
	if (listener >= 0)
		close(listener);
	return err;
}

static void close_pair(const int fds[2])
{
	if (fds[0] >= 0)
		close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
}

static int send_probe(int fd, const void *data,
		      struct fpgabuf_sender_stats *stats)
{
	struct fpgabuf_sender *sender;
	int err;

	err = fpgabuf_sender_create(fd, FPGABUF_ENGINE_ZEROCOPY, 1, &sender);
	if (err)
		return err;
	err = fpgabuf_sender_submit(sender, data, PROBE_SIZE, 0);
	if (!err)
		err = fpgabuf_sender_drain(sender, PROBE_MS);
	fpgabuf_sender_stats(sender, stats);
	fpgabuf_sender_destroy(sender);
	return err;
}

static int probe(struct fpgabuf_sender_stats *stats)
{
	void *data = calloc(1, PROBE_SIZE);
	int fds[2] = { -1, -1 }, err;

	if (!data)
		return -ENOMEM;
	err = connect_pair(fds);
	if (!err)
		err = send_probe(fds[0], data, stats);
	close_pair(fds);
	free(data);
	return err;
}

/* Loopback copies, but reports what it does like any network. */
static void check_zerocopy(struct findings *f)
{
	struct fpgabuf_sender_stats stats = { 0 };
	int err = probe(&stats);

	if (err) {
		found(f, VERDICT_WRONG, "zerocopy", "",
		      "a send with MSG_ZEROCOPY over loopback fails: %s",
		      strerror(-err));
		found_remedy(f, err == -EOPNOTSUPP ?
			     "the kernel is too old, or a sandbox (gVisor, say) stands for it" :
			     "is loopback up (`ip link show lo`)? does a firewall keep it from itself?");
	} else if (stats.fallback_copies || stats.completions < 1) {
		found(f, VERDICT_WRONG, "zerocopy", "",
		      "the kernel refuses to pin %d KiB for MSG_ZEROCOPY, so they are copied",
		      PROBE_SIZE / KIB);
		found_remedy(f, "raise the limit of locked memory (see the check \"memlock\"), and look at net.core.optmem_max");
	} else {
		found(f, VERDICT_OK, "zerocopy", "",
		      "the kernel has reported a send with MSG_ZEROCOPY, over loopback");
	}
}

static void check_card(int fd, const char *name, struct findings *f)
{
	char obstacle[128];

	fpgabuf_interface_obstacle(fd, name, obstacle, sizeof(obstacle));
	if (!*obstacle) {
		found(f, VERDICT_OK, "nic", name,
		      "it has scatter-gather, and computes checksums");
		return;
	}
	found(f, VERDICT_WRONG, "nic", name,
	      "what is sent without a copy is copied for it after all: %s",
	      obstacle);
	found_remedy(f, "ethtool -K %s sg on tx on; if `ethtool -k` says \"fixed\", use another card, or --engine copy",
		     name);
}

/* A card is behind a virtual interface, too, but its features are its own. */
static bool is_card(const struct ifaddrs *i, const struct doctor_places *places)
{
	char path[PATH_SIZE];

	path_make(path, "%s/class/net/%s/device", places->sys, i->ifa_name);
	return i->ifa_flags & IFF_UP && i->ifa_addr &&
	       i->ifa_addr->sa_family == AF_PACKET && path_exists(path);
}

/* Each interface has one address of AF_PACKET. */
static void check_cards(struct findings *f, const struct doctor_places *places)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifaddrs *list = NULL, *i;
	unsigned int cards = 0;

	if (fd >= 0 && !getifaddrs(&list)) {
		for (i = list; i; i = i->ifa_next) {
			if (!is_card(i, places))
				continue;
			check_card(fd, i->ifa_name, f);
			cards++;
		}
		freeifaddrs(list);
	}
	if (fd >= 0)
		close(fd);
	if (cards)
		return;
	found(f, VERDICT_UNKNOWN, "nic", "", "no network card is up");
	found_remedy(f, "`ip link` shows them; run this again with the one that you send by");
}

void network_check(struct findings *f, const struct doctor_places *places)
{
	check_memlock(f);
	check_zerocopy(f);
	check_cards(f, places);
}
