// SPDX-License-Identifier: GPL-2.0-only
/*
 * The FPGA behind each channel.  It sends 64-bit words, little-endian, of which
 * the one at byte 8 i has the value i; or a file.  How it does so is controlled
 * by its knobs, registers of 64 bits:
 *
 *  0 reset      write 1: begin anew, silent, without faults
 *  1 feed       bytes that it may still send, ~0 for no end
 *  2 packet     bytes of a packet, 0 for none
 *  3 fail       1: the next transfer fails after its first burst
 *  4 stuck      1: who asks it to stop is not heard
 *  5 eager      1: what can be done at once is done before the register write
 *               that starts it has ended
 *  6 position   bytes sent
 *  7 transfers  descriptors done
 *  8 pace       nanoseconds between bursts
 *  9 stray      writes to where the card may not write; they were lost
 * 10 writeback  times that xdma.c has said of a descriptor that it is done
 * 11 source     0 the counter, 1 the file
 * 12 lacking    what xdma.c does not have: 1 channels to the card, 2 those from
 *               it, 4 any registers
 * 13 written    where it has last said that
 *
 * Those of the second channel follow at 0x100.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "card.h"

#define ENDLESS	UINT64_MAX

struct fpga fpgas[CHANNELS];

static const uint8_t *source;
static uint64_t source_size;

/**
 * fpga_source() - have a file that can be sent
 * @path: the file
 *
 * Return: whether it can be read
 */
bool fpga_source(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) || !st.st_size) {
		close(fd);
		return false;
	}
	map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return false;
	source = map;
	source_size = st.st_size;
	return true;
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool sends_file(const struct fpga *fpga)
{
	return source && fpga->knob[KNOB_SOURCE];
}

/**
 * fpga_ready() - how much would it send now?
 * @fpga: the FPGA
 * @wanted: bytes there is room for
 *
 * Return: bytes; 0 if it is silent.  Not more than the rest of its packet.
 */
size_t fpga_ready(const struct fpga *fpga, size_t wanted)
{
	uint64_t n = min64(min64(wanted, BURST), fpga->knob[KNOB_FEED]);
	uint64_t packet = fpga->knob[KNOB_PACKET];

	if (packet)
		n = min64(n, packet - min64(packet, fpga->in_packet));
	if (sends_file(fpga))
		n = min64(n, source_size -
			  min64(source_size, fpga->knob[KNOB_POSITION]));
	return n;
}

static void count(uint8_t *to, uint64_t position, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++, position++) {
		uint64_t word = position / 8;

		if (position % 8 == 0 && size - i >= 8) {
			memcpy(to + i, &word, 8);
			i += 7;
			position += 7;
		} else {
			to[i] = word >> (position % 8 * 8);
		}
	}
}

/**
 * fpga_send() - send the next bytes
 * @fpga: the FPGA
 * @address: where in the guest's memory
 * @size: in bytes, not more than fpga_ready() said
 *
 * Return: whether a packet ends with them
 */
bool fpga_send(struct fpga *fpga, uint64_t address, size_t size)
{
	uint64_t position = fpga->knob[KNOB_POSITION];
	uint8_t data[BURST];

	if (sends_file(fpga))
		memcpy(data, source + position, size);
	else
		count(data, position, size);
	if (!memory_write(address, data, size))
		fpga->knob[KNOB_STRAY]++;
	fpga->knob[KNOB_POSITION] += size;
	if (fpga->knob[KNOB_FEED] != ENDLESS)
		fpga->knob[KNOB_FEED] -= size;
	if (fpga->knob[KNOB_PACE])
		fpga->due = now_ns() + fpga->knob[KNOB_PACE];
	if (!fpga->knob[KNOB_PACKET])
		return false;
	fpga->in_packet += size;
	if (fpga->in_packet < fpga->knob[KNOB_PACKET])
		return false;
	fpga->in_packet = 0;
	return true;
}

/**
 * fpga_fails() - is this transfer to fail?
 * @fpga: the FPGA
 *
 * Return: whether it is; the next one is not
 */
bool fpga_fails(struct fpga *fpga)
{
	bool fails = fpga->knob[KNOB_FAIL];

	fpga->knob[KNOB_FAIL] = 0;
	return fails;
}

uint64_t fpga_read(unsigned int channel, unsigned int knob)
{
	return knob < KNOBS ? fpgas[channel].knob[knob] : 0;
}

void fpga_write(unsigned int channel, unsigned int knob, uint64_t value)
{
	struct fpga *fpga = &fpgas[channel];

	switch (knob) {
	case KNOB_RESET:
		if (value)
			*fpga = (struct fpga){ 0 };
		return;
	case KNOB_PACKET:
		fpga->in_packet = 0;
		break;
	case KNOB_PACE:
		fpga->due = 0;
		break;
	case KNOB_FEED:
	case KNOB_FAIL:
	case KNOB_STUCK:
	case KNOB_EAGER:
	case KNOB_SOURCE:
	case KNOB_LACKING:
		break;
	default:
		return;
	}
	fpga->knob[knob] = value;
	if (knob == KNOB_FEED)
		channel_kick(channel);
}
