/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - what the KUnit suites share: a device whose channel is a fake
 *
 * The channel does nothing by itself.  A test says when a transfer ends, and
 * how, and can have something happen in the middle of a call of the driver.
 */
#ifndef FPGABUF_KUNIT_BED_H
#define FPGABUF_KUNIT_BED_H

#include <kunit/test.h>
#include <linux/dmaengine.h>
#include <linux/list.h>
#include <linux/platform_device.h>
#include <linux/spinlock.h>

#include "capture.h"
#include "memory.h"
#include "region.h"

#define BED_ALIGNMENT	8

/* How often a channel is terminated to be stopped once */
#define BED_STOPS	2

/**
 * struct bed_transfer - a descriptor of the fake channel
 * @tx: dmaengine's part
 * @node: in &bed.submitted or &bed.issued
 * @addr: where it begins
 * @size: bytes in all
 * @done: bytes that "arrived", for the residue
 */
struct bed_transfer {
	struct dma_async_tx_descriptor tx;
	struct list_head node;
	dma_addr_t addr;
	u32 size;
	u32 done;
};

/**
 * struct bed - a device under test
 * @memory: its memory
 * @stream: its stream
 * @file: an open file of it
 * @pdev: the platform device of the provider
 * @dma: the provider
 * @chan: its channel
 * @chan_dev: the channel's device, without properties
 * @lock: guards the lists
 * @submitted: transfers handed in and not issued
 * @issued: transfers the channel works on, the first is running
 * @stops: how often it was terminated
 * @issues: how often issue_pending was called
 * @refuse_stop: this many of the next calls to terminate return an error
 * @failed: the running transfer has met an error, which only its status shows
 * @fail_prep: this many of the next transfers cannot be prepared
 * @fail_submit: this many of the next transfers cannot be submitted
 * @at_submit: called by submit, when the channel has the transfer
 * @before_issue: called by issue_pending before the channel sees the transfers
 * @after_issue: and when it has seen them
 * @after_status: called by tx_status when the answer is made
 * @before_stop: called by terminate_all before the transfers go
 *
 * The hooks run once, with no lock held.
 */
struct bed {
	struct fpgabuf_memory memory;
	struct fpgabuf_stream stream;
	struct fpgabuf_file *file;
	struct platform_device *pdev;
	struct dma_device dma;
	struct dma_chan chan;
	struct dma_chan_dev chan_dev;
	spinlock_t lock; /* the lists */
	struct list_head submitted;
	struct list_head issued;
	unsigned int stops;
	unsigned int issues;
	unsigned int refuse_stop;
	bool failed;
	unsigned int fail_prep;
	unsigned int fail_submit;
	void (*at_submit)(struct bed *bed);
	void (*before_issue)(struct bed *bed);
	void (*after_issue)(struct bed *bed);
	void (*after_status)(struct bed *bed);
	void (*before_stop)(struct bed *bed);
};

/* For a suite: test->priv is the bed. */
int bed_init(struct kunit *test);
void bed_exit(struct kunit *test);

struct fpgabuf_file *bed_open(struct kunit *test);
struct fpgabuf_target *bed_region(struct kunit *test, size_t size, u32 flags);
int bed_queue(struct fpgabuf_file *file, struct fpgabuf_target *region,
	      const struct fpgabuf_queue *queue);

/* Gives the channel another provider, with its properties. */
void bed_provider(struct bed *bed, const char *driver);

/* The transfer at this place in the list of issued ones, or NULL. */
struct bed_transfer *bed_transfer(struct bed *bed, unsigned int n);

/* The first transfer ends after this many bytes. */
void bed_complete(struct bed *bed, u32 bytes, enum dmaengine_tx_result result);

#endif /* FPGABUF_KUNIT_BED_H */
