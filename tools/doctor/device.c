// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/controller.h"
#include "doctor/device.h"
#include "doctor/files.h"
#include "doctor/providers.h"
#include "send/options.h"

#define KIB	1024

/* What the udev rule sets */
#define GROUP_MAY	(S_IRGRP | S_IWGRP)

static void user_name(char name[64])
{
	const struct passwd *user = getpwuid(geteuid());

	if (user)
		snprintf(name, 64, "%s", user->pw_name);
	else
		snprintf(name, 64, "%u", geteuid());
}

static void group_name(gid_t gid, char name[64])
{
	const struct group *group = getgrgid(gid);

	if (group)
		snprintf(name, 64, "%s", group->gr_name);
	else
		snprintf(name, 64, "%u", gid);
}

/* As the system would have it at the next login */
static bool is_member(gid_t gid, const char *user)
{
	const struct group *group = getgrgid(gid);
	char **member;

	for (member = group ? group->gr_mem : NULL; member && *member; member++)
		if (!strcmp(*member, user))
			return true;
	return false;
}

static void check_user(const struct patient *p, gid_t gid, struct findings *f)
{
	char user[64], group[64];

	user_name(user);
	group_name(gid, group);
	if (!faccessat(AT_FDCWD, p->path, R_OK | W_OK, AT_EACCESS)) {
		found(f, VERDICT_OK, "group", p->name,
		      "the group %s may use it, and so may you", group);
	} else if (is_member(gid, user)) {
		found(f, VERDICT_WRONG, "group", p->name,
		      "you are in the group %s, but were not when you logged in",
		      group);
		found_remedy(f, "log out and in again");
	} else {
		found(f, VERDICT_WRONG, "group", p->name,
		      "only the group %s may use it, and you are not in it",
		      group);
		found_remedy(f, "as root: adduser %s %s; then log in again",
			     user, group);
	}
}

static void check_group(const struct patient *p, struct findings *f)
{
	struct stat st;

	if (stat(p->path, &st)) {
		found(f, VERDICT_WRONG, "group", p->name,
		      "there is no node %s: %s", p->path, strerror(errno));
		found_remedy(f, "mount devtmpfs to %s; in a container, pass the node",
			     p->places->dev);
	} else if (!st.st_gid || (st.st_mode & GROUP_MAY) != GROUP_MAY) {
		found(f, VERDICT_WRONG, "group", p->name,
		      "no group may use it, only root");
		found_remedy(f, "install fpgabuf-tools, or udev/60-fpgabuf.rules and the group fpgabuf; then as root: udevadm trigger --action=add --subsystem-match=misc");
	} else {
		check_user(p, st.st_gid, f);
	}
}

static bool open_device(struct patient *p, struct findings *f)
{
	int err = fpgabuf_device_open(p->path, O_NONBLOCK, &p->device);
	bool denied = err == -EACCES || err == -EPERM;

	if (!err)
		err = fpgabuf_device_info(p->device, &p->info);
	if (!err)
		return true;
	found(f, denied ? VERDICT_UNKNOWN : VERDICT_WRONG, "open", p->name,
	      "its limits, memory and captures were not looked at: %s",
	      strerror(-err));
	found_remedy(f, denied ?
		     "see what the check \"group\" says, or run this as root" :
		     "look into the kernel log");
	return false;
}

/* The kernel links a device to its channel, and that to the controller. */
static void find_provider(const struct patient *p, char channel[64],
			  char driver[64])
{
	char path[PATH_SIZE];

	path_make(path, "%s/bus/platform/devices/%s/dma:rx", p->places->sys,
		  p->client->name);
	link_base(path, channel, 64);
	path_make(path, "%s/bus/platform/devices/%s/dma:rx/device/driver",
		  p->places->sys, p->client->name);
	link_base(path, driver, 64);
}

static bool is_known(const char *driver)
{
	static const char * const known[] = { PROVIDERS };
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i], driver))
			return true;
	return false;
}

static void check_provider(const struct patient *p, struct findings *f)
{
	char channel[64], driver[64];

	find_provider(p, channel, driver);
	if (!*driver) {
		found(f, VERDICT_UNKNOWN, "provider", p->name,
		      "sysfs does not say which DMA controller it captures through");
	} else if (is_known(driver)) {
		found(f, VERDICT_OK, "provider", p->name,
		      "%s of %s, which the driver knows", channel, driver);
	} else {
		found(f, VERDICT_UNKNOWN, "provider", p->name,
		      "%s of %s, which nobody has examined: the driver assumes the worst of it",
		      channel, driver);
		found_remedy(f, "it works, but gaps and short captures are not exact; send a report, so that it can be examined");
	}
}

/* Drivers before version 2 of the interface do not say. */
static void check_channel(const struct patient *p, struct findings *f)
{
	const struct fpgabuf_info *info = &p->info;

	if (!controller_is_told(info)) {
		found(f, VERDICT_UNKNOWN, "channel", p->name,
		      "the driver is too old to say what the channel can do");
		found_remedy(f, "install the driver of version %s",
			     FPGABUF_VERSION);
		return;
	}
	found(f, VERDICT_OK, "channel", p->name,
	      "gaps %s, bytes %s, packets %s; it %s be stopped",
	      controller_gaps(info) == GAPS_EXACT ? "exact" : "not known",
	      controller_can(info, FPGABUF_CAP_EXACT_BYTES) ? "exact" : "not known",
	      controller_can(info, FPGABUF_CAP_PACKETS) ? "exact" : "not known",
	      controller_can(info, FPGABUF_CAP_STOP) ? "can" : "cannot");
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Room for the regions that fpgabuf-send makes if nobody says how many */
static void check_quota(const struct patient *p, struct findings *f)
{
	const struct fpgabuf_info *info = &p->info;
	uint64_t need = SEND_REGIONS *
			controller_region_size(info, 0,
					       FPGABUF_RING_REGION_SIZE);
	uint64_t others = info->used_bytes - info->file_used_bytes;
	uint64_t left = info->limit_bytes > others ?
			info->limit_bytes - others : 0;

	left = least(left, info->file_limit_bytes);
	if (left >= need) {
		found(f, VERDICT_OK, "quota", p->name,
		      "a program may have %" PRIu64 " KiB of regions", left / KIB);
		return;
	}
	found(f, VERDICT_WRONG, "quota", p->name,
	      "a program may have %" PRIu64 " KiB of regions, but %d regions have %" PRIu64 "; others hold %" PRIu64 " KiB",
	      left / KIB, SEND_REGIONS, need / KIB, others / KIB);
	found_remedy(f, "load the driver with larger limit_mib= and file_limit_mib=, or set fpgabuf,limit-mib in the device tree; fpgabuf-info as root says who holds regions");
}

bool patient_has_memory(const struct patient *p)
{
	char path[PATH_SIZE];

	path_make(path, "%s/bus/platform/devices/%s/of_node/memory-region",
		  p->places->sys, p->client->name);
	return path_exists(path);
}

void patient_open(struct patient *p, const struct client *client,
		  struct findings *f, const struct doctor_places *places)
{
	*p = (struct patient){ .client = client, .places = places };
	snprintf(p->name, sizeof(p->name), "fpgabuf%d", client->number);
	snprintf(p->path, sizeof(p->path), "%s/%s", places->dev, p->name);
	check_group(p, f);
	check_provider(p, f);
	if (!open_device(p, f))
		return;
	check_channel(p, f);
	check_quota(p, f);
}

void patient_close(struct patient *p)
{
	fpgabuf_device_close(p->device);
	p->device = NULL;
}
