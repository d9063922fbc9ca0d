// SPDX-License-Identifier: GPL-2.0-only
/*
 * picture FORMAT [STRIDE] - write a picture of 640x480 pixels to stdout
 *
 * FORMAT is XRGB8888, RGB888 or RGB565, as they lie in memory, or ppm.  STRIDE is
 * the number of bytes from line to line, if there are some between them.
 *
 * It is a waterfall, as of a receiver: frequency from left to right, time
 * downwards, power as colour.  All is computed in integers, so it is the same
 * everywhere.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH	640
#define HEIGHT	480

/* Angles, and the sines of them */
#define TURN	1024
#define UNIT	1024

/* Cells of the name, in pixels, and where it begins */
#define CELL_WIDTH	14
#define CELL_HEIGHT	13
#define NAME_LEFT	33
#define NAME_TOP	182

#define GLYPH_WIDTH	6
#define GLYPH_HEIGHT	9
#define FULL		255

struct glyph {
	char letter;
	const char *rows[GLYPH_HEIGHT];
};

static const struct glyph glyphs[] = {
	{ 'a', { "", "", " ### ", "    #", " ####", "#   #", " ####" } },
	{ 'b', { "#", "#", "#### ", "#   #", "#   #", "#   #", "#### " } },
	{ 'f', { "  ## ", " #   ", "#### ", " #", " #", " #", " #" } },
	{ 'g', { "", "", " ####", "#   #", "#   #", "#   #", " ####", "    #",
		 " ### " } },
	{ 'p', { "", "", "#### ", "#   #", "#   #", "#   #", "#### ", "#",
		 "#" } },
	{ 'u', { "", "", "#   #", "#   #", "#   #", "#   #", " ####" } },
};

/* Carriers that wander: where, how far, how fast, how strong */
struct carrier {
	int center, reach, period, power;
};

static const struct carrier carriers[] = {
	{ 48, 9, 300, 190 },
	{ 150, 3, 170, 90 },
	{ 322, 26, 640, 120 },
	{ 471, 5, 90, 150 },
	{ 590, 16, 410, 210 },
};

/* What a pixel has of its own, but always the same */
static uint32_t noise(uint32_t x, uint32_t y)
{
	uint32_t n = x * 374761393u + y * 668265263u;

	n = (n ^ n >> 13) * 1274126177u;
	return n ^ n >> 16;
}

/* Two parabolas do for this. */
static int sine(int angle)
{
	int a = ((angle % TURN) + TURN) % TURN;
	int half = a % (TURN / 2);
	int s = half * (TURN / 2 - half) * UNIT / (TURN / 4 * (TURN / 4));

	return a < TURN / 2 ? s : -s;
}

/* A line of a spectrum at @distance from its middle */
static int line(int power, int distance)
{
	return power * 6 / (6 + distance * distance);
}

static int carrier_power(int x, int y)
{
	int power = 0;
	size_t i;

	for (i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++) {
		const struct carrier *c = &carriers[i];
		int at = c->center +
			 c->reach * sine(y * TURN / c->period) / UNIT;

		power += line(c->power, x - at);
	}
	return power;
}

/* A radar's sweeps, each from left to right in 120 lines */
static int sweep_power(int x, int y)
{
	int at = (y % 160) * 16 / 3;

	return y % 160 < 120 ? line(70, (x - at) / 2) : 0;
}

/* A transmitter that hops between 8 channels, every 12 lines */
static int hop_power(int x, int y)
{
	int channel = noise(7, y / 12) % 8;

	if (y > NAME_TOP - 20 && y < NAME_TOP + 140)
		return 0;
	return y % 12 < 9 ? line(150, (x - (200 + 13 * channel)) / 2) : 0;
}

static const char *glyph_row(char letter, int row)
{
	size_t i;

	for (i = 0; i < sizeof(glyphs) / sizeof(glyphs[0]); i++)
		if (glyphs[i].letter == letter && glyphs[i].rows[row])
			return glyphs[i].rows[row];
	return "";
}

/* The name: each cell is a burst, strongest in its middle. */
static int name_power(int x, int y)
{
	static const char name[] = "fpgabuf";
	int column = (x - NAME_LEFT) / CELL_WIDTH;
	int row = (y - NAME_TOP) / CELL_HEIGHT;
	int inside = (x - NAME_LEFT) % CELL_WIDTH;
	const char *cells;

	if (x < NAME_LEFT || y < NAME_TOP || row >= GLYPH_HEIGHT ||
	    column >= GLYPH_WIDTH * (int)strlen(name))
		return 0;
	cells = glyph_row(name[column / GLYPH_WIDTH], row);
	column %= GLYPH_WIDTH;
	if (column >= (int)strlen(cells) || cells[column] != '#' ||
	    inside >= CELL_WIDTH - 1 ||
	    (y - NAME_TOP) % CELL_HEIGHT >= CELL_HEIGHT - 1)
		return 0;
	return 235 - 2 * abs(2 * inside - CELL_WIDTH + 2);
}

static int power(int x, int y)
{
	uint32_t n = noise(x, y);
	int p = carrier_power(x, y) + sweep_power(x, y) + hop_power(x, y) +
		name_power(x, y);

	/* Most of the ground is quiet. */
	if (n % 8 == 0)
		p += 8 + (n >> 8) % 4 * 4;
	p &= ~3;
	return p > FULL ? FULL : p;
}

/* From the dark over purple and orange to the light: 0 is red, 1 green, 2 blue */
static uint8_t colour(int power, int channel)
{
	static const uint8_t steps[6][3] = {
		{ 6, 4, 22 }, { 46, 14, 92 }, { 136, 34, 108 },
		{ 216, 68, 56 }, { 250, 154, 28 }, { 254, 250, 190 },
	};
	int step = power * 5 / (FULL + 1);
	int part = power * 5 % (FULL + 1);
	int from = steps[step][channel], to = steps[step + 1][channel];

	return from + (to - from) * part / FULL;
}

static void put_pixel(const char *format, const uint8_t c[3])
{
	unsigned int word;

	if (!strcmp(format, "ppm")) {
		fwrite(c, 3, 1, stdout);
	} else if (!strcmp(format, "RGB565")) {
		word = c[0] >> 3 << 11 | c[1] >> 2 << 5 | c[2] >> 3;
		putchar(word & 0xff);
		putchar(word >> 8);
	} else {
		/* The lowest byte comes first. */
		putchar(c[2]);
		putchar(c[1]);
		putchar(c[0]);
		if (!strcmp(format, "XRGB8888"))
			putchar(0);
	}
}

/* Bytes of a pixel; 0 if there is no such format. */
static int pixel_bytes(const char *format)
{
	if (!strcmp(format, "RGB565"))
		return 2;
	if (!strcmp(format, "ppm") || !strcmp(format, "RGB888"))
		return 3;
	return strcmp(format, "XRGB8888") ? 0 : 4;
}

static void put_line(const char *format, int y)
{
	int x, channel;
	uint8_t c[3];

	for (x = 0; x < WIDTH; x++) {
		for (channel = 0; channel < 3; channel++)
			c[channel] = colour(power(x, y), channel);
		put_pixel(format, c);
	}
}

int main(int argc, char **argv)
{
	int bytes = argc > 1 ? pixel_bytes(argv[1]) : 0;
	int padding = argc > 2 ? atoi(argv[2]) - WIDTH * bytes : 0;
	int x, y;

	if (!bytes || padding < 0) {
		fputs("picture: which format, and which stride?\n", stderr);
		return 2;
	}
	if (!strcmp(argv[1], "ppm"))
		printf("P6\n%d %d\n%d\n", WIDTH, HEIGHT, FULL);
	for (y = 0; y < HEIGHT; y++) {
		put_line(argv[1], y);
		for (x = 0; x < padding; x++)
			putchar(FULL);
	}
	return fflush(stdout) ? 1 : 0;
}
