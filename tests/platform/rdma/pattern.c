// SPDX-License-Identifier: GPL-2.0-only
/* pattern BYTES - prints what the simulated FPGA produces: 64-bit little-endian counters */
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	const uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) / 8 : 0;
	uint64_t i;

	for (i = 0; i < count; i++) {
		const uint64_t word = htole64(i);

		if (fwrite(&word, sizeof(word), 1, stdout) != 1)
			return 1;
	}
	return fclose(stdout) ? 1 : 0;
}
