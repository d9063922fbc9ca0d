# SPDX-License-Identifier: GPL-2.0-only
#
# waveform.awk -v signals="NAME..." -v from=NS FILE.vcd - the picture of a waveform,
# as SVG
#
# Of the ports alone, which are in the outermost scope; a name "-" is a small gap.
# Signals of one bit are lines, others have their value where it changes.

function grow(name, text) {
  picture[name] = picture[name] text
}

function x(time) {
  return LEFT + int((time - from) * PER_NS)
}

function hex(bits,    i, digit, text) {
  while (length(bits) % 4) {
    bits = "0" bits
  }
  for (i = 1; i <= length(bits); i += 4) {
    digit = 8 * substr(bits, i, 1) + 4 * substr(bits, i + 1, 1) \
      + 2 * substr(bits, i + 2, 1) + substr(bits, i + 3, 1)
    text = text substr("0123456789abcdef", digit + 1, 1)
  }
  sub(/^0+/, "", text)
  return text == "" ? "0" : text
}

# The line of a bit begins where the picture does.
function begin(    name) {
  begun = 1
  for (name in level) {
    if (width[name] == 1) {
      grow(name, "M" LEFT " " height(name, level[name]))
    }
  }
}

function height(name, value) {
  return top[name] + (value ? 0 : HIGH)
}

# A line goes to the value at its time; the value of several bits is written behind.
function change(name, value) {
  if (begun && level[name] != value && width[name] == 1) {
    grow(name, "H" x(time) "V" height(name, value))
  } else if (begun && level[name] != value) {
    marks = marks sprintf("<path class=\"v\" d=\"M%d %dv%d\"/><text class=\"v\" x=\"%d\" y=\"%d\">%s</text>\n",
      x(time), top[name], HIGH, x(time) + 2, top[name] + HIGH - 2, hex(value))
  }
  level[name] = value
}

BEGIN {
  LEFT = 120
  HIGH = 10
  STEP = 18
  PER_NS = 0.8
  y = 12
  count = split(signals, row, " ")
  for (i = 1; i <= count; i++) {
    if (row[i] == "-") {
      y += STEP / 2
      continue
    }
    top[row[i]] = y
    y += STEP
  }
}

$1 == "$scope" { depth++ }
$1 == "$upscope" { depth-- }
$1 == "$var" && depth == 1 && $5 in top {
  name_of[$4] = $5
  width[$5] = $3
}
/^#/ {
  time = substr($1, 2) + 0
  if (time >= from && !begun) {
    begin()
  }
}
/^[01]/ {
  code = substr($1, 2)
  if (code in name_of) {
    change(name_of[code], substr($1, 1, 1) + 0)
  }
}
/^b/ {
  if ($2 in name_of) {
    change(name_of[$2], substr($1, 2))
  }
}

END {
  printf "<!-- SPDX-License-Identifier: GPL-2.0-only -->\n"
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\">\n",
    x(time) + 8, y
  print "<style>text{font:11px monospace;fill:#333}text.v{font-size:9px}"
  print "path{fill:none;stroke:#1f6fb2}path.v{stroke:#999}</style>"
  print "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
  for (i = 1; i <= count; i++) {
    if (row[i] == "-") {
      continue
    }
    if (!(row[i] in width)) {
      print "waveform.awk: no port " row[i] >"/dev/stderr"
      exit 1
    }
    printf "<text x=\"4\" y=\"%d\">%s</text>\n", top[row[i]] + HIGH - 1, row[i]
    if (width[row[i]] == 1) {
      printf "<path d=\"%sH%d\"/>\n", picture[row[i]], x(time)
    }
  }
  printf "%s</svg>\n", marks
}
