/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_SHARE_OPTIONS_H
#define FPGABUF_SHARE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MAX_CLIENTS	256U
#define MAX_USERS	32U

/*
 * Regions that clients never get: the FPGA writes to one, and the next one is queued.
 */
#define RESERVED_REGIONS	2U

/**
 * struct share_rights - who is served
 * @users: these users
 * @user_count: how many there are
 * @group: and the members of this group
 * @has_group: there is such a group
 */
struct share_rights {
	uid_t users[MAX_USERS];
	unsigned int user_count;
	gid_t group;
	bool has_group;
};

/**
 * struct share_options - the command line
 * @path: socket to make, or NULL: systemd has passed one
 * @device: path of the device
 * @region_size: bytes of a region, 0 for the usual
 * @regions: number of regions
 * @credits: most captures that a client may hold
 * @clients: most clients at a time
 * @wait: clients that must be there before the first capture
 * @rights: who is served
 * @mode: permissions of the socket
 * @has_mode: they were given
 * @stats_s: seconds between statistics, or 0
 * @stats_file: where they go for Prometheus, or NULL
 * @json: print the summary as JSON
 * @progress: show progress even if stderr is not a terminal
 * @quiet: no progress, no summary for people
 * @verbose: report each step
 */
struct share_options {
	const char *path;
	const char *device;
	uint64_t region_size;
	uint64_t regions;
	uint64_t credits;
	uint64_t clients;
	uint64_t wait;
	struct share_rights rights;
	mode_t mode;
	bool has_mode;
	uint64_t stats_s;
	const char *stats_file;
	bool json;
	bool progress;
	bool quiet;
	bool verbose;
};

/*
 * Reads the command line.  Returns -1 to go on, or the exit code if nothing is left
 * to do (--help, bad usage).
 */
int share_options_parse(int argc, char **argv, struct share_options *options);

#endif /* FPGABUF_SHARE_OPTIONS_H */
