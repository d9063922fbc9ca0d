/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bed of DMA controllers that are not there.  Their registers are callbacks
 * (lib/logic_iomem.c), their DMA runs in the interrupt of a timer, and their
 * interrupts are signals to user-mode Linux: all of it comes at any moment, as
 * from hardware.  What drives them are the drivers of the kernel, unchanged.
 *
 * Not modelled: caches, IOMMUs, a second processor, and addresses of a device
 * that are not those of the CPU.
 */
#ifndef BED_H
#define BED_H

#include <linux/hrtimer.h>
#include <linux/spinlock.h>
#include <linux/types.h>

/* As uml.dts has them */
#define BED_BASE	0xe0000000UL
#define BED_WINDOW	0x10000UL

/* The most that goes into memory at once */
#define BED_BURST	4096

struct bed_model;

/**
 * struct bed_ops - a kind of controller
 * @read: a register.  These are called with the lock of the model
 * @write: a register; what it starts is done by @step
 * @step: one burst, or one descriptor; false if there is nothing to do
 * @delay: what bed_delay() has asked for, or NULL
 */
struct bed_ops {
	u32 (*read)(struct bed_model *m, u32 reg);
	void (*write)(struct bed_model *m, u32 reg, u32 value);
	bool (*step)(struct bed_model *m);
	void (*delay)(struct bed_model *m);
};

/**
 * struct bed_knobs - what tests set and read, in the order of bed.c
 * @feed: bytes that the FPGA may still send, ~0 for ever
 * @packet: bytes of a packet, 0 for none
 * @fail: the transfer that begins next, or runs, fails after its first burst
 * @stuck: requests to stop are ignored
 * @eager: a transfer is done before the register write that starts it is over
 * @position: bytes sent
 * @transfers: hardware transfers that ended
 * @pace: nanoseconds from burst to burst
 */
struct bed_knobs {
	u64 feed;
	u64 packet;
	u64 fail;
	u64 stuck;
	u64 eager;
	u64 position;
	u64 transfers;
	u64 pace;
};

/**
 * struct bed_model - a controller
 * @name: of its node and its folder
 * @variant: for its ops
 * @line: of the interrupt domain
 * @lock: of all that follows; taken in register accesses, so inside the locks of
 *	the provider
 * @timer: has the next burst made
 * @delay: calls &bed_ops.delay
 * @bursts: of the transfer that runs
 * @irq: level of its line
 * @state: of its ops
 */
struct bed_model {
	const struct bed_ops *ops;
	const char *name;
	u32 variant;
	u32 line;
	spinlock_t lock; /* see above */
	struct hrtimer timer;
	struct hrtimer delay;
	struct bed_knobs knobs;
	u32 bursts;
	bool irq;
	void *state;
};

/**
 * struct bed_burst - what the FPGA sent
 * @bytes: so many are in memory now
 * @last: the last of a packet (TLAST)
 * @failed: the bus or the FPGA said that it is an error
 */
struct bed_burst {
	u32 bytes;
	bool last;
	bool failed;
};

struct bed_burst bed_send(struct bed_model *m, u64 to, u32 room);
void bed_begin(struct bed_model *m);
void bed_end(struct bed_model *m);
void bed_delay(struct bed_model *m, u64 ns);
u32 bed_get32(u64 addr);
void bed_put32(u64 addr, u32 value);

/* Variants of axidma_ops */
#define AXIDMA_SG	0x1
#define AXIDMA_MCDMA	0x2
#define AXIDMA_BITS(n)	((n) << 8)

/* of axidmac_ops */
#define AXIDMAC_SG	0x1

/* of msgdma_ops */
#define MSGDMA_RESPONSE	0x1

extern const struct bed_ops axidma_ops, axidmac_ops, msgdma_ops;

#endif
