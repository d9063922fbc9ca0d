/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a stream is the pattern of the simulated FPGA, with breaks where they
 * are allowed
 *
 * After a break the pattern goes on where the bytes themselves say; that takes
 * CHECKER_HEAD of them.  Fewer between two breaks cannot be checked.
 */
#ifndef FPGABUF_RECV_CHECKER_H
#define FPGABUF_RECV_CHECKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Two numbers of the pattern */
#define CHECKER_HEAD	16

/**
 * struct checker - state of the check
 * @position: place of the next byte in the pattern, if that is known
 * @lost: there was a break, and it is not yet known where the pattern goes on
 * @anywhere: it may go on anywhere, also before @position
 * @head: the bytes since the break
 * @head_len: how many there are
 */
struct checker {
	uint64_t position;
	bool lost;
	bool anywhere;
	uint8_t head[CHECKER_HEAD];
	size_t head_len;
};

/* The stream begins with the beginning of the pattern. */
void checker_start(struct checker *checker);

/*
 * At least @at_least bytes of the pattern may be missing here.  Before the first byte,
 * the stream may begin anywhere in the pattern.
 */
void checker_break(struct checker *checker, uint64_t at_least, bool first);

/*
 * Checks the next @len bytes.  Returns @len, or the index of the first wrong byte.
 */
size_t checker_check(struct checker *checker, const uint8_t *data, size_t len);

#endif /* FPGABUF_RECV_CHECKER_H */
