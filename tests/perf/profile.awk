# SPDX-License-Identifier: GPL-2.0-only
#
# profile.awk -v ways=A,B,... -v bytes=N - instructions per byte, by function of the
# kernel and way to send; stdin has, sorted by address:
#
#   ADDRESS 0 FUNCTION     where a function begins
#   ADDRESS 1 WAY COUNT    instructions executed from there on, number of the way

function figure(count) { return count ? sprintf("%10.4f", count / bytes) : "         -" }

function line(title, at,   w) {
  printf "%-36s", title
  for (w = 0; w < ways_n; w++)
    printf "%s", figure(counts[at, w])
  print ""
}

BEGIN { ways_n = split(ways, way, ","); here = "user space" }

$2 == 0 { here = $3; next }

{
  counts[here, $3] += $4
  counts["all", $3] += $4
  if (counts[here, $3] > most[here])
    most[here] = counts[here, $3]
}

END {
  printf "%-36s", ""
  for (w = 1; w <= ways_n; w++)
    printf "%10s", way[w]
  print ""
  line("all", "all")
  print ""
  for (shown = 0; shown < 30; shown++) {
    best = ""
    for (name in most)
      if (best == "" || most[name] > most[best])
        best = name
    if (best == "")
      break
    line(best, best)
    for (w = 0; w < ways_n; w++)
      counts["all", w] -= counts[best, w]
    delete most[best]
  }
  line("all others", "all")
}
