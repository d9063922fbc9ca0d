# SPDX-License-Identifier: GPL-2.0-only
#
# summary.jq --slurp FIGURES - one screen of all kernels: what a reader of the
# documentation wants to know

include "figures";

def any_of($list): . as $one | $list | index([$one]) != null;

# How many promises of each kernel are kept, and the one that is farthest from it
def kept:
  . as $all | ordered(.kernel)[] as $kernel |
  [$all[] | select(.kernel == $kernel)] |
  [promises($kernel)] as $promises |
  ([$promises[] | select(met | not)] | sort_by(.value / .limit)) as $missed |
  ("Linux \($kernel)" | left(14)) +
  "\($promises | length - ($missed | length)) of \($promises | length)" +
  (if $missed == [] then "" else ", worst: " + $missed[-1].what end);

["remap_pfn_range, send()", "malloc huge, zerocopy", "folio, zerocopy", "folio, uring",
 "folio, auto"] as $by_size |
($by_size + ["malloc, zerocopy", "tmpfs, sendfile()", "folio, copy", "pages, zerocopy",
             "carve-out, zerocopy"]) as $by_kernel |
[.[] | select(.kind == "bench" and .region == 33554432 and .least)] as $sends |
[.[] | select(.kind == "capture")] as $captures |

([$sends[] | select(.kernel == "6.1" and (name | any_of($by_size)))] |
  table("Instructions per byte sent, Linux 6.1, by size of a send:"; name; .size;
    per_byte | fixed(3))),
([$sends[] | select(.size == 1048576 and (name | any_of($by_kernel)))] |
  table("The same for sends of 1 MiB, by kernel:"; name; .kernel; per_byte | fixed(3))),
([$captures[] | select(.size == 1048576 and .backend == "folio")] |
  map(. as $row | ("queue", "dequeue", "sync") |
    {kernel: $row.kernel, what: "folio, \(.)", value: $row[.]}) |
  table("Instructions for a capture of 1 MiB, by kernel:"; .what; .kernel; .value)),
"",
"Promises kept:",
"",
kept
