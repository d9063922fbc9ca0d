/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf-user - a DMA channel whose hardware is a program
 *
 *	main.c     platform devices, and the doors
 *	channel.c  the dmaengine provider: what a client calls
 *	transfer.c transfers, piece by piece: what the program does with them
 *	node.c     the device node: the program's side of the door
 *
 * A transfer is
 *
 *	state		in list		leaves it by
 *	-		submitted	issue, terminate
 *	WAITING		issued		its turn, terminate
 *	GIVEN		issued		DONE, QUIET, terminate
 *	STOPPING	stopped		DONE, QUIET, nobody waits any longer
 *	ABANDONED	stopped		DONE, QUIET
 *
 * From GIVEN on the program's master may write to the memory.  Whatever becomes
 * of the client, and of the program, we hold the pages until a program says that
 * it does not.
 */
#ifndef FPGABUF_USER_H
#define FPGABUF_USER_H

#include <linux/dmaengine.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>

struct fpgabuf_user_command;
struct fpgabuf_user_event;
struct platform_device;

enum user_state {
	USER_WAITING,
	USER_GIVEN,
	USER_STOPPING,
	USER_ABANDONED,
};

/**
 * struct user_segment - memory that is contiguous for the master
 * @addr: address on its bus
 * @phys: the CPU's
 * @size: bytes
 */
struct user_segment {
	dma_addr_t addr;
	phys_addr_t phys;
	u32 size;
};

/**
 * struct user_transfer - a transfer
 * @tx: dmaengine's part
 * @node: in one of the lists of the door
 * @state: see the head of this file
 * @id: number of the piece that was given; 0 while waiting
 * @told: the program has read of its state
 * @inherited: an earlier program was told to start it
 * @held: bytes of its pages that we have references to; under &user_door.busy
 * @direct: the master writes to the memory itself, not to bounce buffers
 * @size: bytes in all
 * @done: bytes of the pieces that have ended
 * @progress: bytes of the piece that was given
 * @segment: the piece that is given, or will be next
 * @nr_segments: how many
 * @segments: where to write
 *
 * What changes does so under &user_door.lock; @segment, @done and the end of a
 * GIVEN one also under &user_door.busy.
 */
struct user_transfer {
	struct dma_async_tx_descriptor tx;
	struct list_head node;
	enum user_state state;
	u64 id;
	bool told;
	bool inherited;
	u32 held;
	bool direct;
	u32 size;
	u32 done;
	u32 progress;
	unsigned int segment;
	unsigned int nr_segments;
	struct user_segment segments[];
};

/**
 * struct user_door - what is between a channel and a program
 * @node: in the list of doors
 * @owner: name of the channel's device
 * @id: number in @name
 * @name: of the device node
 * @misc: the device node
 * @lock: guards what follows, and cookies; taken in atomic context
 * @channel: the channel, or NULL while its device is not bound
 * @submitted: transfers submitted and not issued
 * @issued: transfers to work on, oldest first; those given come first
 * @stopped: transfers that nobody wants, and the master may be at work on
 * @last_id: number of the piece that was given last
 * @opened: a program has the node open
 * @depth: how many pieces it takes at a time; 0 before HELLO
 * @node_only: it has no master
 * @busy: held by whoever starts or ends a piece, writes to memory or calls back.
 *	No memory is allocated and no page fault taken below it: fences wait for it
 * @wait: for events, and for the end of what was stopped
 * @writing: held by whoever uses @buffer; taken before @busy
 * @buffer: of DATA; NULL if the channel is not for simulators
 *
 * It stays, with its node, until the module goes: somebody has to be able to say
 * that the master of a program that died is quiet, also when the channel's
 * device is not bound any more.  Bound again, it has the same door.
 */
struct user_door {
	struct list_head node;
	char owner[40];
	int id;
	char name[24];
	struct miscdevice misc;

	spinlock_t lock; /* the lists, transfers, the program, cookies */
	struct user_channel *channel;
	struct list_head submitted;
	struct list_head issued;
	struct list_head stopped;
	u64 last_id;
	bool opened;
	u32 depth;
	bool node_only;

	struct mutex busy; /* pieces, memory, callbacks */
	wait_queue_head_t wait;
	struct mutex writing; /* the buffer */
	void *buffer;
};

/**
 * struct user_channel - the dmaengine provider of a device that is bound
 * @dma: dmaengine's; its release frees all of this
 * @chan: its only channel
 * @door: the way to the program
 * @map: connects @client's "rx" with @chan; without a device tree
 * @client_name: name of the client
 * @client: platform device that fpgabuf binds to; NULL if the device tree has it
 */
struct user_channel {
	struct dma_device dma;
	struct dma_chan chan;
	struct user_door *door;
	struct dma_slave_map map;
	char client_name[24];
	struct platform_device *client;
};

/* main.c */
extern bool user_simulator;

/* channel.c */
int user_channel_register(struct user_channel *channel, struct device *dev,
			  u32 alignment);
void user_channel_unregister(struct user_channel *channel);

/* transfer.c */
bool user_transfer_event(struct user_door *door,
			 struct fpgabuf_user_event *event);
void user_transfer_untell(struct user_door *door, u64 id);
bool user_transfer_pending(struct user_door *door);
int user_transfer_done(struct user_door *door,
		       const struct fpgabuf_user_command *command);
int user_transfer_progress(struct user_door *door,
			   const struct fpgabuf_user_command *command);
int user_transfer_data(struct user_door *door,
		       const struct fpgabuf_user_command *command,
		       size_t size);
void user_transfer_quiet(struct user_door *door);
void user_transfer_inherit(struct user_door *door);
void user_transfer_take_back(struct user_door *door);

/* node.c */
int user_node_register(struct user_door *door);
void user_node_unregister(struct user_door *door);

#endif /* FPGABUF_USER_H */
