/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices and regions, as they are at a moment. */
#ifndef FPGABUF_INFO_SNAPSHOT_H
#define FPGABUF_INFO_SNAPSHOT_H

#include <stdint.h>

#include <fpgabuf/fpgabuf.h>

#include "info/places.h"
#include "info/regions.h"

/**
 * struct device_state - a device
 * @path: its node
 * @info: the result of INFO
 * @debug_error: why debugfs could not be read; 0 = it was read
 * @synced_for_cpu: bytes that were synced for the CPU, from debugfs
 * @synced_for_device: the same for the device
 */
struct device_state {
	char path[64];
	struct fpgabuf_info info;
	int debug_error;
	uint64_t synced_for_cpu;
	uint64_t synced_for_device;
};

/**
 * struct snapshot - the moment
 * @ns: CLOCK_MONOTONIC
 * @devices: the devices
 * @device_count: how many
 * @regions: the regions, also regions of other devices
 * @hidden: number of processes that could not be read
 */
struct snapshot {
	int64_t ns;
	struct device_state *devices;
	unsigned int device_count;
	struct regions regions;
	unsigned int hidden;
};

/*
 * Reads the devices with these nodes, or all devices if @count is 0.  Returns 0, or -1
 * after a message.
 */
int snapshot_take(struct snapshot *snapshot, const struct places *places,
		  char *const paths[], unsigned int count);
void snapshot_free(struct snapshot *snapshot);

#endif /* FPGABUF_INFO_SNAPSHOT_H */
