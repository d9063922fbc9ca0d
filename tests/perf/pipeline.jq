# SPDX-License-Identifier: GPL-2.0-only
#
# pipeline.jq --slurp FIGURES - the whole pipeline on all kernels, for the
# documentation

include "figures";

[.[] | select(.size == 2097152 or .size == 65536 or .size == 4096) |
       select(plain and (.engine | IN("today", "copy", "auto", "default")) or
              .network == "at once" and (.engine | IN("auto", "splice")) and
              .peers <= 4 and .clients == 0)] |
table("Instructions per byte to capture and send, by kernel and size of a capture:"; 24; 9;
  pipeline_name; "\(.kernel) \(.size | size)"; whole | fixed(3))
