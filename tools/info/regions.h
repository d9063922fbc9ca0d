/* SPDX-License-Identifier: GPL-2.0-only */
/* Regions, their properties, and the processes that hold them. */
#ifndef FPGABUF_INFO_REGIONS_H
#define FPGABUF_INFO_REGIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The region belongs to no device that is shown */
#define NO_DEVICE	(-1)

/**
 * struct owner - a process that holds a region
 * @pid: the process
 * @name: its command, as the kernel has it
 * @descriptors: number of its descriptors of the region
 * @mapped: bytes of the region that it has mapped
 */
struct owner {
	pid_t pid;
	char name[32];
	unsigned int descriptors;
	uint64_t mapped;
};

/**
 * struct importer - a device that is attached to a region
 * @name: as the kernel has it
 */
struct importer {
	char name[64];
};

/**
 * struct region - a region
 * @inode: of its dma-buf; two regions never have the same
 * @size: bytes
 * @device: index of its device, or %NO_DEVICE
 * @described: the driver has reported the members after this, up to @locked
 * @backend: where its memory comes from
 * @chunks: pieces of it
 * @state: idle, queued or done
 * @locked: it was just being mapped or queued, so the next three are not known
 * @importers: mappings by other devices
 * @mappings: mapped pages
 * @in_use: foreign references of its pages: network, pipes, disks
 * @asked: the driver was asked for @standing
 * @standing: pins of its baseline that are there
 * @refs: references of its dma-buf, from user space and the kernel; 0 = unknown
 * @attached: devices that are attached to it, as far as the dma-buf core shows them
 * @attached_count: how many
 * @holder: a process that has a descriptor of it, or 0
 * @holder_fd: this descriptor
 * @owners: processes that hold it, as far as they can be seen
 * @owner_count: how many
 */
struct region {
	uint64_t inode;
	uint64_t size;
	int device;
	bool described;
	char backend[24];
	unsigned int chunks;
	char state[16];
	bool locked;
	unsigned int importers;
	uint64_t mappings;
	uint64_t in_use;
	bool asked;
	uint64_t standing;
	uint64_t refs;
	struct importer *attached;
	size_t attached_count;
	pid_t holder;
	int holder_fd;
	struct owner *owners;
	size_t owner_count;
};

/**
 * struct regions - all of them
 * @list: the regions
 * @count: how many
 */
struct regions {
	struct region *list;
	size_t count;
};

void regions_free(struct regions *regions);

/* The region with this inode number, or a new one; NULL: out of memory. */
struct region *regions_get(struct regions *regions, uint64_t inode);

/* The process as an owner of the region, known or new; NULL: out of memory. */
struct owner *region_owner(struct region *region, pid_t pid, const char *name);

/* Adds a device that is attached; -ENOMEM. */
int region_attach(struct region *region, const char *name);

/*
 * Bytes of the region if something else reads or writes its pages, so that it cannot
 * be queued; else 0.  Importers of a region that is queued have let go of it.
 */
uint64_t region_in_flight(const struct region *region);

#endif /* FPGABUF_INFO_REGIONS_H */
