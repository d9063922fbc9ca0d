# SPDX-License-Identifier: GPL-2.0-only
#
# Wants terminal, output, data and kernels: a panel for each kernel, with five
# blocks of data
SHOWN = 5

set terminal terminal noenhanced size 420 * words(kernels), 420
set output output
set multiplot layout 1, words(kernels)
set logscale x 2
set xrange [4096:16777216]
set yrange [0:2]
set xtics ("4K" 4096, "64K" 65536, "1M" 1048576, "16M" 16777216)
set xlabel "bytes of a send"
set ylabel "instructions per byte sent"
set grid
set key top right
do for [k = 1:words(kernels)] {
	set title "Linux ".word(kernels, k)
	plot for [i = 0:SHOWN - 1] data index (k - 1) * SHOWN + i using 1:2 \
		with linespoints linewidth 2 pointsize 0.5 \
		title columnheader(1)
}
unset multiplot
