# SPDX-License-Identifier: GPL-2.0-only
#
# figures.jq - what can be read from the figures, and what is promised of them; for
# jq -L tests/perf, and include "figures"

def fixed($digits):
  pow(10; $digits) as $scale | (. * $scale | round) as $n |
  ($n / $scale | floor | tostring) + "." +
  (($n % $scale + $scale | tostring)[1:]);

def left($width): . + " " * ([$width - length, 0] | max) | .[:$width];
def right($width): tostring | " " * ([$width - length, 0] | max) + .;

def size:
  if . >= 1048576 then "\(. / 1048576)M" else "\(. / 1024)K" end;

def name: "\(.memory), \(.way)";

def per_byte: .least / .bytes;

def copied: (.sent - .attached + .recopied) / .sent;

# What is the same of each, in the order of its first appearance
def ordered(f): reduce .[] as $x ([]; if index([$x | f]) then . else . + [$x | f] end);

# table(title; width; columns; cell): a row for each name
def table($title; $width; $cells; rows; column; cell):
  . as $all |
  ($all | ordered(column)) as $columns |
  "", $title, "",
  ("" | left($width)) + ($columns | map(if type == "number" then size else . end | right($cells)) | add),
  (($all | ordered(rows))[] as $row |
    ($row | left($width)) + ($columns | map(. as $column |
      [$all[] | select((rows) == $row and (column) == $column) | cell]
      | (first // "-") | right($cells)) | add));

def table($title; $width; rows; column; cell):
  table($title; $width; 8; rows; column; cell);

def table($title; rows; column; cell): table($title; 32; rows; column; cell);

# A promise without a figure is not kept.
def find($memory; $way; $size; $region):
  first(.[] | select(.kind == "bench" and .memory == $memory and .way == $way and
                     .size == $size and .region == $region and .least)) //
  error("no figure for \($memory), \($way), \($size), \($region)");

# How far several runs were apart
def spread: (.most / .least - 1) * 100;

def check($what; $value; $limit):
  {$value, $limit, what: "\($value | fixed(3)) <= \($limit | fixed(3))  \($what)"};

def met: .value <= .limit;

# Of the whole pipeline: bytes that have been captured, for each peer that gets them
def payload:
  (if .size > 0 then .captures * .size else .bytes / 2 end) * .peers *
  ([.clients, 1] | max);

def pipeline_name:
  "\(.network), \(.engine)" + (if .framed then ", framed" else "" end) +
  (if .peers > 1 then ", \(.peers) peers" else "" end) +
  (if .clients > 0 then ", share of \(.clients)" else "" end);

def whole: .instructions / payload;
def whole_of($row): $row | whole;

# One peer, and nothing else that costs more
def plain: .peers == 1 and .clients == 0 and (.framed | not) and .size > 0;

# The engine auto may copy, but must not be dearer than to copy all: with a number of
# captures, and as it is by default with a number of bytes.
def choices:
  [.[] | select(.kind == "pipeline" and plain)] |
  group_by([.network, .size])[] |
  ("auto", "default") as $engine |
  (map(select(.engine == $engine)) | first) as $auto |
  (map(select(.engine == "copy")) | first) as $copy |
  select($auto and $copy) |
  check("of copying, \($engine), whole pipeline, \($auto.network), \($auto.size | size)";
    whole_of($auto) / whole_of($copy); 1.02);

# Headers are cheap.
def headers:
  [.[] | select(.kind == "pipeline" and .network == "at once" and .engine == "auto" and
                .peers == 1 and .clients == 0 and .size > 0)] |
  group_by(.size)[] |
  (map(select(.framed)) | first) as $framed |
  (map(select(.framed | not)) | first) as $bare |
  select($framed and $bare) |
  check("of the same without headers, whole pipeline, \($bare.size | size)";
    $framed.instructions / $bare.instructions;
    if $bare.size < 65536 then 1.15 else 1.03 end);

# What is promised of costs, for PCs: elsewhere a copy takes other instructions, and
# a capture means maintenance of caches.
def costs($kernel):
  . as $all |
  [.[] | select(.kind == "bench" and .region == 33554432)] as $sends |
  [.[] | select(.kind == "capture")] as $captures |
  ($all | find("remap_pfn_range"; "send()"; 1048576; 33554432) | per_byte) as $status_quo |
  ($all | find("malloc"; "zerocopy"; 1048576; 33554432) | per_byte) as $small |
  ($all | find("malloc huge"; "zerocopy"; 1048576; 33554432) | per_byte) as $huge |
  (if $kernel == "6.1" then 0.60 else 0.72 end) as $limit |
  ((2, 4, 6, 24) as $mib |
    ($all | find("folio"; "zerocopy"; 1048576; $mib * 1048576) | per_byte) as $ours |
    check("of send(), regions of \($mib) MiB"; $ours / $status_quo; $limit),
    ($all | find("folio"; "uring"; 1048576; $mib * 1048576) | per_byte) as $uring |
    check("of send(), regions of \($mib) MiB, with uring"; $uring / $status_quo; $limit),
    check("of MSG_ZEROCOPY from malloc, regions of \($mib) MiB"; $ours / $small; 0.85),
    check("of the same with huge pages, regions of \($mib) MiB"; $ours / $huge; 1.01)),
  ((1, 1.5) as $mib |
    ($all | find("folio"; "zerocopy"; 1048576; $mib * 1048576) | per_byte) as $ours |
    check("of MSG_ZEROCOPY from malloc, regions of \($mib) MiB"; $ours / $small; 0.92)),
  (($sends | ordered(.size))[] as $size |
    [$sends[] | select(.size == $size and .memory == "folio" and .least)] |
    (map(select(.way == "auto") | per_byte) | first) as $auto |
    (map(select(.way != "auto") | per_byte) | min) as $best |
    check("of the best engine, auto, sends of \($size | size)"; $auto / $best; 1.02)),
  (first($captures[] | select(.backend == "folio" and .size == 1048576)) |
    ((.queue + .dequeue + .sync) / 1048576) as $capture |
    ($all | find("folio"; "zerocopy"; 1048576; 1048576) | per_byte) as $send |
    check("of sending 1 MiB, to capture it"; $capture / $send; 0.03)),
  ([$captures[] | select(.backend == "folio") | {size, cost: (.queue + .dequeue)}] |
    . as $rows | ($rows[] | select(.size != 4194304)) as $row |
    ($rows[] | select(.size == 16 * $row.size)) as $large |
    check("QUEUE and DEQUEUE, folios, \($row.size | size) to \($large.size | size)";
      $large.cost / $row.cost; 2));

# And of copies, everywhere
def copies:
  [.[] | select(.kind == "copies")] as $copies |
  ([$copies[] | select(.way == "zerocopy" or .way == "uring") | copied] | max |
    check("bytes copied, zerocopy and uring, all sizes and backends"; .; 0.004)),
  ([$copies[] | select(.way == "copy" or .way == "send()") | 1 - copied | fabs] | max |
    check("bytes not copied, send() and copy"; .; 0.01));

# All that is promised of one kernel, whose figures these are
def promises($kernel):
  copies, (if $kernel == "arm64" then empty else costs($kernel) end);
