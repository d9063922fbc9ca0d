// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf-sim - settings and counters, in sysfs
 */
#include <linux/device.h>
#include <linux/string.h>

#include "sim.h"

static struct sim *dev_to_sim(struct device *dev)
{
	return dev_get_drvdata(dev);
}

static const char * const source_names[] = {
	[SIM_PATTERN] = "pattern",
	[SIM_FEED] = "feed",
	[SIM_NOTHING] = "nothing",
};

static ssize_t source_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  source_names[dev_to_sim(dev)->settings.source]);
}

/* Writing it, even with the same name, begins a new stream. */
static ssize_t source_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t size)
{
	struct sim *sim = dev_to_sim(dev);
	int source = sysfs_match_string(source_names, buf);

	if (source < 0)
		return source;
	mutex_lock(&sim->busy);
	WRITE_ONCE(sim->settings.source, source);
	sim_source_reset(sim);
	mutex_unlock(&sim->busy);
	wake_up(&sim->wake);
	return size;
}
static DEVICE_ATTR_RW(source);

/**
 * struct sim_attribute - a setting that is a number, or one of several words
 * @dev: its file
 * @offset: where it is in struct sim_settings
 * @min: least value
 * @max: largest value
 * @words: what the values from 0 on are called, or NULL
 */
struct sim_attribute {
	struct device_attribute dev;
	size_t offset;
	u64 min;
	u64 max;
	const char * const *words;
};

static const struct sim_attribute *to_sim_attribute(struct device_attribute *attr)
{
	return container_of(attr, struct sim_attribute, dev);
}

static u64 *setting(struct sim *sim, const struct sim_attribute *attr)
{
	return (void *)&sim->settings + attr->offset;
}

static ssize_t setting_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	const struct sim_attribute *sim_attr = to_sim_attribute(attr);
	u64 value = READ_ONCE(*setting(dev_to_sim(dev), sim_attr));

	if (sim_attr->words)
		return sysfs_emit(buf, "%s\n", sim_attr->words[value]);
	return sysfs_emit(buf, "%llu\n", value);
}

static int parse(const struct sim_attribute *attr, const char *text, u64 *value)
{
	int ret;

	if (attr->words) {
		ret = __sysfs_match_string(attr->words, attr->max + 1, text);
		*value = ret;
		return ret < 0 ? ret : 0;
	}
	ret = kstrtou64(text, 0, value);
	if (ret)
		return ret;
	return *value < attr->min || *value > attr->max ? -EINVAL : 0;
}

/* Begins a new packet, and to count the rate from now on. */
static ssize_t setting_store(struct device *dev, struct device_attribute *attr,
			     const char *buf, size_t size)
{
	const struct sim_attribute *sim_attr = to_sim_attribute(attr);
	struct sim *sim = dev_to_sim(dev);
	u64 value;
	int ret;

	ret = parse(sim_attr, buf, &value);
	if (ret)
		return ret;

	mutex_lock(&sim->busy);
	spin_lock_irq(&sim->lock);
	WRITE_ONCE(*setting(sim, sim_attr), value);
	spin_unlock_irq(&sim->lock);
	sim->packet_done = 0;
	sim_source_restart_rate(sim);
	mutex_unlock(&sim->busy);
	wake_up(&sim->wake);
	return size;
}

#define SIM_SETTING(_name, _min, _max, _words)				\
	static struct sim_attribute sim_attr_##_name = {		\
		.dev.attr = {						\
			.name = __stringify(_name),			\
			.mode = 0644,					\
		},							\
		.dev.show = setting_show,				\
		.dev.store = setting_store,				\
		.offset = offsetof(struct sim_settings, _name),		\
		.min = _min,						\
		.max = _max,						\
		.words = _words,					\
	}

#define SIM_ATTR(_name, _min, _max)	SIM_SETTING(_name, _min, _max, NULL)

SIM_ATTR(rate, 0, U64_MAX);
SIM_ATTR(burst, 1, U32_MAX);
SIM_ATTR(packet, 0, U64_MAX);
SIM_ATTR(lossy, 0, 1);
SIM_ATTR(stall, 0, 1);
SIM_ATTR(delay_us, 0, USEC_PER_SEC);
SIM_ATTR(jitter_us, 0, USEC_PER_SEC);
SIM_ATTR(fail_prep, 0, U32_MAX);
SIM_ATTR(fail_submit, 0, U32_MAX);
SIM_ATTR(fail_transfer, 0, U32_MAX);
SIM_ATTR(fail_silent, 0, U32_MAX);
SIM_ATTR(fail_hang, 0, U32_MAX);
SIM_ATTR(silent, 0, 1);
SIM_ATTR(eager, 0, 1);
SIM_ATTR(nudge, 0, 1);
SIM_ATTR(single, 0, 1);
SIM_ATTR(split, 0, 1);
SIM_ATTR(keep, 0, 1);

static const char * const residue_words[] = {
	[SIM_RESIDUE_EXACT] = "exact",
	[SIM_RESIDUE_UNKNOWN] = "unknown",
	[SIM_RESIDUE_ACTIVE] = "active",
	[SIM_RESIDUE_COMPLETE] = "complete",
};

SIM_SETTING(residue, 0, SIM_RESIDUE_COMPLETE, residue_words);

static const char * const stop_words[] = {
	[SIM_STOP_YES] = "yes",
	[SIM_STOP_NO] = "no",
	[SIM_STOP_LATE] = "late",
};

SIM_SETTING(stop, 0, SIM_STOP_LATE, stop_words);

/**
 * struct sim_counter - what the simulator has counted
 * @dev: its file
 * @offset: where it is in struct sim
 */
struct sim_counter {
	struct device_attribute dev;
	size_t offset;
};

static ssize_t counter_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	const struct sim_counter *counter =
		container_of(attr, struct sim_counter, dev);
	struct sim *sim = dev_to_sim(dev);
	u64 value;

	mutex_lock(&sim->busy);
	spin_lock_irq(&sim->lock);
	value = *(u64 *)((void *)sim + counter->offset);
	spin_unlock_irq(&sim->lock);
	mutex_unlock(&sim->busy);
	return sysfs_emit(buf, "%llu\n", value);
}

#define SIM_COUNTER(_name)						\
	static struct sim_counter sim_counter_##_name = {		\
		.dev.attr = {						\
			.name = __stringify(_name),			\
			.mode = 0444,					\
		},							\
		.dev.show = counter_show,				\
		.offset = offsetof(struct sim, _name),			\
	}

SIM_COUNTER(position);
SIM_COUNTER(lost);
SIM_COUNTER(overflows);
SIM_COUNTER(starved);
SIM_COUNTER(asked);
SIM_COUNTER(overrun);
SIM_COUNTER(changed);

static struct attribute *sim_attrs[] = {
	&dev_attr_source.attr,
	&sim_counter_position.dev.attr,
	&sim_counter_lost.dev.attr,
	&sim_counter_overflows.dev.attr,
	&sim_counter_starved.dev.attr,
	&sim_counter_asked.dev.attr,
	&sim_counter_overrun.dev.attr,
	&sim_counter_changed.dev.attr,
	&sim_attr_rate.dev.attr,
	&sim_attr_burst.dev.attr,
	&sim_attr_packet.dev.attr,
	&sim_attr_lossy.dev.attr,
	&sim_attr_stall.dev.attr,
	&sim_attr_delay_us.dev.attr,
	&sim_attr_jitter_us.dev.attr,
	&sim_attr_fail_prep.dev.attr,
	&sim_attr_fail_submit.dev.attr,
	&sim_attr_fail_transfer.dev.attr,
	&sim_attr_fail_silent.dev.attr,
	&sim_attr_fail_hang.dev.attr,
	&sim_attr_residue.dev.attr,
	&sim_attr_silent.dev.attr,
	&sim_attr_eager.dev.attr,
	&sim_attr_nudge.dev.attr,
	&sim_attr_single.dev.attr,
	&sim_attr_stop.dev.attr,
	&sim_attr_split.dev.attr,
	&sim_attr_keep.dev.attr,
	NULL
};

static const struct attribute_group sim_group = {
	.attrs = sim_attrs,
};

const struct attribute_group *sim_groups[] = {
	&sim_group,
	NULL
};
