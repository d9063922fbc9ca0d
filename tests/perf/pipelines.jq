# SPDX-License-Identifier: GPL-2.0-only
#
# pipelines.jq --slurp --arg kernel NAME FIGURES - the whole pipeline on one kernel, and
# whether it is as promised

include "figures";

"",
"Linux \($kernel)",
table("Instructions per byte to capture and send, of all programs and the kernel:";
  pipeline_name; if .size > 0 then .size else "default" end; whole | fixed(3)),
"",
"As promised?",
"",
(choices, headers | (if met then "met     " else "NOT MET " end) + .what)
