/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pins of the writer, and its clock.
 *
 * Only pins.cpp knows how Verilator has them; the rest of the bench is C.
 */
#ifndef TESTS_RTL_PINS_H
#define TESTS_RTL_PINS_H

#include <stdbool.h>
#include <stdint.h>

/* Named as in fpgabuf_writer.v, without s_axi_ and m_axi_: lite is s_axi. */
struct pins {
	/* into the writer */
	uint8_t rst_n;
	uint8_t lite_awaddr, lite_awvalid;
	uint32_t lite_wdata;
	uint8_t lite_wstrb, lite_wvalid;
	uint8_t lite_bready;
	uint8_t lite_araddr, lite_arvalid;
	uint8_t lite_rready;
	uint64_t tdata;
	uint8_t tkeep, tlast, tvalid;
	uint8_t awready, wready;
	uint8_t bresp, bvalid;

	/* out of it */
	uint8_t irq;
	uint8_t lite_awready, lite_wready;
	uint8_t lite_bresp, lite_bvalid;
	uint8_t lite_arready;
	uint32_t lite_rdata;
	uint8_t lite_rresp, lite_rvalid;
	uint8_t tready;
	uint64_t awaddr;
	uint8_t awlen, awsize, awburst, awvalid;
	uint64_t wdata;
	uint8_t wstrb, wlast, wvalid;
	uint8_t bready;
};

#ifdef __cplusplus
extern "C" {
#endif

struct writer;

/**
 * writer_new - the writer, with everything in it at random
 * @seed: of that
 * @trace: file for the waveform, or NULL; the program ends if there is none
 *
 * Return: to be given to writer_free()
 */
struct writer *writer_new(unsigned int seed, const char *trace);

/* The outputs are those after the edge; they depend on no input directly. */
void writer_clock(struct writer *writer, struct pins *pins);

/* The waveform ends here. */
void writer_end_trace(struct writer *writer);

void writer_free(struct writer *writer);

#ifdef __cplusplus
}
#endif

#endif
