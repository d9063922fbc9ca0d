// SPDX-License-Identifier: GPL-2.0-only
/*
 * master_parse(): a description that it takes keeps what the driving relies on, and
 * one that it does not take has a reason, and leaves the master alone.
 */
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "uio/master.h"

static void check_register(const struct master *m, uint32_t reg)
{
	CHECK(reg % m->width == 0);
	CHECK((uint64_t)reg + m->width <= m->window);
}

static void check_condition(const struct master *m, const struct condition *c)
{
	if (!c->given)
		return;
	check_register(m, c->reg);
	/* It can hold. */
	CHECK(!(c->value & ~c->mask));
}

static void check_step(const struct master *m, const struct step *step,
		       bool of_piece)
{
	if (step->kind == STEP_WAIT) {
		check_condition(m, &step->until);
		CHECK(step->until.given && step->ms && step->ms <= 60000);
		return;
	}
	check_register(m, step->reg);
	CHECK(step->value.shift < 64);
	CHECK(of_piece || step->value.kind == VALUE_CONSTANT);
}

static void check_steps(const struct master *m, const struct steps *steps,
			bool of_piece)
{
	unsigned int i;

	CHECK(steps->count <= MASTER_STEPS);
	for (i = 0; i < steps->count; i++)
		check_step(m, &steps->step[i], of_piece);
}

static void check_end(const struct master *m)
{
	check_condition(m, &m->done);
	check_condition(m, &m->error);
	check_condition(m, &m->fault);
	if (m->bytes != BYTES_WHOLE)
		check_register(m, m->bytes_reg);
	CHECK(m->bytes_shift < 32);
	check_condition(m, &m->quiet_when);
	CHECK(m->quiet != QUIET_CONDITION || m->quiet_when.given);
	CHECK(m->quiet != QUIET_AFTER || m->quiet_ms);
}

static void check_master(const struct master *m)
{
	CHECK(m->width == 1 || m->width == 2 || m->width == 4 || m->width == 8);
	CHECK(m->depth >= 1 && m->depth <= 256);
	CHECK(m->depth == 1 || m->accept.given);
	CHECK(m->alignment && !(m->alignment & (m->alignment - 1)));
	CHECK(m->longest >= m->alignment);
	CHECK(m->address_bits >= 12 && m->address_bits <= 64);
	CHECK(m->start.count && m->done.given);
	check_condition(m, &m->identify);
	check_condition(m, &m->accept);
	check_steps(m, &m->init, false);
	check_steps(m, &m->start, true);
	check_steps(m, &m->ack, false);
	check_steps(m, &m->stop, false);
	check_end(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct master master, before;
	struct master_error error = { 0 };
	/* Of just that size, for the address sanitizer: it has no end. */
	char *text = malloc(size);
	int err;

	CHECK(text || !size);
	if (size)
		memcpy(text, data, size);
	memset(&before, 0x5a, sizeof(before));
	memcpy(&master, &before, sizeof(master));
	err = master_parse(text, size, &master, &error);
	if (err) {
		CHECK(*error.why && memchr(error.why, 0, sizeof(error.why)));
		CHECK(!memcmp(&master, &before, sizeof(master)));
	} else {
		check_master(&master);
	}
	free(text);
	return 0;
}
