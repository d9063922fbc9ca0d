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
 * struct checker - how far it is
 * @position: where in the pattern the next byte stands, as far as that is known
 * @lost: a break has been, and where the pattern goes on is not known yet
 * @anywhere: it may go on at any place, also before @position
 * @head: the bytes since the break
 * @head_len: how many they are
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
 * Bytes of the pattern may be missing here, @at_least so many.  When the first
 * byte has not come yet, the stream may begin at any place.
 */
void checker_break(struct checker *checker, uint64_t at_least, bool first);

/*
 * Looks at the next @len bytes.  Returns @len, or the index of the first that
 * is wrong.
 */
size_t checker_check(struct checker *checker, const uint8_t *data, size_t len);

#endif /* FPGABUF_RECV_CHECKER_H */
