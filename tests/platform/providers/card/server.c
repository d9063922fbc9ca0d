// SPDX-License-Identifier: GPL-2.0-only
/*
 * The vfio-user protocol, as a server of a single client.  A message that does
 * not fit what we know ends the program: the other side is QEMU, and nothing
 * sensible would follow.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "card.h"

#define MESSAGE_FDS	8
#define MESSAGE_MAX	(64 * 1024)
#define ACCESS_MAX	4096

enum command {
	VERSION = 1,
	DMA_MAP = 2,
	DMA_UNMAP = 3,
	DEVICE_INFO = 4,
	REGION_INFO = 5,
	IRQ_INFO = 7,
	SET_IRQS = 8,
	REGION_READ = 9,
	REGION_WRITE = 10,
	DEVICE_RESET = 13,
};

#define TYPE_MASK	0xf
#define TYPE_COMMAND	0
#define TYPE_REPLY	1
#define NO_REPLY	BIT(4)
#define ERROR		BIT(5)

struct header {
	uint16_t id;
	uint16_t command;
	uint32_t size;
	uint32_t flags;
	uint32_t error;
};

struct version {
	uint16_t major;
	uint16_t minor;
	char capabilities[128];
};

struct dma_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset;
	uint64_t address;
	uint64_t size;
};

struct dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t address;
	uint64_t size;
};

struct region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[ACCESS_MAX];
};

#define ACCESS_HEADER	offsetof(struct region_access, data)

/* A message, and what comes with it or is to be its answer */
struct message {
	size_t size;		/* of what follows the header */
	int fds[MESSAGE_FDS];
	size_t n_fds;
	/* What goes over the socket, in one piece */
	struct header header;
	union {
		uint8_t bytes[MESSAGE_MAX];
		struct version version;
		struct dma_map map;
		struct dma_unmap unmap;
		struct vfio_device_info device;
		struct vfio_region_info region;
		struct vfio_irq_info irq;
		struct vfio_irq_set irqs;
		struct region_access access;
	};
};

_Static_assert(offsetof(struct message, bytes) ==
	       offsetof(struct message, header) + sizeof(struct header),
	       "a hole in the message");

/* Behind an IOMMU each page is a mapping; QEMU takes no more of them. */
static const char capabilities[] =
	"{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":4096,"
	"\"max_dma_maps\":65535,\"pgsizes\":4096}}";

static int client = -1;
static int vectors[VECTORS];

/**
 * interrupt() - send an interrupt
 * @vector: its number; nothing happens if the machine has not set it up
 */
void interrupt(unsigned int vector)
{
	uint64_t one = 1;

	if (vector < VECTORS && vectors[vector] >= 0 &&
	    write(vectors[vector], &one, sizeof(one)) < 0)
		die("interrupt: %s", strerror(errno));
}

int server_fd(void)
{
	return client;
}

/**
 * server_open() - wait for the machine
 * @path: of the socket; it is there when the program says "ready"
 */
void server_open(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t i;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		die("%s is too long for a socket", path);
	strcpy(address.sun_path, path);
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, 1))
		die("%s: %s", path, strerror(errno));
	for (i = 0; i < VECTORS; i++)
		vectors[i] = -1;
	puts("ready");
	fflush(stdout);
	client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (client < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

/*
 * Takes file descriptors as well, so it must not read into the next message.
 *
 * Return: whether there was something; not at the end
 */
static bool receive(struct message *message, void *to, size_t size)
{
	char control[CMSG_SPACE(sizeof(int) * MESSAGE_FDS)];
	size_t done = 0;

	while (done < size) {
		struct iovec iov = { (char *)to + done, size - done };
		struct msghdr msg = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t n = recvmsg(client, &msg, MSG_CMSG_CLOEXEC);
		struct cmsghdr *cmsg;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += n;
		for (cmsg = CMSG_FIRSTHDR(&msg); cmsg;
		     cmsg = CMSG_NXTHDR(&msg, cmsg)) {
			unsigned int fds = (cmsg->cmsg_len - CMSG_LEN(0)) /
					   sizeof(int);

			if (cmsg->cmsg_type != SCM_RIGHTS ||
			    message->n_fds + fds > MESSAGE_FDS)
				die("more file descriptors than were agreed");
			memcpy(message->fds + message->n_fds, CMSG_DATA(cmsg),
			       fds * sizeof(int));
			message->n_fds += fds;
		}
	}
	return true;
}

static void reply(struct message *message, int error)
{
	size_t size = sizeof(message->header), done = 0;
	const char *from = (char *)&message->header;

	if (message->header.flags & NO_REPLY)
		return;
	if (!error)
		size += message->size;
	message->header.flags = TYPE_REPLY | (error ? ERROR : 0);
	message->header.error = error;
	message->header.size = size;
	while (done < size) {
		ssize_t n = send(client, from + done, size - done, 0);

		if (n < 0 && errno != EINTR)
			die("cannot answer: %s", strerror(errno));
		if (n > 0)
			done += n;
	}
}

static int do_version(struct message *m)
{
	m->version.major = 0;
	m->version.minor = 0;
	strcpy(m->version.capabilities, capabilities);
	m->size = offsetof(struct version, capabilities) + sizeof(capabilities);
	return 0;
}

static int do_map(struct message *m)
{
	const struct dma_map *map = &m->map;

	/* Memory that is no file, such as ROM: the card has no use for it. */
	if (m->n_fds == 1 &&
	    !memory_map(map->address, map->size, map->offset, m->fds[0]))
		return EINVAL;
	m->size = 0;
	return 0;
}

static int do_unmap(struct message *m)
{
	if (m->unmap.flags & VFIO_DMA_UNMAP_FLAG_ALL)
		memory_unmap_all();
	else
		memory_unmap(m->unmap.address, m->unmap.size);
	m->size = sizeof(m->unmap);
	return 0;
}

static int do_device_info(struct message *m)
{
	m->device = (struct vfio_device_info){
		.argsz = sizeof(m->device),
		.flags = VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI,
		.num_regions = VFIO_PCI_NUM_REGIONS,
		.num_irqs = VFIO_PCI_NUM_IRQS,
	};
	/* The protocol has four words, the kernel added some. */
	m->size = 16;
	return 0;
}

static uint64_t region_size(uint32_t index)
{
	if (index == VFIO_PCI_CONFIG_REGION_INDEX)
		return CONFIG_SIZE;
	return index < BARS ? model->bars[index] : 0;
}

static int do_region_info(struct message *m)
{
	uint32_t index = m->region.index;

	if (index >= VFIO_PCI_NUM_REGIONS)
		return EINVAL;
	m->region = (struct vfio_region_info){
		.argsz = sizeof(m->region),
		.index = index,
		.size = region_size(index),
	};
	if (m->region.size)
		m->region.flags = VFIO_REGION_INFO_FLAG_READ |
				  VFIO_REGION_INFO_FLAG_WRITE;
	m->size = sizeof(m->region);
	return 0;
}

static uint32_t irq_index(void)
{
	return use_msi ? VFIO_PCI_MSI_IRQ_INDEX : VFIO_PCI_MSIX_IRQ_INDEX;
}

static int do_irq_info(struct message *m)
{
	uint32_t index = m->irq.index;

	if (index >= VFIO_PCI_NUM_IRQS)
		return EINVAL;
	m->irq = (struct vfio_irq_info){
		.argsz = sizeof(m->irq),
		.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE,
		.index = index,
		.count = index != irq_index() ? 0 :
			 use_msi ? VECTORS : model->vectors,
	};
	m->size = sizeof(m->irq);
	return 0;
}

static void set_vector(unsigned int vector, int fd)
{
	if (vectors[vector] >= 0)
		close(vectors[vector]);
	vectors[vector] = fd;
}

/* Descriptors come for all of the vectors, or for none: then they are off. */
static int do_set_irqs(struct message *m)
{
	uint32_t start = m->irqs.start, count = m->irqs.count, i;

	m->size = 0;
	if (m->irqs.index != irq_index() ||
	    !(m->irqs.flags & VFIO_IRQ_SET_ACTION_TRIGGER))
		return 0;
	if (start > VECTORS || count > VECTORS - start ||
	    (m->n_fds && m->n_fds != count))
		return EINVAL;
	if (!count) {
		for (i = 0; i < VECTORS; i++)
			set_vector(i, -1);
		return 0;
	}
	for (i = 0; i < count; i++)
		set_vector(start + i,
			   m->n_fds ? fcntl(m->fds[i], F_DUPFD_CLOEXEC, 0) : -1);
	return 0;
}

static uint64_t read_register(unsigned int bar, uint64_t offset,
			      unsigned int size)
{
	if (bar == model->control_bar && offset < CONTROL_SIZE) {
		unsigned int channel = offset / 0x100;
		uint64_t value;

		if (channel >= CHANNELS)
			return 0;
		value = fpga_read(channel, offset % 0x100 / 8);
		return value >> (offset % 8 * 8);
	}
	return model->read(bar, offset, size);
}

/* Knobs of 64 bits come whole or in two halves: the upper one ends it. */
static void write_register(unsigned int bar, uint64_t offset,
			   unsigned int size, uint64_t value)
{
	static uint32_t low;

	if (bar != model->control_bar || offset >= CONTROL_SIZE) {
		model->write(bar, offset, size, value);
		return;
	}
	if (offset / 0x100 >= CHANNELS)
		return;
	if (size == 4 && offset % 8 == 0) {
		low = value;
		return;
	}
	if (size == 4)
		value = value << 32 | low;
	fpga_write(offset / 0x100, offset % 0x100 / 8, value);
}

/* Return: whether the access is one that the region has */
static bool access_ok(const struct region_access *access)
{
	uint64_t size = region_size(access->region);

	return access->count <= ACCESS_MAX && access->offset <= size &&
	       access->count <= size - access->offset;
}

static int do_read(struct message *m)
{
	struct region_access *access = &m->access;
	uint64_t value;

	if (!access_ok(access))
		return EINVAL;
	m->size = ACCESS_HEADER + access->count;
	if (access->region == VFIO_PCI_CONFIG_REGION_INDEX) {
		memcpy(access->data, config + access->offset, access->count);
		return 0;
	}
	if (access->count > sizeof(value))
		return EINVAL;
	value = read_register(access->region, access->offset, access->count);
	memcpy(access->data, &value, access->count);
	return 0;
}

static int do_write(struct message *m)
{
	struct region_access *access = &m->access;
	uint64_t value = 0;

	if (!access_ok(access) || m->size != ACCESS_HEADER + access->count)
		return EINVAL;
	m->size = ACCESS_HEADER;
	if (access->region == VFIO_PCI_CONFIG_REGION_INDEX) {
		config_write(access->offset, access->data, access->count);
		return 0;
	}
	if (access->count > sizeof(value))
		return EINVAL;
	memcpy(&value, access->data, access->count);
	write_register(access->region, access->offset, access->count, value);
	return 0;
}

static int do_reset(struct message *m)
{
	m->size = 0;
	card_reset();
	return 0;
}

static int dispatch(struct message *m)
{
	switch (m->header.command) {
	case VERSION: return do_version(m);
	case DMA_MAP: return do_map(m);
	case DMA_UNMAP: return do_unmap(m);
	case DEVICE_INFO: return do_device_info(m);
	case REGION_INFO: return do_region_info(m);
	case IRQ_INFO: return do_irq_info(m);
	case SET_IRQS: return do_set_irqs(m);
	case REGION_READ: return do_read(m);
	case REGION_WRITE: return do_write(m);
	case DEVICE_RESET: return do_reset(m);
	default: return ENOSYS;
	}
}

/**
 * server_message() - wait for a message, and do what it says
 *
 * Return: false if the machine has gone
 */
bool server_message(void)
{
	static struct message message;
	size_t i;

	message.n_fds = 0;
	if (!receive(&message, &message.header, sizeof(message.header)))
		return false;
	if (message.header.size < sizeof(message.header) ||
	    message.header.size - sizeof(message.header) > MESSAGE_MAX)
		die("a message of %u bytes", message.header.size);
	message.size = message.header.size - sizeof(message.header);
	memset(message.bytes, 0, sizeof(struct vfio_region_info));
	if (!receive(&message, message.bytes, message.size))
		return false;
	if ((message.header.flags & TYPE_MASK) == TYPE_COMMAND)
		reply(&message, dispatch(&message));
	for (i = 0; i < message.n_fds; i++)
		close(message.fds[i]);
	return true;
}
