// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "register-model.h"

/* Reads of a register until a stop has come to its end */
#define LAG	5

void model_init(struct model *model, const struct model_kind *kind)
{
	*model = (struct model){ .kind = kind };
}

static void begin(struct model *m, uint64_t addr, uint32_t length)
{
	if (m->count == m->kind->depth || !length ||
	    (addr | length) & (m->kind->align - 1)) {
		m->violations++;
		return;
	}
	m->addr[m->count] = addr;
	m->length[m->count] = length;
	m->count++;
	m->begun++;
}

/* The oldest goes. */
static void drop(struct model *m)
{
	m->count--;
	memmove(m->addr, m->addr + 1, sizeof(m->addr[0]) * m->count);
	memmove(m->length, m->length + 1, sizeof(m->length[0]) * m->count);
}

static void acknowledge(struct model *m)
{
	if (!m->ended)
		return;
	m->ended--;
	memmove(m->bytes, m->bytes + 1, sizeof(m->bytes[0]) * m->ended);
	memmove(m->failed, m->failed + 1, sizeof(m->failed[0]) * m->ended);
	drop(m);
}

void model_end(struct model *m, uint32_t bytes, bool failed)
{
	m->bytes[m->ended] = bytes;
	m->failed[m->ended] = failed;
	m->ended++;
	m->complete = true;
	m->error |= failed;
	m->isr |= 1;
}

bool model_may_write(const struct model *m)
{
	return m->count > m->ended || m->stopping;
}

/* It takes some reads, as it would take time. */
static bool lag_is_over(struct model *m)
{
	if (m->lag)
		m->lag--;
	return !m->lag;
}

static void forget(struct model *m)
{
	m->count = 0;
	m->ended = 0;
	m->stopping = false;
	m->complete = false;
	m->error = false;
}

/* ---- fpgabuf_writer ---- */

static void writer_settle(struct model *m)
{
	if (!m->stopping || !lag_is_over(m))
		return;
	while (m->ended < m->count)
		model_end(m, 0, false);
	m->stopping = false;
}

static uint32_t writer_status(const struct model *m)
{
	uint32_t status = 0;

	if (m->ended)
		status |= 0x1 | (m->failed[0] ? 0x400 : 0);
	status |= model_may_write(m) ? 0x2 : 0x4;
	if (m->count < m->kind->depth && !m->stopping)
		status |= 0x8;
	return status | (m->refused ? 0x10 : 0);
}

static uint64_t writer_read(struct model *m, uint32_t offset)
{
	switch (offset) {
	case 0x00:
		return 0x46504257;
	case 0x10:
		writer_settle(m);
		return writer_status(m);
	case 0x14:
		return m->ended ? m->bytes[0] : 0;
	}
	return m->reg[offset / 4];
}

static void writer_go(struct model *m)
{
	uint64_t addr = (uint64_t)m->reg[7] << 32 | m->reg[6];

	if (m->count == 2 || m->stopping || !m->reg[8] ||
	    (addr | m->reg[8]) & 7 || m->reg[7])
		m->refused = true;
	else
		begin(m, addr, m->reg[8]);
}

static void writer_write(struct model *m, uint32_t offset, uint64_t value)
{
	m->reg[offset / 4] = value;
	if (offset == 0x08 && value & 2) {
		m->stopping = true;
		m->lag = LAG;
	} else if (offset == 0x08 && value & 1) {
		writer_go(m);
	} else if (offset == 0x10) {
		if (value & 1)
			acknowledge(m);
		if (value & 0x10)
			m->refused = false;
	}
}

/* ---- LiteX ---- */

static uint64_t litex_read(struct model *m, uint32_t offset)
{
	if (offset == 0x10)
		return m->ended != 0;
	if (offset == 0x18)
		return m->ended ? m->bytes[0] / 4 : 0;
	return m->reg[offset / 4];
}

static void litex_write(struct model *m, uint32_t offset, uint64_t value)
{
	bool was = m->reg[3] & 1;

	if (offset != 0x0c && was)
		m->violations++;
	m->reg[offset / 4] = value;
	if (offset != 0x0c)
		return;
	if (!was && value & 1)
		begin(m, (uint64_t)m->reg[0] << 32 | m->reg[1], m->reg[2]);
	else if (!(value & 1))
		forget(m);
}

/* ---- axis2mm ---- */

static void axis2mm_settle(struct model *m)
{
	if (!m->stopping || !lag_is_over(m))
		return;
	m->stopping = false;
	m->count = 0;
	m->ended = 0;
	m->complete = true;
}

static uint64_t axis2mm_read(struct model *m, uint32_t offset)
{
	bool busy = model_may_write(m);
	uint64_t word;

	if (offset)
		return m->reg[offset / 4];
	word = (busy ? 0x80000000 : 0) | (m->error ? 0x40000000 : 0) |
	       (m->complete ? 0x20000000 : 0) |
	       (m->stopping ? 0x00400000 : 0);
	axis2mm_settle(m);
	return word;
}

static void axis2mm_command(struct model *m, uint32_t value)
{
	if (model_may_write(m)) {
		if (value >> 24 != 0x26)
			m->violations++;
		m->stopping = true;
		m->lag = LAG;
		return;
	}
	m->complete = false;
	m->count = 0;
	m->ended = 0;
	if (value & 0x40000000)
		m->error = false;
	if (!(value & 0x80000000))
		return;
	if (m->error)
		m->violations++;
	else
		begin(m, (uint64_t)m->reg[5] << 32 | m->reg[4], m->reg[6]);
}

static void axis2mm_write(struct model *m, uint32_t offset, uint64_t value)
{
	if (!offset) {
		axis2mm_command(m, value);
		return;
	}
	if (model_may_write(m))
		m->violations++;
	m->reg[offset / 4] = value;
}

/* ---- AXI DMA ---- */

static void axidma_settle(struct model *m)
{
	if (!lag_is_over(m))
		return;
	if (m->stopping) {
		forget(m);
		memset(m->reg, 0, sizeof(m->reg));
		m->running = false;
		m->isr = 0;
	}
	m->running = m->reg[12] & 1 && !m->error;
}

static uint64_t axidma_read(struct model *m, uint32_t offset)
{
	axidma_settle(m);
	if (offset == 0x30)
		return m->reg[12] | (m->stopping ? 4 : 0);
	if (offset == 0x34)
		return (m->running ? 0 : 1) | (m->error ? 0x50 : 0) |
		       (m->isr & 1 ? 0x1000 : 0);
	if (offset == 0x58)
		return m->ended ? m->bytes[0] : m->reg[22];
	return m->reg[offset / 4];
}

static void axidma_control(struct model *m, uint32_t value)
{
	m->lag = LAG;
	if (value & 4) {
		m->stopping = true;
		return;
	}
	if (m->stopping)
		m->violations++;
	m->reg[12] = value;
}

static void axidma_write(struct model *m, uint32_t offset, uint64_t value)
{
	if (offset == 0x30) {
		axidma_control(m, value);
		return;
	}
	if (offset == 0x34) {
		if (value & 0x1000)
			m->isr = 0;
		if (value & 0x1000)
			acknowledge(m);
		return;
	}
	m->reg[offset / 4] = value;
	if (offset != 0x58)
		return;
	if (!m->running)
		m->violations++;
	else
		begin(m, (uint64_t)m->reg[19] << 32 | m->reg[18], value);
}

/* ---- HLS ---- */

static uint64_t hls_read(struct model *m, uint32_t offset)
{
	uint64_t word;

	if (offset == 0x0c)
		return m->isr;
	if (offset)
		return m->reg[offset / 4];
	word = (m->ended ? 0x2 : 0) | (model_may_write(m) ? 0 : 0x4);
	acknowledge(m);
	return word;
}

static void hls_write(struct model *m, uint32_t offset, uint64_t value)
{
	if (offset == 0x0c) {
		m->isr ^= value;
		return;
	}
	if (offset && model_may_write(m))
		m->violations++;
	m->reg[offset / 4] = value;
	if (!offset && value & 1)
		begin(m, (uint64_t)m->reg[5] << 32 | m->reg[4], m->reg[7]);
}

const struct model_kind model_kinds[] = {
	{ "writer", 2, 8, false, true, true, true, writer_read, writer_write },
	{ "litex", 1, 4, false, true, false, true, litex_read, litex_write },
	{ "axis2mm", 1, 4, false, false, true, true, axis2mm_read,
	  axis2mm_write },
	{ "axidma", 1, 8, false, true, false, true, axidma_read,
	  axidma_write },
	{ "hls", 1, 4, true, false, false, false, hls_read, hls_write },
	{ 0 }
};

/* Offsets are those of the description: none is outside, and all are of words. */
static uint64_t model_read(void *arg, uint32_t offset)
{
	struct model *m = arg;

	return m->kind->read(m, offset) & UINT32_MAX;
}

static void model_write(void *arg, uint32_t offset, uint64_t value)
{
	struct model *m = arg;

	m->kind->write(m, offset, value & UINT32_MAX);
}

struct registers model_registers(struct model *model)
{
	return (struct registers){ model_read, model_write, model };
}

bool model_interrupt(const struct model *m)
{
	if (m->kind->read == writer_read)
		return m->ended && m->reg[3] & 2;
	if (m->kind->read == hls_read)
		return m->isr && m->reg[1] & 1 && m->reg[2] & 1;
	if (m->kind->read == axidma_read)
		return m->isr && m->reg[12] & 0x1000;
	return m->complete;
}
