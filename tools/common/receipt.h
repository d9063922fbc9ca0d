/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the receiver of a framed stream sends back
 *
 * That the kernel at the other end has acknowledged the last byte says nothing of
 * the program there, nor of its disk.  Documentation/framing.rst has the format.
 */
#ifndef FPGABUF_COMMON_RECEIPT_H
#define FPGABUF_COMMON_RECEIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECEIPT_SIZE	32

/* Bytes of the header of the last frame with a field behind it that asks for one */
#define RECEIPT_ASK_SIZE	56

/**
 * enum receipt_status - what it says
 * @RECEIPT_STORED: the stream has ended as it should, and all of it is where it is
 *	to be kept
 * @RECEIPT_PROMISED: another one will follow at the end
 * @RECEIPT_FAILED: the receiver has not got it, or cannot keep it
 */
enum receipt_status { RECEIPT_STORED, RECEIPT_PROMISED, RECEIPT_FAILED };

/**
 * struct receipt - what it says
 * @status: one of enum receipt_status
 * @captures: that have come
 * @bytes: of samples in them
 */
struct receipt {
	uint32_t status;
	uint64_t captures;
	uint64_t bytes;
};

/*
 * Turns the header of a frame, with room for it, into one that asks.  Receivers that
 * do not know that skip the field.
 */
void receipt_ask(uint8_t header[RECEIPT_ASK_SIZE]);

/* Does a header of @size bytes ask? */
bool receipt_is_asked(const uint8_t *header, size_t size);

void receipt_encode(const struct receipt *receipt, uint8_t bytes[RECEIPT_SIZE]);

/* -EBADMSG: it is none, or of a version that is not known here. */
int receipt_decode(const uint8_t bytes[RECEIPT_SIZE], struct receipt *receipt);

#endif /* FPGABUF_COMMON_RECEIPT_H */
