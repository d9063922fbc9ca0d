# SPDX-License-Identifier: GPL-2.0-only
#
# pipeline.jq --slurp FIGURES - the whole pipeline on all kernels, for the
# documentation

include "figures";

[.[] | select(.peers == 1 and (.framed | not) and .size > 0 and .engine != "uring")] |
table("Instructions per byte to capture and send, by kernel and size of a capture:";
  pipeline_name; "\(.kernel) \(.size | size)"; whole | fixed(3))
