/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of providers share: the FPGA and its knobs, what a row of the
 * table is expected to be, and captures that are checked for what they claim.
 */
#ifndef GUEST_PROVIDER_BED_H
#define GUEST_PROVIDER_BED_H

#include "bed.h"

#define SIZE		(64 * KIB)
#define QUEUED		8
#define ENDLESS		UINT64_MAX

/* A packet that is shorter than a capture, and no round number */
#define SHORT		8008

/* In this order, wherever they are */
enum knob {
	RESET, FEED, PACKET, FAIL, STUCK, EAGER, POSITION, TRANSFERS, PACE, KNOBS
};

/**
 * enum packets - what a packet that is shorter than the capture does
 * @EXACT: ends it, and is told how long it was
 * @UNKNOWN: ends it, and nobody tells how long it was
 * @IGNORED: nothing
 */
enum packets { EXACT, UNKNOWN, IGNORED };

/**
 * enum failure - what an error of the FPGA or the bus does
 * @TOLD: ends the capture, with an error or at least without a byte
 * @STOPS: likewise, and the controller then stands still until its driver is
 *	bound again
 * @UNNOTICED: nothing: the controller knows no errors
 */
enum failure { TOLD, STOPS, UNNOTICED };

/**
 * struct provider - a row of the table
 * @name: in PROVIDER
 * @title: in the table
 * @device: the FPGA's
 * @stops: the channel can be stopped
 * @stuck: that it has not stopped can be found out
 * @one: it must have one transfer at a time
 */
struct provider {
	const char *name;
	const char *title;
	const char *device;
	enum packets packets;
	enum failure failure;
	bool stops;
	bool stuck;
	bool one;
};

extern const struct provider *provider;

int provider_load(void);
int provider_open(void);
uint64_t provider_length(int dev);
void provider_bind(const char *what, const char *device, const char *driver);
void provider_of(char *device, char *driver, size_t size);
bool provider_there(void);

void bed_set(enum knob knob, uint64_t value);
uint64_t bed_get(enum knob knob);
void bed_restart(uint64_t packet, uint64_t feed);

void table(const char *column, const char *value);

/**
 * struct slot - a region and its mapping
 */
struct slot {
	int fd;
	uint8_t *mem;
	uint64_t size;
};

struct slot slot_make(int dev, uint64_t size);
void slot_free(struct slot *slot);
void slots_make(int dev, struct slot *slots, int n);
void slots_free(struct slot *slots, int n);
void slot_poison(const struct slot *slot);
bool slot_is_poison(const struct slot *slot);
int slot_queue(int dev, const struct slot *slot, uint64_t length,
	       uint64_t cookie, unsigned int timeout_ms);
uint64_t slot_begin(const struct slot *slot);
void slot_check(const struct slot *slot, const struct fpgabuf_dequeue *done);
void slot_wait_free(int dev, const struct slot *slot);
void captures_right(int dev, int captures);

/* provider-faults.c */
void provider_stalled(void);
void provider_cancel(void);
void provider_error(void);
void provider_rebind(void);
void provider_unbind(void);
void provider_stuck(void);

#endif
