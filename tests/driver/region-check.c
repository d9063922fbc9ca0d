// SPDX-License-Identifier: GPL-2.0-only
/* Proof that a region is what it should be, whatever its memory. */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bed.h"
#include "net.h"

/*
 * Captured into, mapped, sent, and in use till then.  The packets of the debug
 * kernel are slow: there the last MiB has to do.
 */
void region_check(int dev, int fd, size_t size)
{
	const uint8_t *mem = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	size_t skip = debug_kernel() && size > MIB ? size - MIB : 0;
	struct fpgabuf_dequeue done;
	unsigned int copied, sends = 0;
	struct reader *reader;
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
	reader = reader_start(rx, size - skip);
	for (at = skip; at < size; at += got, sends++) {
		size_t part = size - at < 4 * MIB ? size - at : 4 * MIB;

		got = send_zerocopy(tx, mem + at, part);
		REQUIRE(got, part);
	}
	data = reader_wait(reader, &got);
	EXPECT(got, size - skip);
	CU_ASSERT(is_pattern(data, got, skip));
	reader_free(reader);
	EXPECT(net_completions(tx, sends, &copied, 10000), sends);
	EXPECT(copied, 0);
	close(tx);
	close(rx);

	REQUIRE(region_queue_wait(dev, fd, 0, 0), 0);
	EXPECT(capture_get(dev, &done), 0);
	CU_ASSERT(is_pattern(mem, size, size));
	EXPECT(region_info(dev, fd).mappings,
	       table_entries((void *)mem, size));
	munmap((void *)mem, size);
}
