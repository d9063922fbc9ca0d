// SPDX-License-Identifier: GPL-2.0-only
/* Proof that a region is what it should be, whatever its memory. */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bed.h"

/* Captured into, mapped, sent, and in use till then */
void region_check(int dev, int fd, size_t size)
{
	const uint8_t *mem = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	struct fpgabuf_dequeue done;
	struct reader *reader;
	unsigned int copied;
	const void *data;
	size_t at, got;
	int tx, rx;

	REQUIRE(mem == MAP_FAILED ? -errno : 0, 0);

	sim_source("pattern");
	done = capture_run(dev, fd, 0);
	EXPECT(done.bytes, size);
	EXPECT(done.status & ~FPGABUF_CAPTURE_GAP, 0);
	CU_ASSERT(is_pattern(mem, size, 0));

	net_connect(&tx, &rx);
	reader = reader_start(rx, size);
	for (at = 0; at < size; at += got) {
		size_t part = size - at < 4 * MIB ? size - at : 4 * MIB;

		got = send_zerocopy(tx, mem + at, part);
		REQUIRE(got, part);
	}
	data = reader_wait(reader, &got);
	EXPECT(got, size);
	CU_ASSERT(is_pattern(data, got, 0));
	reader_free(reader);
	EXPECT(net_completions(tx, (size + 4 * MIB - 1) / (4 * MIB), &copied,
			       10000), (size + 4 * MIB - 1) / (4 * MIB));
	EXPECT(copied, 0);
	close(tx);
	close(rx);

	REQUIRE(region_queue_wait(dev, fd, 0, 0), 0);
	EXPECT(capture_get(dev, &done), 0);
	CU_ASSERT(is_pattern(mem, size, size));
	EXPECT(region_info(dev, fd).mappings, size / 4096);
	munmap((void *)mem, size);
}
