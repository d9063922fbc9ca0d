# SPDX-License-Identifier: GPL-2.0-only
#
# tables.jq --slurp --arg kernel NAME FIGURES - tables of one kernel, and whether
# they are as promised

include "figures";

[.[] | select(.kernel == $kernel)] as $all |
([$all[] | select(.kind == "bench" and .region == 33554432)]) as $sends |
([$all[] | select(.kind == "bench" and .region != 33554432)]) as $regions |
([$all[] | select(.kind == "copies")]) as $copies |
([$all[] | select(.kind == "capture")]) as $captures |

"",
"Linux \($kernel)",
($sends | table("Instructions per byte sent, by size of a send:"; name; .size;
  if .least then per_byte | fixed(3) else empty end)),
([$sends[] | select(.error) | "\(name): \(.error)"] | unique[]),
($regions | table("Instructions per byte, 1 MiB sent at a time, by size of the region:";
  name; .region; per_byte | fixed(3))),
"",
([$all[] | select(.kind == "bench" and .least)] |
  "Each is the least of \(map(.runs) | min) runs; the most was \(map(spread) | max | fixed(1)) % more, in the middle \(map(spread) | sort | .[length / 2 | floor] | fixed(1)) %.",
  "Runs in which the connection came to a halt are not counted: \(map(.rejected) | add) of \(map(.runs + .rejected) | add)."),
($copies | table("Bytes copied per byte sent:"; name; .size; copied | fixed(2))),
($captures | map(. as $row | ("queue", "dequeue", "sync", "fault") |
    {backend: $row.backend, size: $row.size, what: ., value: $row[.]}) |
  table("Instructions for a capture, and to map the region:";
    "\(.backend) \(.size | size)"; .what; .value)),
"",
"As promised?",
"",
($all | promises($kernel) | (if met then "met     " else "NOT MET " end) + .what)
