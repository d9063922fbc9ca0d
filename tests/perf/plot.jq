# SPDX-License-Identifier: GPL-2.0-only
#
# plot.jq --slurp --arg kernels NAMES FIGURES - what the plot shows, for gnuplot: a
# block of sizes and instructions per byte for each kernel and way

["remap_pfn_range, send()", "malloc, zerocopy", "malloc huge, zerocopy",
 "folio, zerocopy", "folio, auto"] as $shown |
. as $all |
($kernels | split(" "))[] as $kernel | $shown[] as $name |
"\"\($name)\"",
($all[] | select(.kernel == $kernel and .kind == "bench" and .region == 33554432
                 and .least and "\(.memory), \(.way)" == $name) |
  "\(.size) \(.least / .bytes)"),
"", ""
