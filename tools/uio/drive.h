/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drives a master: from events of the channel to steps, and from what registers say
 * to answers.
 *
 * RUNNING   pieces are begun in order, and told of when they have ended
 * STOPPING  the stop steps were done; nothing is begun before the master is quiet
 *
 * What was stopped is answered when the description says that the master is quiet,
 * and not before: until then it may write.  After that it begins anew, with init.
 */
#ifndef FPGABUF_UIO_DRIVE_H
#define FPGABUF_UIO_DRIVE_H

#include <linux/fpgabuf_user.h>

#include "uio/master.h"
#include "uio/registers.h"

/**
 * struct answers - what the channel is told; each returns 0 or a negative errno
 * @done: fpgabuf_user_done()
 * @quiet: fpgabuf_user_quiet()
 * @arg: for both
 */
struct answers {
	int (*done)(void *arg, uint64_t id, uint32_t bytes, int error);
	int (*quiet)(void *arg);
	void *arg;
};

/**
 * struct drive_counts - what has happened
 * @pieces: that have ended by themselves
 * @bytes: in them
 * @errors: of them, that failed
 * @refused: that the master cannot fill
 * @withdrawn: pieces that were cut before it was told to begin them
 * @stops: how often it was stopped
 * @faults: how often because it had stopped by itself
 */
struct drive_counts {
	uint64_t pieces, bytes, errors, refused, withdrawn, stops, faults;
};

/**
 * struct drive - a master that is driven
 * @given: pieces that were given, oldest first
 * @count: how many
 * @begun: how many of them the master has been told of
 * @ready: init was done, since it was stopped last
 * @stopping: see above
 * @quiet_ns: when it is quiet, if the description counts time
 * @assume_quiet: it is quiet whatever the description says: somebody has reset it
 */
struct drive {
	const struct master *master;
	struct registers registers;
	struct answers answers;
	struct fpgabuf_user_event given[FPGABUF_USER_MAX_DEPTH];
	unsigned int count, begun;
	bool ready, stopping;
	int64_t quiet_ns;
	bool assume_quiet;
	struct drive_counts counts;
};

/* Are these the registers of such a master?  Reads, and writes nothing. */
bool drive_identify(const struct drive *drive);

/*
 * Takes an event.  What an earlier program was given makes it stop the master.
 * Returns 0, or a negative errno that the channel or a step gave.
 */
int drive_event(struct drive *drive, const struct fpgabuf_user_event *event);

/* Stops the master, for the program ends; it is over when drive_quiet() says so. */
void drive_stop(struct drive *drive);

/*
 * Looks at the registers, answers what has ended, and begins what can begin.
 * Returns 0, or a negative errno: -ETIMEDOUT if init or start waited in vain.
 */
int drive_look(struct drive *drive);

/* Does init if it is to be done; else that waits for a piece.  As drive_look(). */
int drive_begin(struct drive *drive);

/* Is nothing with the master? */
bool drive_quiet(const struct drive *drive);

/* Can it become quiet by waiting? */
bool drive_hopeful(const struct drive *drive);

#endif /* FPGABUF_UIO_DRIVE_H */
