/* SPDX-License-Identifier: GPL-2.0-only */
/* What a description says, done to registers */
#ifndef FPGABUF_UIO_STEPS_H
#define FPGABUF_UIO_STEPS_H

#include "uio/master.h"
#include "uio/registers.h"

/* Reads the register, once; a condition that is not given does not hold. */
bool condition_holds(const struct condition *condition,
		     const struct registers *registers);

/*
 * All of them, in order, with @addr and @length of the piece if there is one.
 * Returns 0, or -ETIMEDOUT if one waited in vain; those behind it are not done.
 */
int steps_run(const struct steps *steps, const struct registers *registers,
	      uint64_t addr, uint32_t length);

#endif /* FPGABUF_UIO_STEPS_H */
