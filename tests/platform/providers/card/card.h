/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCIe card as a program: the virtual machine is the client of a socket that
 * speaks the vfio-user protocol, and the card behind it is ours.
 *
 *   main.c    options, and the loop in which everything happens
 *   server.c  the protocol
 *   memory.c  the guest's memory, as far as the card may see it
 *   pci.c     the configuration space
 *   fpga.c    the data that the FPGA makes, and the registers that control it
 *   xdma.c, dwedma.c  DMA controllers
 *
 * There is one thread.  Between two bursts it looks for a message, so nothing
 * moves while a register is written or memory is taken away.
 */
#ifndef CARD_H
#define CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT(n)		(1U << (n))

#define CHANNELS	2	/* each with an FPGA of its own */
#define VECTORS		8
#define BARS		6
#define BURST		4096	/* most bytes that move between two messages */
#define CONFIG_SIZE	4096
#define CONTROL_SIZE	4096

/* What they do is in fpga.c. */
enum knob {
	KNOB_RESET, KNOB_FEED, KNOB_PACKET, KNOB_FAIL, KNOB_STUCK, KNOB_EAGER,
	KNOB_POSITION, KNOB_TRANSFERS, KNOB_PACE, KNOB_STRAY, KNOB_WRITEBACK,
	KNOB_SOURCE, KNOB_LACKING, KNOB_WRITTEN_BACK,
	KNOBS,
};

/* fpga.c */
struct fpga {
	uint64_t knob[KNOBS];
	uint64_t in_packet;	/* bytes of the packet that have been sent */
	uint64_t due;		/* when the next burst may go, in ns */
};

bool fpga_source(const char *path);
size_t fpga_ready(const struct fpga *fpga, size_t wanted);
bool fpga_send(struct fpga *fpga, uint64_t address, size_t size);
bool fpga_fails(struct fpga *fpga);
uint64_t fpga_read(unsigned int channel, unsigned int knob);
void fpga_write(unsigned int channel, unsigned int knob, uint64_t value);
uint64_t now_ns(void);

extern struct fpga fpgas[CHANNELS];

/* A DMA controller */
struct model {
	const char *name;
	uint16_t vendor;
	uint16_t device;
	uint32_t bars[BARS];		/* sizes; 0 there is none */
	uint8_t control_bar;
	uint8_t msix_bar;
	uint32_t msix_table;
	uint32_t msix_pba;
	uint8_t vectors;

	void (*reset)(void);
	uint64_t (*read)(unsigned int bar, uint64_t offset, unsigned int size);
	void (*write)(unsigned int bar, uint64_t offset, unsigned int size,
		      uint64_t value);
	/* Has the channel data to move, if the FPGA has some? */
	bool (*wants)(unsigned int channel);
	/* Move a burst. */
	void (*step)(unsigned int channel);
};

extern const struct model xdma_model, dwedma_model;
extern const struct model *model;

/* main.c */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *why, ...);
bool channel_runs(unsigned int channel);
void channel_kick(unsigned int channel);
extern bool use_msi;

/* memory.c */
bool memory_map(uint64_t address, uint64_t size, uint64_t offset, int fd);
void memory_unmap(uint64_t address, uint64_t size);
void memory_unmap_all(void);
uint8_t *memory_at(uint64_t address, size_t size, size_t *contiguous);
bool memory_read(uint64_t address, void *to, size_t size);
bool memory_write(uint64_t address, const void *from, size_t size);

/* pci.c */
extern uint8_t config[CONFIG_SIZE];
void config_init(void);
void config_write(uint64_t offset, const uint8_t *data, size_t size);
bool bus_master(void);
void card_reset(void);

/* server.c */
void server_open(const char *path);
int server_fd(void);
bool server_message(void);
void interrupt(unsigned int vector);

#endif /* CARD_H */
