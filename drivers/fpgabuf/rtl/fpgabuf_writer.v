// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// fpgabuf_writer - writes an AXI stream to memory
//
// Software queues captures, each an address and a length.  The writer fills
// them one after the other, without a gap, and says how many bytes each has.
// Two captures can be queued; one that has ended counts until it is
// acknowledged.
//
// Registers, of 32 bits, at byte addresses of the AXI4-Lite port.  Write whole
// words; a write with fewer strobes is answered and ignored.  What is not
// listed reads as 0.
//
//  0x00 ID       read only: 0x46504257, "FPBW"
//  0x04 VERSION  read only: 31:24 version, 1
//                           23:16 BYTES_LOG2: addresses and lengths are
//                                 multiples of 1 << BYTES_LOG2 bytes
//                           15:8  ADDR_WIDTH
//                            7:0  captures that can be queued, 2
//  0x08 CONTROL  write 1:   0 GO    queue a capture of ADDR_* and LENGTH
//                           1 STOP  end all captures; wins over GO
//                reads as 2 while it stops
//  0x0c CONFIG   0 DROP        TREADY is always high; a beat that finds no
//                              capture, or no room, is lost.  Otherwise the
//                              stream waits, and nothing is lost
//                1 IRQ_ENABLE  the interrupt is high as long as DONE is set
//  0x10 STATUS   0 DONE     a capture has ended, and its bytes are in memory.
//                           Write 1 to acknowledge it, then the next one shows
//                1 BUSY     a capture has not ended
//                2 QUIET    not BUSY: nothing is being written, nor will be
//                           before the next GO
//                3 READY    GO is possible
//                4 REFUSED  a GO did nothing: it was not READY, LENGTH was 0,
//                           address or length was not aligned, or the end
//                           is beyond ADDR_WIDTH.  Write 1 to clear
//                of the capture that DONE shows, 0 without DONE:
//                8 LAST     it ended with TLAST
//                9 OVERRUN  the stream lost beats since the capture before it
//                           ended, or since reset (DROP only)
//               10 ERROR    memory has answered a write with an error; some
//                           bytes are not there
//               11 STOPPED  it was ended by STOP
//  0x14 BYTES    read only: bytes of the capture that DONE shows, 0 without
//                DONE.  They begin at its address
//  0x18 ADDR_LO  byte address as the interconnect knows it, for the next GO
//  0x1c ADDR_HI
//  0x20 LENGTH   bytes, for the next GO
//
// Stream: TKEEP counts on a beat with TLAST only, where its ones are adjacent
// and begin with bit 0; all may be 0.  Other beats are whole.  A capture ends
// with TLAST or when it is full.  It begins with the next beat, whether a
// packet begins there or not: a packet longer than its capture goes on in the
// next one.
//
// Memory: incrementing bursts of at most 1 << BURST_LOG2 beats, each within one
// aligned block of that size, so none crosses 4 KiB.  A burst is asked for when
// all its data are here, so the stream never holds up the interconnect.  WVALID
// does not wait for AWREADY.  All writes have one ID: their answers come in
// order.  At most 16 bursts have all their data and no answer.  AXI4 lets a
// bufferable write be answered before it is in memory; the default of AWCACHE
// is not bufferable.
//
// STOP takes no more beats, writes those that it has, waits for the answers,
// and then shows every queued capture as done.  If memory never answers, it is
// never QUIET.  Reset does not wait: stop first.
//
// Not here: unaligned addresses, lists of segments, several streams, ATOP, QoS,
// user signals, parity, a second clock.

`default_nettype none

module fpgabuf_writer #(
	parameter BYTES_LOG2 = 3,	// of a beat, 0 to 6
	parameter ADDR_WIDTH = 32,	// at most 64
	parameter BURST_LOG2 = 6,	// 1 to 6; 4 for AXI3
	parameter FIFO_LOG2 = 7,	// beats; more than BURST_LOG2, or equal
					// where the stream may wait
	parameter [3:0] AWCACHE = 4'b0010,	// 1111 for a coherent port
	parameter [2:0] AWPROT = 3'b000
) (
	input wire clk,
	input wire rst_n,	// synchronous
	output wire irq,	// level

	input wire [5:0] s_axi_awaddr,
	input wire s_axi_awvalid,
	output reg s_axi_awready,
	input wire [31:0] s_axi_wdata,
	input wire [3:0] s_axi_wstrb,
	input wire s_axi_wvalid,
	output wire s_axi_wready,
	output wire [1:0] s_axi_bresp,
	output reg s_axi_bvalid,
	input wire s_axi_bready,
	input wire [5:0] s_axi_araddr,
	input wire s_axi_arvalid,
	output reg s_axi_arready,
	output reg [31:0] s_axi_rdata,
	output wire [1:0] s_axi_rresp,
	output reg s_axi_rvalid,
	input wire s_axi_rready,

	input wire [(8 << BYTES_LOG2) - 1:0] s_axis_tdata,
	input wire [(1 << BYTES_LOG2) - 1:0] s_axis_tkeep,
	input wire s_axis_tlast,
	input wire s_axis_tvalid,
	output wire s_axis_tready,

	output reg [ADDR_WIDTH - 1:0] m_axi_awaddr,
	output reg [7:0] m_axi_awlen,
	output wire [2:0] m_axi_awsize,
	output wire [1:0] m_axi_awburst,
	output wire [3:0] m_axi_awcache,
	output wire [2:0] m_axi_awprot,
	output reg m_axi_awvalid,
	input wire m_axi_awready,
	output wire [(8 << BYTES_LOG2) - 1:0] m_axi_wdata,
	output wire [(1 << BYTES_LOG2) - 1:0] m_axi_wstrb,
	output wire m_axi_wlast,
	output wire m_axi_wvalid,
	input wire m_axi_wready,
	input wire [1:0] m_axi_bresp,
	input wire m_axi_bvalid,
	output wire m_axi_bready
);
	localparam BYTES = 1 << BYTES_LOG2;
	localparam [5:0] ID = 6'h00, VERSION = 6'h04, CONTROL = 6'h08,
		CONFIG = 6'h0c, STATUS = 6'h10, COUNT = 6'h14, ADDR_LO = 6'h18,
		ADDR_HI = 6'h1c, LENGTH = 6'h20;
	localparam [7:0] LOG2_8 = BYTES_LOG2[7:0],
		WIDTH_8 = ADDR_WIDTH[7:0];

	// Captures are numbered; the lowest bit is the place of a capture.  Those
	// before put are queued, before col have all their beats, before fin are
	// in memory, before ack are acknowledged.
	reg [1:0] put, col, fin, ack;
	reg [ADDR_WIDTH - 1:0] slot_addr [0:1];
	reg [31 - BYTES_LOG2:0] slot_beats [0:1];
	reg [31:0] slot_bytes [0:1];
	reg [4:0] slot_end [0:1];	// pushed, when the capture had all
	reg [1:0] slot_last, slot_lost, slot_error, slot_stopped;

	// Bursts are counted; the lower bits are the place of a burst.  Those
	// before pushed have all their beats, before sent are being written,
	// before answered are in memory.
	reg [4:0] pushed, sent, answered;
	reg [ADDR_WIDTH - 1:0] burst_addr [0:15];
	reg [7:0] burst_beats [0:15];
	wire [4:0] open = pushed - answered;

	reg stopping;
	wire busy = put != fin;
	wire done = fin != ack;
	wire [1:0] held = put - ack;
	wire ready = held < 2 && !stopping;

	// ---- Registers ----------------------------------------------------

	reg [31:0] addr_lo, addr_hi, length;
	reg drop, irq_enable, refused;

	wire write = s_axi_awready && &s_axi_wstrb;
	wire write_control = write && s_axi_awaddr == CONTROL;
	wire write_status = write && s_axi_awaddr == STATUS;
	wire stop = write_control && s_axi_wdata[1];
	wire go = write_control && s_axi_wdata[0];

	wire [63:0] addr = {addr_hi, addr_lo};
	wire [64:0] final_byte = {1'b0, addr} + {33'b0, length} - 1;
	wire [31:0] low = addr_lo | length;
	wire aligned = (low & (BYTES - 1)) == 0;
	wire fits = length != 0 && (final_byte >> ADDR_WIDTH) == 0;
	wire queue = go && !stop && ready && aligned && fits;

	wire shown = ack[0];
	wire [31:0] status = {20'b0,
		done ? {slot_stopped[shown], slot_error[shown],
			slot_lost[shown], slot_last[shown]} : 4'b0,
		3'b0, refused, ready, !busy, busy, done};

	assign irq = irq_enable && done;
	assign s_axi_wready = s_axi_awready;
	assign s_axi_bresp = 2'b00;
	assign s_axi_rresp = 2'b00;

	always @(posedge clk)
		if (s_axi_arready)
			case (s_axi_araddr)
			ID: s_axi_rdata <= 32'h46504257;
			VERSION: s_axi_rdata <= {8'd1, LOG2_8, WIDTH_8, 8'd2};
			CONTROL: s_axi_rdata <= {30'b0, stopping, 1'b0};
			CONFIG: s_axi_rdata <= {30'b0, irq_enable, drop};
			STATUS: s_axi_rdata <= status;
			COUNT: s_axi_rdata <= done ? slot_bytes[shown] : 0;
			ADDR_LO: s_axi_rdata <= addr_lo;
			ADDR_HI: s_axi_rdata <= addr_hi;
			LENGTH: s_axi_rdata <= length;
			default: s_axi_rdata <= 0;
			endcase

	always @(posedge clk)
		if (!rst_n) begin
			s_axi_awready <= 0;
			s_axi_bvalid <= 0;
			s_axi_arready <= 0;
			s_axi_rvalid <= 0;
		end else begin
			s_axi_awready <= s_axi_awvalid && s_axi_wvalid &&
				!s_axi_awready && !s_axi_bvalid;
			s_axi_bvalid <= s_axi_awready ||
				(s_axi_bvalid && !s_axi_bready);
			s_axi_arready <= s_axi_arvalid && !s_axi_arready &&
				!s_axi_rvalid;
			s_axi_rvalid <= s_axi_arready ||
				(s_axi_rvalid && !s_axi_rready);
		end

	always @(posedge clk)
		if (!rst_n) begin
			{addr_lo, addr_hi, length} <= 0;
			{drop, irq_enable, refused, stopping} <= 0;
			put <= 0;
			ack <= 0;
		end else begin
			if (write)
				case (s_axi_awaddr)
				CONFIG: {irq_enable, drop} <= s_axi_wdata[1:0];
				ADDR_LO: addr_lo <= s_axi_wdata;
				ADDR_HI: addr_hi <= s_axi_wdata;
				LENGTH: length <= s_axi_wdata;
				default: ;
				endcase
			if (queue)
				put <= put + 1;
			if (go && !queue)
				refused <= 1;
			else if (write_status && s_axi_wdata[4])
				refused <= 0;
			if (write_status && s_axi_wdata[0] && done)
				ack <= ack + 1;
			stopping <= stop || (stopping && busy);
		end

	always @(posedge clk)
		if (queue) begin
			slot_addr[put[0]] <= addr[ADDR_WIDTH - 1:0];
			slot_beats[put[0]] <= length[31:BYTES_LOG2];
		end

	// ---- From the stream into bursts ----------------------------------

	// The capture that is being filled is col.
	reg active, lost;
	reg [ADDR_WIDTH - 1:0] next_addr;	// of the next beat
	reg [31 - BYTES_LOG2:0] left;		// beats
	reg [31:0] bytes;
	reg [7:0] beats;		// of the burst that is begun

	reg [9 * BYTES - 1:0] fifo [0:(1 << FIFO_LOG2) - 1];
	reg [FIFO_LOG2:0] fifo_in, fifo_out;
	wire [FIFO_LOG2:0] fill = fifo_in - fifo_out;

	wire room = open < 16 && fill < 1 << FIFO_LOG2;
	wire can = active && !stopping && room;
	wire take = s_axis_tvalid && can;
	wire lose = s_axis_tvalid && drop && !can;
	wire filled = take && (s_axis_tlast || left == 1);
	wire halted = active && stopping && room;
	wire ended = filled || halted;
	wire block_end = &next_addr[BYTES_LOG2 +: BURST_LOG2];
	wire cut = filled || (take && block_end) || (halted && beats != 0);

	wire [BYTES - 1:0] keep = s_axis_tlast ? s_axis_tkeep : {BYTES{1'b1}};
	wire [ADDR_WIDTH - 1:0] begun =
		{{ADDR_WIDTH - 8{1'b0}}, beats};
	wire [7:0] beats_now = beats + (take ? 1 : 0);
	wire [31:0] bytes_now = bytes + (take ? ones(keep) : 0);

	// The one after it follows at once.
	wire [1:0] col_now = ended ? col + 2'd1 : col;
	wire load = (ended || !active) && put != col_now;

	assign s_axis_tready = drop || can;

	function [31:0] ones(input [BYTES - 1:0] bits);
		integer i;
		begin
			ones = 0;
			for (i = 0; i < BYTES; i = i + 1)
				ones = ones + {31'b0, bits[i]};
		end
	endfunction

	always @(posedge clk)
		if (take)
			fifo[fifo_in[FIFO_LOG2 - 1:0]] <= {keep, s_axis_tdata};

	always @(posedge clk)
		if (!rst_n) begin
			{active, lost} <= 0;
			col <= 0;
			pushed <= 0;
			beats <= 0;
			bytes <= 0;
			fifo_in <= 0;
		end else begin
			active <= load || (active && !ended);
			lost <= lose || (lost && !ended);
			col <= col_now;
			bytes <= ended ? 0 : bytes_now;
			beats <= cut ? 0 : beats_now;
			if (cut)
				pushed <= pushed + 1;
			if (take)
				fifo_in <= fifo_in + 1;
		end

	always @(posedge clk) begin
		if (load) begin
			next_addr <= slot_addr[col_now[0]];
			left <= slot_beats[col_now[0]];
		end else if (take) begin
			next_addr <= next_addr + BYTES;
			left <= left - 1;
		end
		if (cut) begin
			burst_addr[pushed[3:0]] <=
				next_addr - (begun << BYTES_LOG2);
			burst_beats[pushed[3:0]] <= beats_now;
		end
		if (ended) begin
			slot_bytes[col[0]] <= bytes_now;
			slot_end[col[0]] <= pushed + (cut ? 1 : 0);
			slot_last[col[0]] <= take && s_axis_tlast;
			slot_lost[col[0]] <= lost;
			slot_stopped[col[0]] <= halted;
		end
	end

	// ---- From the bursts to memory ------------------------------------

	reg [7:0] to_send;	// beats of the burst being written
	wire sent_beat = m_axi_wvalid && m_axi_wready;
	wire begin_burst = sent != pushed &&
		(!m_axi_awvalid || m_axi_awready) &&
		(!m_axi_wvalid || (m_axi_wlast && m_axi_wready));

	assign m_axi_awsize = LOG2_8[2:0];
	assign m_axi_awburst = 2'b01;
	assign m_axi_awcache = AWCACHE;
	assign m_axi_awprot = AWPROT;
	assign m_axi_wvalid = to_send != 0;
	assign m_axi_wlast = to_send == 1;
	assign {m_axi_wstrb, m_axi_wdata} = fifo[fifo_out[FIFO_LOG2 - 1:0]];

	always @(posedge clk)
		if (!rst_n) begin
			m_axi_awvalid <= 0;
			to_send <= 0;
			sent <= 0;
			fifo_out <= 0;
		end else begin
			m_axi_awvalid <= begin_burst ||
				(m_axi_awvalid && !m_axi_awready);
			if (sent_beat) begin
				to_send <= to_send - 1;
				fifo_out <= fifo_out + 1;
			end
			if (begin_burst) begin
				to_send <= burst_beats[sent[3:0]];
				sent <= sent + 1;
			end
		end

	always @(posedge clk)
		if (begin_burst) begin
			m_axi_awaddr <= burst_addr[sent[3:0]];
			m_axi_awlen <= burst_beats[sent[3:0]] - 1;
		end

	// ---- Answers ------------------------------------------------------

	// An answer that comes meanwhile is of the next capture, and waits.
	wire finish = fin != col && answered == slot_end[fin[0]];
	wire answer = m_axi_bvalid && m_axi_bready;

	assign m_axi_bready = !finish;

	always @(posedge clk)
		if (!rst_n) begin
			fin <= 0;
			answered <= 0;
			slot_error <= 0;
		end else begin
			if (finish)
				fin <= fin + 1;
			if (answer) begin
				answered <= answered + 1;
				slot_error[fin[0]] <= slot_error[fin[0]] ||
					m_axi_bresp >= 2'b10;
			end
			if (queue)
				slot_error[put[0]] <= 0;
		end
endmodule

`default_nettype wire
