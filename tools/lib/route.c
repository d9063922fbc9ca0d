// SPDX-License-Identifier: LGPL-2.1-or-later
/* Obstacles to zero-copy on the route to a peer, as far as they are visible. */
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "sender.h"

/* An address without its port; IPv4 as mapped IPv6. */
static bool address_of(const struct sockaddr *sa, struct in6_addr *addr)
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	if (sa->sa_family == AF_INET6) {
		memcpy(&v6, sa, sizeof(v6));
		*addr = v6.sin6_addr;
		return true;
	}
	if (sa->sa_family != AF_INET)
		return false;
	memcpy(&v4, sa, sizeof(v4));
	memset(addr, 0, sizeof(*addr));
	addr->s6_addr[10] = 0xff;
	addr->s6_addr[11] = 0xff;
	memcpy(&addr->s6_addr[12], &v4.sin_addr, sizeof(v4.sin_addr));
	return true;
}

/**
 * struct interface - an interface of this machine
 * @name: its name
 * @loopback: it is loopback
 */
struct interface {
	char name[IFNAMSIZ];
	bool loopback;
};

/* The interface with the address; false: there is none. */
static bool interface_of(const struct in6_addr *addr,
			 struct interface *interface)
{
	struct ifaddrs *list, *i;
	struct in6_addr own;
	bool found = false;

	if (getifaddrs(&list))
		return false;
	for (i = list; i && !found; i = i->ifa_next) {
		if (!i->ifa_addr || !address_of(i->ifa_addr, &own) ||
		    memcmp(&own, addr, sizeof(own)))
			continue;
		snprintf(interface->name, IFNAMSIZ, "%s", i->ifa_name);
		interface->loopback = i->ifa_flags & IFF_LOOPBACK;
		found = true;
	}
	freeifaddrs(list);
	return found;
}

static bool ethtool(int fd, const char *name, void *command)
{
	struct ifreq request = { .ifr_data = command };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return !ioctl(fd, SIOCETHTOOL, &request);
}

/* A feature that cannot be queried is assumed to be there. */
static bool lacks(int fd, const char *name, uint32_t command)
{
	struct ethtool_value value = { .cmd = command };

	return ethtool(fd, name, &value) && !value.data;
}

static bool is_virtual(int fd, const char *name)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	return ethtool(fd, name, &info) &&
	       (!strcmp(info.driver, "veth") || !strcmp(info.driver, "tun"));
}

void fpgabuf_interface_obstacle(int fd, const char *name, char *text,
				size_t size)
{
	*text = '\0';
	if (is_virtual(fd, name))
		snprintf(text, size, "%s is a virtual network, which copies",
			 name);
	else if (lacks(fd, name, ETHTOOL_GSG))
		snprintf(text, size, "%s has no scatter-gather", name);
	else if (lacks(fd, name, ETHTOOL_GTXCSUM))
		snprintf(text, size, "%s does not compute checksums", name);
}

void fpgabuf_sender_obstacle_of(int sockfd, char *text, size_t size)
{
	union {
		struct sockaddr sa;
		struct sockaddr_storage storage;
	} own = { 0 }, peer = { 0 };
	socklen_t own_len = sizeof(own), peer_len = sizeof(peer);
	struct in6_addr own_addr, peer_addr;
	struct interface interface;
	bool here;

	*text = '\0';
	if (getsockname(sockfd, &own.sa, &own_len) ||
	    getpeername(sockfd, &peer.sa, &peer_len))
		return;
	if (own.sa.sa_family == AF_UNIX)
		snprintf(text, size, "a Unix socket has no zero-copy");
	if (!address_of(&own.sa, &own_addr) ||
	    !address_of(&peer.sa, &peer_addr))
		return;
	here = !memcmp(&own_addr, &peer_addr, sizeof(own_addr)) ||
	       interface_of(&peer_addr, &interface);
	/* No interface has 127.0.0.2, but it is reached from 127.0.0.1. */
	if (!here && !interface_of(&own_addr, &interface))
		return;
	if (here || interface.loopback)
		snprintf(text, size,
			 "the peer is on this machine, and loopback copies");
	else
		fpgabuf_interface_obstacle(sockfd, interface.name, text, size);
}
