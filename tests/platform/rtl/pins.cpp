// SPDX-License-Identifier: GPL-2.0-only
/*
 * The writer as Verilator makes it: pins in, a clock, pins out.
 */
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "Vfpgabuf_writer.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif
#include "pins.h"

/* ns: the clock of the waveform has 100 MHz */
#define HALF_CYCLE 5

struct writer {
	VerilatedContext context;
	std::unique_ptr<Vfpgabuf_writer> top;
#if VM_TRACE
	VerilatedVcdC vcd;
#endif
};

#if VM_TRACE
static void trace_open(struct writer *writer, const char *trace)
{
	writer->context.traceEverOn(true);
	writer->top->trace(&writer->vcd, 99);
	writer->vcd.set_time_unit("1ns");
	writer->vcd.set_time_resolution("1ns");
	writer->vcd.open(trace);
	if (!writer->vcd.isOpen()) {
		perror(trace);
		exit(2);
	}
}

static void trace_step(struct writer *writer)
{
	if (writer->vcd.isOpen())
		writer->vcd.dump(writer->context.time());
}

static void trace_end(struct writer *writer)
{
	writer->vcd.close();
}
#else
static void trace_open(struct writer *, const char *trace)
{
	fprintf(stderr, "%s: this program was built without tracing\n", trace);
	exit(2);
}

static void trace_step(struct writer *)
{
}

static void trace_end(struct writer *)
{
}
#endif

struct writer *writer_new(unsigned int seed, const char *trace)
{
	struct writer *writer = new struct writer;

	writer->context.randReset(2);
	writer->context.randSeed(seed | 1);
	writer->top.reset(new Vfpgabuf_writer(&writer->context));
	if (trace)
		trace_open(writer, trace);
	return writer;
}

static void put_inputs(Vfpgabuf_writer *top, const struct pins *pins)
{
	top->rst_n = pins->rst_n;
	top->s_axi_awaddr = pins->lite_awaddr;
	top->s_axi_awvalid = pins->lite_awvalid;
	top->s_axi_wdata = pins->lite_wdata;
	top->s_axi_wstrb = pins->lite_wstrb;
	top->s_axi_wvalid = pins->lite_wvalid;
	top->s_axi_bready = pins->lite_bready;
	top->s_axi_araddr = pins->lite_araddr;
	top->s_axi_arvalid = pins->lite_arvalid;
	top->s_axi_rready = pins->lite_rready;
	top->s_axis_tdata = pins->tdata;
	top->s_axis_tkeep = pins->tkeep;
	top->s_axis_tlast = pins->tlast;
	top->s_axis_tvalid = pins->tvalid;
	top->m_axi_awready = pins->awready;
	top->m_axi_wready = pins->wready;
	top->m_axi_bresp = pins->bresp;
	top->m_axi_bvalid = pins->bvalid;
}

static void get_outputs(struct pins *pins, const Vfpgabuf_writer *top)
{
	pins->irq = top->irq;
	pins->lite_awready = top->s_axi_awready;
	pins->lite_wready = top->s_axi_wready;
	pins->lite_bresp = top->s_axi_bresp;
	pins->lite_bvalid = top->s_axi_bvalid;
	pins->lite_arready = top->s_axi_arready;
	pins->lite_rdata = top->s_axi_rdata;
	pins->lite_rresp = top->s_axi_rresp;
	pins->lite_rvalid = top->s_axi_rvalid;
	pins->tready = top->s_axis_tready;
	pins->awaddr = top->m_axi_awaddr;
	pins->awlen = top->m_axi_awlen;
	pins->awsize = top->m_axi_awsize;
	pins->awburst = top->m_axi_awburst;
	pins->awvalid = top->m_axi_awvalid;
	pins->wdata = top->m_axi_wdata;
	pins->wstrb = top->m_axi_wstrb;
	pins->wlast = top->m_axi_wlast;
	pins->wvalid = top->m_axi_wvalid;
	pins->bready = top->m_axi_bready;
}

static void level(struct writer *writer, int clk)
{
	writer->top->clk = clk;
	writer->top->eval();
	writer->context.timeInc(HALF_CYCLE);
	trace_step(writer);
}

void writer_clock(struct writer *writer, struct pins *pins)
{
	put_inputs(writer->top.get(), pins);
	level(writer, 0);
	level(writer, 1);
	get_outputs(pins, writer->top.get());
}

void writer_end_trace(struct writer *writer)
{
	trace_end(writer);
}

void writer_free(struct writer *writer)
{
	writer->top->final();
	trace_end(writer);
	delete writer;
}
