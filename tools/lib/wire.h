/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The messages between fpgabuf-share and its clients, see
 * Documentation/protocol.rst.  Used by both; not exported by the shared library.
 */
#ifndef FPGABUF_LIB_WIRE_H
#define FPGABUF_LIB_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define FPGABUF_WIRE_MAGIC	0x62677066U	/* "fpgb" in memory */
#define FPGABUF_WIRE_VERSION	1U

/* Most regions, and so most credits, and the longest message in bytes. */
#define FPGABUF_WIRE_MAX_REGIONS	1024U
#define FPGABUF_WIRE_MAX_SIZE		64

enum fpgabuf_wire_type {
	FPGABUF_WIRE_HELLO = 1,
	FPGABUF_WIRE_RELEASE = 2,
	FPGABUF_WIRE_WELCOME = 16,
	FPGABUF_WIRE_REGION = 17,
	FPGABUF_WIRE_CAPTURE = 18,
	FPGABUF_WIRE_END = 19,
};

/**
 * enum fpgabuf_wire_reason - why the server ends a client
 * @FPGABUF_WIRE_SHUTDOWN: the server was told to end
 * @FPGABUF_WIRE_GONE: the device has gone
 * @FPGABUF_WIRE_FAILED: the server can no longer capture
 * @FPGABUF_WIRE_FORBIDDEN: the server does not serve this user
 * @FPGABUF_WIRE_FULL: no credit or no place for another client is left
 * @FPGABUF_WIRE_OTHER_VERSION: client and server have no version in common
 * @FPGABUF_WIRE_MALFORMED: a message was invalid
 * @FPGABUF_WIRE_LATE: the client did not send HELLO, or read the regions, in time
 */
enum fpgabuf_wire_reason {
	FPGABUF_WIRE_SHUTDOWN = 1,
	FPGABUF_WIRE_GONE = 2,
	FPGABUF_WIRE_FAILED = 3,
	FPGABUF_WIRE_FORBIDDEN = 4,
	FPGABUF_WIRE_FULL = 5,
	FPGABUF_WIRE_OTHER_VERSION = 6,
	FPGABUF_WIRE_MALFORMED = 7,
	FPGABUF_WIRE_LATE = 8,
};

/* Client: the versions it speaks, and the captures it wants to hold, 0 = all */
struct fpgabuf_wire_hello {
	uint32_t oldest;
	uint32_t newest;
	uint32_t credits;
};

/* Client: a capture is given back */
struct fpgabuf_wire_release {
	uint32_t index;
};

/* Server: the version spoken, and the geometry; @regions REGIONs follow */
struct fpgabuf_wire_welcome {
	uint32_t version;
	uint32_t regions;
	uint32_t credits;
	uint32_t alignment;
	uint64_t region_size;
	char device[32];
};

/* Server: a region, with its dma-buf as ancillary data */
struct fpgabuf_wire_region {
	uint32_t index;
	uint64_t size;
};

/* Server: a capture, as in struct fpgabuf_shared_capture */
struct fpgabuf_wire_capture {
	uint32_t index;
	uint32_t flags;
	int32_t error;
	uint64_t bytes;
	uint64_t sequence;
	uint64_t timestamp_ns;
	uint64_t missed;
};

/* Server: the last message, with one of enum fpgabuf_wire_reason */
struct fpgabuf_wire_end {
	uint32_t reason;
};

/**
 * struct fpgabuf_wire_message - any message
 * @type: one of enum fpgabuf_wire_type; says which other member is valid
 */
struct fpgabuf_wire_message {
	uint32_t type;
	union {
		struct fpgabuf_wire_hello hello;
		struct fpgabuf_wire_release release;
		struct fpgabuf_wire_welcome welcome;
		struct fpgabuf_wire_region region;
		struct fpgabuf_wire_capture capture;
		struct fpgabuf_wire_end end;
	};
};

/* Writes a message; returns its length. */
size_t fpgabuf_wire_encode(const struct fpgabuf_wire_message *message,
			   uint8_t data[FPGABUF_WIRE_MAX_SIZE]);

/*
 * Reads a complete message.  -EPROTO: its length does not fit its type, or a field has
 * an invalid value.
 */
int fpgabuf_wire_decode(const uint8_t *data, size_t len,
			struct fpgabuf_wire_message *message);

#endif /* FPGABUF_LIB_WIRE_H */
