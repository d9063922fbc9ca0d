// SPDX-License-Identifier: GPL-2.0-only
/* The simulated FPGA: its settings, its feed, and what comes out of it */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bed.h"

#define DEVICES	"/sys/bus/platform/devices/"

/* The FPGA that the calls below are about */
static const char *sim = "fpgabuf-sim.0";

void sim_select(const char *name)
{
	sim = name;
}

static void sim_path(char *path, size_t size, const char *attribute)
{
	snprintf(path, size, DEVICES "%s/%s", sim, attribute);
}

void sim_set(const char *attribute, unsigned long long value)
{
	char path[128], text[32];

	sim_path(path, sizeof(path), attribute);
	snprintf(text, sizeof(text), "%llu", value);
	file_write(path, text);
}

/* 0, or the error of writing that */
int sim_try_set(const char *attribute, const char *text)
{
	char path[128];
	int fd, ret;

	sim_path(path, sizeof(path), attribute);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	REQUIRE(fd < 0 ? -errno : 0, 0);
	ret = write(fd, text, strlen(text) + 1) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

void sim_get_text(const char *attribute, char *text, size_t size)
{
	char path[128];
	ssize_t n;
	int fd;

	sim_path(path, sizeof(path), attribute);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	REQUIRE(fd < 0 ? -errno : 0, 0);
	n = read(fd, text, size - 1);
	REQUIRE(n < 0 ? -errno : 0, 0);
	text[n] = 0;
	close(fd);
}

uint64_t sim_get(const char *attribute)
{
	unsigned long value;
	char path[128];

	sim_path(path, sizeof(path), attribute);
	REQUIRE(file_read_line(path, "", &value), true);
	return value;
}

void expect_follows(const struct fpgabuf_dequeue *capture)
{
	const bool gap = capture->status & FPGABUF_CAPTURE_GAP;

	EXPECT(capture->status & ~FPGABUF_CAPTURE_GAP, 0);
	EXPECT(gap && !sim_get("asked"), false);
}

/* Begins a new stream: the next byte is byte 0. */
void sim_source(const char *source)
{
	char path[128];

	sim_path(path, sizeof(path), "source");
	file_write(path, source);
}

/* Bytes of the stream that have been written to memory. */
uint64_t sim_position(void)
{
	return sim_get("position");
}

/*
 * All that the FPGA gave until it was stopped has come: the burst that it was just
 * writing then does not count.
 */
bool sim_gave(uint64_t bytes)
{
	const uint64_t position = sim_position();

	return position >= bytes && position - bytes <= sim_get("burst");
}

static uint8_t pattern_byte(uint64_t position)
{
	return (position / 8) >> (8 * (position % 8));
}

void pattern_fill(void *mem, size_t size, uint64_t position)
{
	uint8_t *byte = mem;
	size_t i;

	for (i = 0; i < size; i++)
		byte[i] = pattern_byte(position + i);
}

bool is_pattern(const void *mem, size_t size, uint64_t position)
{
	const uint8_t *byte = mem;
	size_t i;

	for (i = 0; i < size; i++, position++) {
		uint8_t want = pattern_byte(position);

		if (byte[i] != want) {
			printf("\n    byte %zu is %02x, not %02x", i, byte[i],
			       want);
			return false;
		}
	}
	return true;
}

void random_fill(void *mem, size_t size, unsigned int seed)
{
	uint8_t *byte = mem;
	uint32_t x = seed * 2654435761u + 1;
	size_t i;

	for (i = 0; i < size; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		byte[i] = x;
	}
}

/* To write to what the FPGA captures, when its source is "feed" */
int feed_open(int flags)
{
	int fd = open("/dev/fpgabuf-sim0-feed", O_WRONLY | O_CLOEXEC | flags);

	REQUIRE(fd < 0 ? -errno : 0, 0);
	return fd;
}

struct feeder {
	pthread_t thread;
	const uint8_t *data;
	size_t size;
	int fd;
	int error;
};

static void *feeder_main(void *arg)
{
	struct feeder *feeder = arg;

	while (feeder->size) {
		ssize_t n = write(feeder->fd, feeder->data, feeder->size);

		if (n <= 0) {
			feeder->error = n ? -errno : -EIO;
			break;
		}
		feeder->data += n;
		feeder->size -= n;
	}
	close(feeder->fd);
	return NULL;
}

/* The data stay the caller's, and valid until feeder_wait(). */
struct feeder *feeder_start(const void *data, size_t size)
{
	struct feeder *feeder = calloc(1, sizeof(*feeder));

	REQUIRE(!feeder, false);
	feeder->data = data;
	feeder->size = size;
	feeder->fd = feed_open(0);
	REQUIRE(pthread_create(&feeder->thread, NULL, feeder_main, feeder), 0);
	return feeder;
}

void feeder_wait(struct feeder *feeder)
{
	pthread_join(feeder->thread, NULL);
	EXPECT(feeder->error, 0);
	free(feeder);
}
