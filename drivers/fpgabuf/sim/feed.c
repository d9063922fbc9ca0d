// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf-sim - the feed: what is written here comes out of the FPGA
 *
 * write() blocks while the FPGA has enough.  Closing ends the FPGA's packet, so
 * that the capture that is running ends with the last byte.  One opener at a
 * time: EBUSY until the packet of the last one has come out.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "sim.h"

#define FEED_SIZE	SZ_256K

static bool feed_try_open(struct sim *sim)
{
	bool ok;

	spin_lock_irq(&sim->lock);
	ok = !sim->feed_open && !sim->feed_ended;
	if (ok)
		sim->feed_open = true;
	spin_unlock_irq(&sim->lock);
	return ok;
}

static int feed_open(struct inode *inode, struct file *file)
{
	struct sim *sim = container_of(file->private_data, struct sim, feed);

	/* No waiting here: the opener holds the lock of all misc devices. */
	if (!feed_try_open(sim))
		return -EBUSY;
	kref_get(&sim->ref);
	file->private_data = sim;
	return stream_open(inode, file);
}

static int feed_release(struct inode *inode, struct file *file)
{
	struct sim *sim = file->private_data;

	spin_lock_irq(&sim->lock);
	sim->feed_open = false;
	WRITE_ONCE(sim->feed_ended, true);
	spin_unlock_irq(&sim->lock);
	wake_up(&sim->wake);
	sim_put(sim);
	return 0;
}

static bool feed_writable(struct sim *sim)
{
	return READ_ONCE(sim->gone) || !kfifo_is_full(&sim->fifo);
}

static ssize_t feed_some(struct sim *sim, const char __user *from, size_t size,
			 bool nonblock)
{
	unsigned int copied;
	int ret;

	if (nonblock && !feed_writable(sim))
		return -EAGAIN;
	ret = wait_event_interruptible(sim->feed_wait, feed_writable(sim));
	if (ret)
		return ret;
	if (READ_ONCE(sim->gone))
		return -ENODEV;
	ret = kfifo_from_user(&sim->fifo, from, size, &copied);
	wake_up(&sim->wake);
	return ret ?: copied;
}

static ssize_t feed_write(struct file *file, const char __user *from,
			  size_t size, loff_t *pos)
{
	struct sim *sim = file->private_data;
	ssize_t ret = 0;
	size_t done = 0;

	if (mutex_lock_interruptible(&sim->feed_lock))
		return -ERESTARTSYS;
	while (done < size) {
		ret = feed_some(sim, from + done,
				min_t(size_t, size - done, FEED_SIZE),
				file->f_flags & O_NONBLOCK);
		if (ret <= 0)
			break;
		done += ret;
	}
	mutex_unlock(&sim->feed_lock);
	return done ?: ret;
}

static __poll_t feed_poll(struct file *file, poll_table *wait)
{
	struct sim *sim = file->private_data;

	poll_wait(file, &sim->feed_wait, wait);
	if (READ_ONCE(sim->gone))
		return EPOLLERR | EPOLLHUP;
	return feed_writable(sim) ? EPOLLOUT | EPOLLWRNORM : 0;
}

static const struct file_operations feed_fops = {
	.owner = THIS_MODULE,
	.open = feed_open,
	.release = feed_release,
	.write = feed_write,
	.poll = feed_poll,
};

/**
 * sim_feed_register() - make the device node
 * @sim: the simulator
 *
 * Return: 0 or a negative errno.
 */
int sim_feed_register(struct sim *sim)
{
	mutex_init(&sim->feed_lock);
	init_waitqueue_head(&sim->feed_wait);
	sim->fifo_mem = kvmalloc(FEED_SIZE, GFP_KERNEL);
	if (!sim->fifo_mem)
		return -ENOMEM;
	kfifo_init(&sim->fifo, sim->fifo_mem, FEED_SIZE);

	snprintf(sim->feed_name, sizeof(sim->feed_name), "fpgabuf-sim%d-feed",
		 sim->id);
	sim->feed.minor = MISC_DYNAMIC_MINOR;
	sim->feed.name = sim->feed_name;
	sim->feed.fops = &feed_fops;
	sim->feed.parent = sim->dev;
	sim->feed.mode = 0660;
	return misc_register(&sim->feed);
}

/**
 * sim_feed_unregister() - take the device node away
 * @sim: the simulator; open files get ENODEV from now on
 */
void sim_feed_unregister(struct sim *sim)
{
	misc_deregister(&sim->feed);
	WRITE_ONCE(sim->gone, true);
	wake_up_interruptible(&sim->feed_wait);
}

/**
 * sim_feed_free() - give back the feed's memory
 * @sim: the simulator, no longer referenced
 */
void sim_feed_free(struct sim *sim)
{
	kvfree(sim->fifo_mem);
}
