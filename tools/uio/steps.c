// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <time.h>

#include "uio/steps.h"
#include "common/clock.h"

/* Registers tell nobody that they change. */
#define LOOK_NS		20000

static uint64_t read_reg(const struct registers *registers, uint32_t reg)
{
	return registers->read(registers->arg, reg);
}

static void write_reg(const struct registers *registers, uint32_t reg,
		      uint64_t value)
{
	registers->write(registers->arg, reg, value);
}

bool condition_holds(const struct condition *c,
		     const struct registers *registers)
{
	if (!c->given)
		return false;
	return ((read_reg(registers, c->reg) & c->mask) == c->value) !=
	       c->differs;
}

static int await(const struct step *step, const struct registers *registers)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	int64_t end = clock_ns() + step->ms * NS_PER_MS;

	while (!condition_holds(&step->until, registers)) {
		if (clock_ns() >= end)
			return condition_holds(&step->until, registers) ?
			       0 : -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static uint64_t value_of(const struct value *value, uint64_t addr,
			 uint32_t length)
{
	if (value->kind == VALUE_ADDR)
		return addr >> value->shift;
	if (value->kind == VALUE_LENGTH)
		return (uint64_t)length >> value->shift;
	return value->constant;
}

static int step_run(const struct step *step, const struct registers *registers,
		    uint64_t addr, uint32_t length)
{
	uint64_t value = value_of(&step->value, addr, length);

	switch (step->kind) {
	case STEP_WAIT:
		return await(step, registers);
	case STEP_SET:
		value |= read_reg(registers, step->reg);
		break;
	case STEP_CLEAR:
		value = read_reg(registers, step->reg) & ~value;
		break;
	case STEP_ECHO:
		value &= read_reg(registers, step->reg);
		break;
	case STEP_WRITE:
		break;
	}
	write_reg(registers, step->reg, value);
	return 0;
}

int steps_run(const struct steps *steps, const struct registers *registers,
	      uint64_t addr, uint32_t length)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < steps->count && !err; i++)
		err = step_run(&steps->step[i], registers, addr, length);
	return err;
}
