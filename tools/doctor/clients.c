// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "doctor/clients.h"
#include "doctor/files.h"
#include "doctor/reason.h"
#include "doctor/tree.h"

#define DRIVER	"fpgabuf"

/* Is the module installed for this kernel?  modules.dep names all that are. */
static bool is_installed(const struct doctor_places *places,
			 const char *release)
{
	char path[PATH_SIZE], *line = NULL;
	bool installed = false;
	size_t size = 0;
	FILE *f;

	path_make(path, "%s/%s/modules.dep", places->modules, release);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (!installed && getline(&line, &size, f) > 0) {
		line[strcspn(line, ":")] = '\0';
		installed = strstr(line, "/" DRIVER ".ko");
	}
	free(line);
	fclose(f);
	return installed;
}

static void check_module(struct clients *clients, struct findings *f,
			 const struct doctor_places *places)
{
	struct utsname kernel;
	char path[PATH_SIZE];

	uname(&kernel);
	path_make(path, "%s/bus/platform/drivers/" DRIVER, places->sys);
	clients->loaded = path_exists(path);
	if (clients->loaded) {
		found(f, VERDICT_OK, "module", "",
		      "the driver is loaded, on Linux %s", kernel.release);
	} else if (is_installed(places, kernel.release)) {
		found(f, VERDICT_WRONG, "module", "",
		      "the driver is installed for Linux %s, but not loaded",
		      kernel.release);
		found_remedy(f, "modprobe fpgabuf; udev does that if the device tree has a node for it");
	} else {
		found(f, VERDICT_WRONG, "module", "",
		      "the driver is neither loaded, nor installed for Linux %s",
		      kernel.release);
		found_remedy(f, "install fpgabuf-dkms and the headers of this kernel, or run `make modules_install`; then modprobe fpgabuf");
	}
}

/**
 * struct search - devices that are looked for
 * @clients: where they go
 * @places: where to look
 * @more: there were too many
 */
struct search {
	struct clients *clients;
	const struct doctor_places *places;
	bool more;
};

static void device_file(char path[PATH_SIZE], const struct search *s,
			const char *device, const char *file)
{
	path_make(path, "%s/bus/platform/devices/%s/%s", s->places->sys, device,
		  file);
}

/* By its name, by the device tree, or because somebody has said so */
static bool is_for_us(const struct search *s, const char *device)
{
	char path[PATH_SIZE], text[1024];

	device_file(path, s, device, "modalias");
	if (!file_line(path, text, sizeof(text)) &&
	    (!strcmp(text, "platform:" DRIVER) || strstr(text, "C" COMPATIBLE)))
		return true;
	device_file(path, s, device, "driver_override");
	return !file_line(path, text, sizeof(text)) && !strcmp(text, DRIVER);
}

static void take_node(void *arg, const char *name)
{
	struct client *client = arg;

	sscanf(name, DRIVER "%d", &client->number);
}

static void take_device(void *arg, const char *name)
{
	struct search *s = arg;
	struct client *client;
	char path[PATH_SIZE];

	if (!is_for_us(s, name))
		return;
	if (s->clients->count == MAX_CLIENTS) {
		s->more = true;
		return;
	}
	client = &s->clients->list[s->clients->count++];
	*client = (struct client){ .number = -1 };
	snprintf(client->name, sizeof(client->name), "%s", name);
	device_file(path, s, name, "driver");
	link_base(path, client->driver, sizeof(client->driver));
	device_file(path, s, name, "misc");
	for_each_name(path, take_node, client);
}

static void explain_none(struct findings *f, const struct doctor_places *places)
{
	found(f, VERDICT_WRONG, "node", "",
	      "nothing on this machine is for the driver");
	if (tree_exists(places))
		found_remedy(f, "add a node with compatible = \"" COMPATIBLE "\" to the device tree; to try it without an FPGA, modprobe fpgabuf-sim");
	else
		found_remedy(f, "for a PCIe card, modprobe fpgabuf-xdma and write its ID to /sys/bus/pci/drivers/fpgabuf-xdma/new_id; to try it without an FPGA, modprobe fpgabuf-sim");
}

static void check_unbound(const struct client *client, struct findings *f,
			  const struct clients *clients,
			  const struct doctor_places *places)
{
	if (clients->loaded) {
		reason_find(client->name, f, places);
		return;
	}
	found(f, VERDICT_UNKNOWN, "driver", client->name,
	      "nothing can be bound before the driver is loaded");
}

static void check_driver(const struct client *client, struct findings *f,
			 const struct clients *clients,
			 const struct doctor_places *places)
{
	if (!*client->driver) {
		check_unbound(client, f, clients, places);
	} else if (strcmp(client->driver, DRIVER)) {
		found(f, VERDICT_WRONG, "driver", client->name,
		      "it is bound to another driver, %s", client->driver);
		found_remedy(f, "echo %s >/sys/bus/platform/drivers/%s/unbind, and then >/sys/bus/platform/drivers/" DRIVER "/bind; look for who wrote its driver_override, or for a more general compatible of the node",
			     client->name, client->driver);
	} else {
		found(f, VERDICT_OK, "driver", client->name,
		      "it is bound, and is " DRIVER "%d", client->number);
	}
}

static int compare(const void *a, const void *b)
{
	const struct client *one = a, *two = b;

	return strcmp(one->name, two->name);
}

void clients_check(struct clients *clients, struct findings *f,
		   const struct doctor_places *places)
{
	struct search search = { .clients = clients, .places = places };
	char path[PATH_SIZE];
	unsigned int i, nodes;

	clients->count = 0;
	check_module(clients, f, places);
	path_make(path, "%s/bus/platform/devices", places->sys);
	for_each_name(path, take_device, &search);
	qsort(clients->list, clients->count, sizeof(*clients->list), compare);
	nodes = tree_check(f, places);
	if (!clients->count && !nodes)
		explain_none(f, places);
	for (i = 0; i < clients->count; i++)
		check_driver(&clients->list[i], f, clients, places);
	if (search.more)
		found(f, VERDICT_UNKNOWN, "driver", "",
		      "there are more devices than %d, which were not looked at",
		      MAX_CLIENTS);
}
