// SPDX-License-Identifier: GPL-2.0-only
//
// The rules of AXI that a writer keeps by itself, as assertions.
//
// They are bound to the writer, which knows nothing of them.  Each names its
// clock: Verilator 5.006 stops now and then at a default one ("Can't locate
// package scope").

module rules #(
	parameter BYTES_LOG2 = 3,
	parameter ADDR_WIDTH = 32,
	parameter BURST_LOG2 = 6
) (
	input wire clk,
	input wire rst_n,
	input wire [31:0] s_axi_rdata,
	input wire s_axi_rvalid,
	input wire s_axi_rready,
	input wire s_axi_bvalid,
	input wire s_axi_bready,
	input wire [ADDR_WIDTH - 1:0] m_axi_awaddr,
	input wire [7:0] m_axi_awlen,
	input wire [2:0] m_axi_awsize,
	input wire [1:0] m_axi_awburst,
	input wire m_axi_awvalid,
	input wire m_axi_awready,
	input wire [(8 << BYTES_LOG2) - 1:0] m_axi_wdata,
	input wire [(1 << BYTES_LOG2) - 1:0] m_axi_wstrb,
	input wire m_axi_wlast,
	input wire m_axi_wvalid,
	input wire m_axi_wready
);
	wire [31:0] first = {20'b0, m_axi_awaddr[11:0]};
	wire [31:0] bytes = ({24'b0, m_axi_awlen} + 1) << BYTES_LOG2;

	// What is offered stays, and stays the same, until it is taken.
	aw_stays: assert property (@(posedge clk) disable iff (!rst_n)
		m_axi_awvalid && !m_axi_awready |=>
		m_axi_awvalid && $stable(m_axi_awaddr) && $stable(m_axi_awlen))
		else $error("AW changed before AWREADY");
	w_stays: assert property (@(posedge clk) disable iff (!rst_n)
		m_axi_wvalid && !m_axi_wready |=>
		m_axi_wvalid && $stable(m_axi_wdata) &&
		$stable(m_axi_wstrb) && $stable(m_axi_wlast))
		else $error("W changed before WREADY");
	r_stays: assert property (@(posedge clk) disable iff (!rst_n)
		s_axi_rvalid && !s_axi_rready |=>
		s_axi_rvalid && $stable(s_axi_rdata))
		else $error("R changed before RREADY");
	b_stays: assert property (@(posedge clk) disable iff (!rst_n)
		s_axi_bvalid && !s_axi_bready |=>
		s_axi_bvalid)
		else $error("BVALID went away before BREADY");

	// What a burst may be
	burst_aligned: assert property (@(posedge clk) disable iff (!rst_n)
		m_axi_awvalid |->
		(first & ((1 << BYTES_LOG2) - 1)) == 0)
		else $error("a burst begins within a beat");
	burst_4k: assert property (@(posedge clk) disable iff (!rst_n)
		m_axi_awvalid |-> first + bytes <= 4096)
		else $error("a burst crosses 4 KiB");
	burst_length: assert property (@(posedge clk) disable iff (!rst_n)
		m_axi_awvalid |->
		{24'b0, m_axi_awlen} < 1 << BURST_LOG2)
		else $error("a burst has too many beats");
	burst_kind: assert property (@(posedge clk) disable iff (!rst_n)
		m_axi_awvalid |->
		m_axi_awburst == 2'b01 && m_axi_awsize == BYTES_LOG2[2:0])
		else $error("a burst is not one of whole, ascending beats");
endmodule

bind fpgabuf_writer rules #(
	.BYTES_LOG2(BYTES_LOG2),
	.ADDR_WIDTH(ADDR_WIDTH),
	.BURST_LOG2(BURST_LOG2)
) axi_rules (.*);
