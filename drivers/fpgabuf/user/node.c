// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf-user - the device node, the program's side of the door
 *
 * One program at a time.  What it says is copied before the mutex of the pieces
 * is taken: a page fault may take as long as it likes, and must not keep a client
 * from stopping.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>

#include <linux/fpgabuf_user.h>

#include "../compat.h"
#include "user.h"

static struct user_door *to_door(struct miscdevice *misc)
{
	return container_of(misc, struct user_door, misc);
}

static bool try_open(struct user_door *door)
{
	bool ok;

	spin_lock_irq(&door->lock);
	ok = !door->opened;
	if (ok) {
		door->opened = true;
		door->depth = 0;
		door->node_only = false;
		user_transfer_inherit(door);
	}
	spin_unlock_irq(&door->lock);
	return ok;
}

static int user_node_open(struct inode *inode, struct file *file)
{
	struct user_door *door = to_door(file->private_data);

	if (!try_open(door))
		return -EBUSY;
	file->private_data = door;
	return stream_open(inode, file);
}

/* Whoever waits for an answer need not any longer. */
static int user_node_release(struct inode *inode, struct file *file)
{
	struct user_door *door = file->private_data;

	spin_lock_irq(&door->lock);
	door->opened = false;
	user_transfer_take_back(door);
	spin_unlock_irq(&door->lock);
	wake_up(&door->wait);
	return 0;
}

static bool bound(struct user_door *door)
{
	return READ_ONCE(door->channel);
}

static int next_event(struct user_door *door, bool nonblock,
		      struct fpgabuf_user_event *event)
{
	int ret;

	while (!user_transfer_event(door, event)) {
		if (!bound(door))
			return -ENODEV;
		if (nonblock)
			return -EAGAIN;
		ret = wait_event_interruptible(door->wait,
					       user_transfer_pending(door) ||
					       !bound(door));
		if (ret)
			return ret;
	}
	return 0;
}

static int read_event(struct user_door *door, bool nonblock, char __user *to)
{
	struct fpgabuf_user_event event;
	int ret;

	ret = next_event(door, nonblock, &event);
	if (ret)
		return ret;
	if (copy_to_user(to, &event, sizeof(event))) {
		user_transfer_untell(door, event.id);
		return -EFAULT;
	}
	return 0;
}

static ssize_t user_node_read(struct file *file, char __user *to, size_t size,
			      loff_t *pos)
{
	const size_t one = sizeof(struct fpgabuf_user_event);
	struct user_door *door = file->private_data;
	bool nonblock = file->f_flags & O_NONBLOCK;
	size_t done = 0;
	int ret = -EINVAL;

	for (; size - done >= one; done += one) {
		ret = read_event(door, nonblock || done, to + done);
		if (ret)
			break;
	}
	return done ?: ret;
}

static int set_program(struct user_door *door, u32 depth, bool node_only)
{
	int ret = 0;

	spin_lock_irq(&door->lock);
	if (door->depth) {
		ret = -EBUSY;
	} else {
		door->depth = depth;
		door->node_only = node_only;
	}
	spin_unlock_irq(&door->lock);
	return ret;
}

static int hello(struct user_door *door,
		 const struct fpgabuf_user_command *command)
{
	bool node_only = command->flags & FPGABUF_USER_NODE_ONLY;

	if (command->flags & ~FPGABUF_USER_NODE_ONLY || command->id ||
	    command->result || !command->value ||
	    command->value > FPGABUF_USER_MAX_DEPTH)
		return -EINVAL;
	if (node_only && !door->buffer)
		return -EPERM;
	return set_program(door, command->value, node_only);
}

static int done(struct user_door *door,
		const struct fpgabuf_user_command *command)
{
	if (command->flags || command->result > 0 ||
	    command->result < -MAX_ERRNO)
		return -EINVAL;
	return user_transfer_done(door, command);
}

static int progress(struct user_door *door,
		    const struct fpgabuf_user_command *command)
{
	if (command->flags || command->result)
		return -EINVAL;
	return user_transfer_progress(door, command);
}

static int quiet(struct user_door *door,
		 const struct fpgabuf_user_command *command)
{
	if (command->flags || command->id || command->value || command->result)
		return -EINVAL;
	user_transfer_quiet(door);
	return 0;
}

static int data(struct user_door *door,
		const struct fpgabuf_user_command *command,
		const char __user *from, size_t size)
{
	int ret;

	if (command->flags || command->result || size > FPGABUF_USER_MAX_DATA)
		return -EINVAL;
	if (!door->buffer)
		return -EPERM;
	mutex_lock(&door->writing);
	ret = copy_from_user(door->buffer, from, size) ? -EFAULT :
	      user_transfer_data(door, command, size);
	mutex_unlock(&door->writing);
	return ret;
}

/* Only DATA has something behind it. */
static int obey(struct user_door *door,
		const struct fpgabuf_user_command *command,
		const char __user *rest, size_t size)
{
	bool wanted = command->type == FPGABUF_USER_DATA;

	if (command->reserved || wanted != !!size)
		return -EINVAL;
	switch (command->type) {
	case FPGABUF_USER_HELLO:
		return hello(door, command);
	case FPGABUF_USER_DONE:
		return done(door, command);
	case FPGABUF_USER_PROGRESS:
		return progress(door, command);
	case FPGABUF_USER_QUIET:
		return quiet(door, command);
	case FPGABUF_USER_DATA:
		return data(door, command, rest, size);
	default:
		return -EINVAL;
	}
}

/* What it says may end a stop, and let the next piece be given. */
static ssize_t user_node_write(struct file *file, const char __user *from,
			       size_t size, loff_t *pos)
{
	struct user_door *door = file->private_data;
	struct fpgabuf_user_command command;
	int ret;

	if (size < sizeof(command))
		return -EINVAL;
	if (copy_from_user(&command, from, sizeof(command)))
		return -EFAULT;
	ret = obey(door, &command, from + sizeof(command),
		   size - sizeof(command));
	if (ret)
		return ret;
	wake_up(&door->wait);
	return size;
}

static __poll_t user_node_poll(struct file *file, poll_table *wait)
{
	struct user_door *door = file->private_data;
	__poll_t mask = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &door->wait, wait);
	if (user_transfer_pending(door))
		mask |= EPOLLIN | EPOLLRDNORM;
	else if (!bound(door))
		mask |= EPOLLHUP;
	return mask;
}

static const struct file_operations user_node_fops = {
	.owner = THIS_MODULE,
	.open = user_node_open,
	.release = user_node_release,
	.read = user_node_read,
	.write = user_node_write,
	.poll = user_node_poll,
};

/* So many pieces and bytes */
struct sum {
	unsigned int pieces;
	u64 held;
};

static void add_up(const struct list_head *list, struct sum *sum)
{
	const struct user_transfer *transfer;

	list_for_each_entry(transfer, list, node) {
		sum->pieces += transfer->state != USER_WAITING;
		sum->held += READ_ONCE(transfer->held);
	}
}

static void get_sums(struct device *dev, struct sum *given,
		     struct sum *stopped)
{
	struct user_door *door = to_door(dev_get_drvdata(dev));

	*given = *stopped = (struct sum){ };
	spin_lock_irq(&door->lock);
	add_up(&door->issued, given);
	add_up(&door->stopped, stopped);
	spin_unlock_irq(&door->lock);
}

static ssize_t given_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct sum given, stopped;

	get_sums(dev, &given, &stopped);
	return sysfs_emit(buf, "%u\n", given.pieces);
}
static DEVICE_ATTR_RO(given);

static ssize_t stopped_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct sum given, stopped;

	get_sums(dev, &given, &stopped);
	return sysfs_emit(buf, "%u\n", stopped.pieces);
}
static DEVICE_ATTR_RO(stopped);

static ssize_t held_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct sum given, stopped;

	get_sums(dev, &given, &stopped);
	return sysfs_emit(buf, "%llu\n", given.held + stopped.held);
}
static DEVICE_ATTR_RO(held);

static struct attribute *user_node_attrs[] = {
	&dev_attr_given.attr,
	&dev_attr_stopped.attr,
	&dev_attr_held.attr,
	NULL
};
ATTRIBUTE_GROUPS(user_node);

/**
 * user_node_register() - make the device node
 * @door: its door
 *
 * Context: process, may sleep.
 *
 * Return: 0 or a negative errno.
 */
int user_node_register(struct user_door *door)
{
	int ret;

	mutex_init(&door->writing);
	if (user_simulator) {
		door->buffer = kvmalloc(FPGABUF_USER_MAX_DATA, GFP_KERNEL);
		if (!door->buffer)
			return -ENOMEM;
	}
	snprintf(door->name, sizeof(door->name), "fpgabuf-user%d", door->id);
	door->misc.minor = MISC_DYNAMIC_MINOR;
	door->misc.name = door->name;
	door->misc.fops = &user_node_fops;
	door->misc.groups = user_node_groups;
	door->misc.mode = 0600;
	ret = misc_register(&door->misc);
	if (ret)
		kvfree(door->buffer);
	return ret;
}

/**
 * user_node_unregister() - take the device node away
 * @door: its door; nobody has it open
 *
 * Context: process, may sleep.
 */
void user_node_unregister(struct user_door *door)
{
	misc_deregister(&door->misc);
	kvfree(door->buffer);
}
