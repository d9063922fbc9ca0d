/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_SCOPE_SVG_H
#define FPGABUF_SCOPE_SVG_H

#include <stdio.h>

#include "scope/figure.h"

/* Where in the picture the values of a panel are, in pixels */
#define SVG_LEFT	80.0
#define SVG_WIDTH	800.0
#define SVG_HEIGHT	250.0
#define SVG_SAMPLES_TOP 40.0
#define SVG_LEVELS_TOP	350.0

/* Of more values than that, every pixel has the least and the largest. */
#define SVG_MAX_POINTS 1600U

/* A figure as SVG */
void svg_print(const struct figure *figure, FILE *out);

#endif /* FPGABUF_SCOPE_SVG_H */
