// SPDX-License-Identifier: GPL-2.0-only
/* The model test: an actor's operations with other processes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model.h"

void file_open(struct actor *actor)
{
	struct shared_device *device = &world->device[actor->file.device];
	struct allowed allowed = { .success = true };
	struct fpgabuf_info info = { 0 };
	struct file *file = &actor->file;
	unsigned int before;
	char path[32];
	bool bound;
	int fd;

	/* Until it succeeds: the driver is bound again soon. */
	for (;;) {
		before = device->stage;
		snprintf(path, sizeof(path), "/dev/fpgabuf%d", device->node);
		say(actor, "open %s, stage %u", path, before);
		fd = open(path, O_RDWR | O_CLOEXEC);
		bound = before % 4 == 0 && device->stage == before;
		if (!bound) {
			may(&allowed, ENOENT);
			may(&allowed, ENODEV);
			may(&allowed, ENXIO);
		}
		check_result(actor, fd < 0 ? -errno : 0, &allowed);
		allowed.nr = 0;
		if (fd >= 0 && bound)
			break;
		if (fd >= 0)
			actor_close(actor, fd);
		usleep(1000);
	}

	*file = (struct file){
		.device = file->device, .stage = before,
		.fd = { fd }, .nr_fds = 1,
	};
	/* Others of the same slot may have been before us. */
	if (!call(fd, FPGABUF_IOC_INFO, &info))
		file->busy = info.busy;
}

/* Ends what is queued; the regions are idle then. */
void file_close(struct actor *actor)
{
	struct shared_device *device = &world->device[actor->file.device];
	struct file *file = &actor->file;
	unsigned int i, holder = device->holder;

	if (file->owner && holder % ACTORS == actor->slot)
		atomic_compare_exchange_strong(&device->holder, &holder, 0);
	if (file->nr_captures)
		actor->sync_any = true;
	while (file->nr_fds)
		actor_close(actor, file->fd[--file->nr_fds]);
	atomic_store(&world->slot[actor->slot].wants, 0);
	file->nr_captures = 0;
	for (i = 0; i < REGIONS; i++)
		if (actor->region[i].used)
			region_settle(actor, &actor->region[i]);
}

bool op_reopen(struct actor *actor)
{
	/* Who has the queue keeps it for a while. */
	if (actor->file.owner && draw(actor, 4))
		return false;
	say(actor, "close the device");
	file_close(actor);
	file_open(actor);
	return true;
}

static bool can_dup(const struct actor *actor, const struct region *region)
{
	(void)actor;
	return region->nr_fds && region->nr_fds < FDS;
}

static void dup_device(struct actor *actor)
{
	struct file *file = &actor->file;
	int fd;

	say(actor, "dup or close the device, %u descriptors", file->nr_fds);
	if (file->nr_fds == 2) {
		fd = file->fd[draw(actor, 2)];
		file->fd[0] += file->fd[1] - fd;
		file->nr_fds = 1;
		actor_close(actor, fd);
		return;
	}
	fd = fcntl(file->fd[0], F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		diverge(actor, "dup: %d", errno);
	file->fd[file->nr_fds++] = fd;
}

bool op_dup(struct actor *actor)
{
	struct region *region = draw_region(actor, can_dup);
	int fd;

	if (!draw(actor, 4)) {
		dup_device(actor);
		return true;
	}
	if (!region)
		return false;
	say(actor, "dup %u", region_index(actor, region));
	fd = fcntl(fd_of(actor, region), F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		diverge(actor, "dup: %d", errno);
	region->fd[region->nr_fds++] = fd;
	return true;
}

/* What is sent to another process: what is known of a region, and a descriptor. */
union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static int parcel_send(int box, struct region *parcel, int fd)
{
	union control control = { 0 };
	struct iovec iov = { parcel, sizeof(*parcel) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&msg);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(box, &msg, MSG_DONTWAIT) < 0 ? -errno : 0;
}

static int parcel_receive(int box, struct region *parcel, int *fd)
{
	union control control = { 0 };
	struct iovec iov = { parcel, sizeof(*parcel) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;

	if (recvmsg(box, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return -errno;
	header = CMSG_FIRSTHDR(&msg);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	memcpy(fd, CMSG_DATA(header), sizeof(*fd));
	return 0;
}

/* To know exactly what is used of a device, nothing of it is passed on. */
static bool can_pass(const struct actor *actor, const struct region *region)
{
	return region->nr_fds &&
	       !(actor->alone && region->device == actor->file.device);
}

/* With nothing left here, it can become the receiver's for good. */
static bool can_give(struct actor *actor, const struct region *region)
{
	return region->nr_fds == 1 && !region->nr_maps && !region->held &&
	       !region->handle && !region->nr_pins && !region->lent &&
	       !region->fenced &&
	       !find_capture(&actor->file, region_index(actor, region));
}

bool op_pass(struct actor *actor)
{
	unsigned int to = (actor->process + 1 + draw(actor, PROCESSES - 1)) %
			  PROCESSES;
	struct region *region = draw_region(actor, can_pass);
	struct allowed allowed = { .success = true };
	struct region parcel;
	bool give;
	int ret;

	if (!region)
		return false;
	give = can_give(actor, region) && draw(actor, 4);
	parcel = *region;
	parcel.borrowed |= !give;
	say(actor, "%s %u to process %u", give ? "give" : "lend",
	    region_index(actor, region), to);
	ret = parcel_send(world->process[to].mailbox[1], &parcel,
			  fd_of(actor, region));
	/* The box may be full. */
	may(&allowed, EAGAIN);
	check_result(actor, ret, &allowed);
	if (ret)
		return true;
	if (!give) {
		region->lent = true;
		return true;
	}
	actor_close(actor, region->fd[0]);
	region->used = false;
	return true;
}

bool op_receive(struct actor *actor)
{
	struct region *region = free_region(actor);
	struct allowed allowed = { .success = true };
	struct region parcel;
	int ret, fd = NO_FD;

	if (!region)
		return false;
	say(actor, "receive %u", region_index(actor, region));
	ret = parcel_receive(world->process[actor->process].mailbox[0],
			     &parcel, &fd);
	may(&allowed, EAGAIN);
	check_result(actor, ret, &allowed);
	if (ret)
		return true;
	*region = parcel;
	region->fd[0] = fd;
	region->nr_fds = 1;
	region->nr_maps = 0;
	region->held = 0;
	region->handle = 0;
	region->nr_pins = 0;
	region->nr_standing = 0;
	region->fenced = false;
	if (lseek(fd, 0, SEEK_END) != (off_t)region->size)
		diverge(actor, "a region of another size was received");
	return true;
}

/*
 * The child is a copy of the actor that has all of its descriptors and none of
 * its mappings.
 */
static void child_main(struct actor *actor, int ready, bool stays)
{
	unsigned int i;

	actor->child = true;
	for (i = 0; i < REGIONS; i++) {
		actor->region[i].lent = true;
		actor->region[i].nr_maps = 0;
	}
	actor_random(actor, 40);
	if (write(ready, "", 1) != 1)
		_exit(1);
	while (stays)
		pause();
	_exit(0);
}

/* Nothing else is closed in this process while the child lives. */
bool op_fork(struct actor *actor)
{
	bool kills = draw(actor, 2);
	int pipes[2], status;
	char byte;
	pid_t pid;

	say(actor, "fork a child that %s", kills ? "is killed" : "exits");
	pthread_rwlock_wrlock(&fork_lock);
	if (pipe2(pipes, O_CLOEXEC))
		diverge(actor, "no pipe: %d", errno);
	pid = fork();
	if (!pid)
		child_main(actor, pipes[1], kills);
	close(pipes[1]);
	if (pid < 0 || read(pipes[0], &byte, 1) != 1)
		diverge(actor, "the child has not done its work");
	if (kills)
		kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		diverge(actor, "no child");
	close(pipes[0]);
	pthread_rwlock_unlock(&fork_lock);
	if (status != (kills ? SIGKILL : 0))
		diverge(actor, "the child ended with %d", status);
	return true;
}
