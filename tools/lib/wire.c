// SPDX-License-Identifier: LGPL-2.1-or-later
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/wire.h"

/*
 * The place of the next field.  Messages have fixed lengths, which are checked before
 * a field is read, so the field is always there.
 */
struct cursor {
	uint8_t *at;
};

static void put32(struct cursor *c, uint32_t value)
{
	value = htole32(value);
	memcpy(c->at, &value, sizeof(value));
	c->at += sizeof(value);
}

static void put64(struct cursor *c, uint64_t value)
{
	value = htole64(value);
	memcpy(c->at, &value, sizeof(value));
	c->at += sizeof(value);
}

static void put_welcome(struct cursor *c,
			const struct fpgabuf_wire_welcome *w)
{
	put32(c, FPGABUF_WIRE_MAGIC);
	put32(c, w->version);
	put32(c, w->regions);
	put32(c, w->credits);
	put32(c, w->alignment);
	put64(c, w->region_size);
	memcpy(c->at, w->device, sizeof(w->device));
	c->at += sizeof(w->device);
}

static void put_capture(struct cursor *c,
			const struct fpgabuf_wire_capture *capture)
{
	put32(c, capture->index);
	put32(c, capture->flags);
	put32(c, capture->error);
	put64(c, capture->bytes);
	put64(c, capture->sequence);
	put64(c, capture->timestamp_ns);
	put64(c, capture->missed);
}

size_t fpgabuf_wire_encode(const struct fpgabuf_wire_message *message,
			   uint8_t data[FPGABUF_WIRE_MAX_SIZE])
{
	struct cursor c = { .at = data };

	put32(&c, message->type);
	switch (message->type) {
	case FPGABUF_WIRE_HELLO:
		put32(&c, FPGABUF_WIRE_MAGIC);
		put32(&c, message->hello.oldest);
		put32(&c, message->hello.newest);
		put32(&c, message->hello.credits);
		break;
	case FPGABUF_WIRE_RELEASE:
		put32(&c, message->release.index);
		break;
	case FPGABUF_WIRE_WELCOME:
		put_welcome(&c, &message->welcome);
		break;
	case FPGABUF_WIRE_REGION:
		put32(&c, message->region.index);
		put64(&c, message->region.size);
		break;
	case FPGABUF_WIRE_CAPTURE:
		put_capture(&c, &message->capture);
		break;
	case FPGABUF_WIRE_END:
		put32(&c, message->end.reason);
		break;
	}
	return c.at - data;
}

static uint32_t get32(struct cursor *c)
{
	uint32_t value;

	memcpy(&value, c->at, sizeof(value));
	c->at += sizeof(value);
	return le32toh(value);
}

static uint64_t get64(struct cursor *c)
{
	uint64_t value;

	memcpy(&value, c->at, sizeof(value));
	c->at += sizeof(value);
	return le64toh(value);
}

static bool get_hello(struct cursor *c, struct fpgabuf_wire_hello *hello)
{
	uint32_t magic = get32(c);

	hello->oldest = get32(c);
	hello->newest = get32(c);
	hello->credits = get32(c);
	return magic == FPGABUF_WIRE_MAGIC && hello->oldest &&
	       hello->oldest <= hello->newest;
}

static bool get_release(struct cursor *c,
			struct fpgabuf_wire_release *release)
{
	release->index = get32(c);
	return release->index < FPGABUF_WIRE_MAX_REGIONS;
}

static bool get_welcome(struct cursor *c,
			struct fpgabuf_wire_welcome *w)
{
	uint32_t magic = get32(c);

	w->version = get32(c);
	w->regions = get32(c);
	w->credits = get32(c);
	w->alignment = get32(c);
	w->region_size = get64(c);
	memcpy(w->device, c->at, sizeof(w->device));
	return magic == FPGABUF_WIRE_MAGIC && w->version && w->regions &&
	       w->regions <= FPGABUF_WIRE_MAX_REGIONS && w->credits &&
	       w->credits <= w->regions && w->alignment && w->region_size &&
	       memchr(w->device, '\0', sizeof(w->device));
}

static bool get_region(struct cursor *c, struct fpgabuf_wire_region *region)
{
	region->index = get32(c);
	region->size = get64(c);
	return region->index < FPGABUF_WIRE_MAX_REGIONS && region->size;
}

/* The most negative number is not an errno, and has no positive counterpart. */
static bool get_capture(struct cursor *c,
			struct fpgabuf_wire_capture *capture)
{
	capture->index = get32(c);
	capture->flags = get32(c);
	capture->error = get32(c);
	capture->bytes = get64(c);
	capture->sequence = get64(c);
	capture->timestamp_ns = get64(c);
	capture->missed = get64(c);
	return capture->index < FPGABUF_WIRE_MAX_REGIONS && capture->bytes &&
	       capture->error <= 0 && capture->error > INT32_MIN;
}

static bool get_end(struct cursor *c, struct fpgabuf_wire_end *end)
{
	end->reason = get32(c);
	return end->reason >= FPGABUF_WIRE_SHUTDOWN &&
	       end->reason <= FPGABUF_WIRE_LATE;
}

/* Bytes of a message, or 0 if there is no such type. */
static size_t size_of(uint32_t type)
{
	switch (type) {
	case FPGABUF_WIRE_HELLO:
		return 20;
	case FPGABUF_WIRE_WELCOME:
		return 64;
	case FPGABUF_WIRE_REGION:
		return 16;
	case FPGABUF_WIRE_CAPTURE:
		return 48;
	case FPGABUF_WIRE_RELEASE:
	case FPGABUF_WIRE_END:
		return 8;
	default:
		return 0;
	}
}

static bool get_body(struct cursor *c, struct fpgabuf_wire_message *message)
{
	switch (message->type) {
	case FPGABUF_WIRE_HELLO:
		return get_hello(c, &message->hello);
	case FPGABUF_WIRE_RELEASE:
		return get_release(c, &message->release);
	case FPGABUF_WIRE_WELCOME:
		return get_welcome(c, &message->welcome);
	case FPGABUF_WIRE_REGION:
		return get_region(c, &message->region);
	case FPGABUF_WIRE_CAPTURE:
		return get_capture(c, &message->capture);
	default:
		return get_end(c, &message->end);
	}
}

int fpgabuf_wire_decode(const uint8_t *data, size_t len,
			struct fpgabuf_wire_message *message)
{
	struct cursor c = { .at = (uint8_t *)data };
	struct fpgabuf_wire_message new = { 0 };

	if (len < sizeof(new.type))
		return -EPROTO;
	new.type = get32(&c);
	if (len != size_of(new.type) || !get_body(&c, &new))
		return -EPROTO;
	*message = new;
	return 0;
}
