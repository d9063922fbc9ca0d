# SPDX-License-Identifier: GPL-2.0-only
#
# upstream.jq --slurp FIGURES - what sending costs on a kernel without and with our
# patches, and how much that differs

include "figures";

def row:
  if .kind == "pipeline" then "whole pipeline, \(.engine), \(.size | size)"
  else "\(name), \(.size | size)" end;

def cost: if .kind == "pipeline" then whole else per_byte end;

# In per cent, with its sign
def change($from; $to):
  ($to / $from - 1) * 100 |
  (if . < 0 then "-" else "+" end) + (fabs | fixed(1)) + " %";

map(select(.least or .instructions) | {row: row, column: .kernel, cost: cost}) |
. + (group_by(.row) | map(select(length == 2) |
  {row: first.row, column: "change", change: change(.[0].cost; .[1].cost)})) |
table("Instructions per byte:"; 40; .row; .column; .change // (.cost | fixed(3)))
