// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-scope: what it makes of samples, and the program on the fake device. */
#include <endian.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "fake-device.h"
#include "lib/suite.h"
#include "net.h"
#include "process.h"
#include "receiver.h"
#include "scope/figure.h"
#include "scope/svg.h"

#define SAMPLES	 4096U
#define MAX_ARGS 32

static void look_make(struct look *look, const char *datatype,
		      unsigned int channels, size_t wanted)
{
	struct look_form form;

	CU_ASSERT_EQUAL_FATAL(look_parse(datatype, channels, &form), 0);
	look_init(look, &form, wanted);
}

static bool is_near(double value, double wanted, double most)
{
	if (fabs(value - wanted) <= most)
		return true;
	printf("\n    %.9g is not %.9g", value, wanted);
	return false;
}

/* The numbers of a sine, or of its other part */
static double sine(unsigned int i, double cycles, double amplitude)
{
	return amplitude * sin(2 * M_PI * cycles * i);
}

static double cosine(unsigned int i, double cycles, double amplitude)
{
	return amplitude * cos(2 * M_PI * cycles * i);
}

static void expect_peak(const struct look *look, unsigned int channel,
			double cycles, double db)
{
	struct spectrum s;

	CU_ASSERT_EQUAL_FATAL(spectrum_make(look, channel, SAMPLES, &s), 0);
	CU_ASSERT_EQUAL(s.points, SAMPLES);
	CU_ASSERT_EQUAL(s.stretches, 1);
	CU_ASSERT_TRUE(s.has_peak);
	CU_ASSERT_TRUE(is_near(s.peak, cycles, 0.05 / SAMPLES));
	CU_ASSERT_TRUE(is_near(s.peak_db, db, 0.1));
	spectrum_free(&s);
}

static void test_real(void)
{
	int16_t samples[SAMPLES];
	struct numbers n;
	struct look look;
	unsigned int i;

	look_make(&look, "ri16_be", 1, SAMPLES);
	for (i = 0; i < SAMPLES; i++)
		samples[i] = htobe16(100 + lround(sine(i, 0.0313, 16384)));
	CU_ASSERT_EQUAL(look_add(&look, samples, sizeof(samples), false), 0);
	CU_ASSERT_TRUE(look_full(&look));
	numbers_of(&look, 0, &n);
	CU_ASSERT_EQUAL(n.min, 100 - 16384);
	CU_ASSERT_EQUAL(n.max, 100 + 16384);
	CU_ASSERT_TRUE(is_near(n.mean, 100, 20));
	CU_ASSERT_TRUE(is_near(n.rms, 16384 / sqrt(2), 20));
	expect_peak(&look, 0, 0.0313, 20 * log10(0.5));
	look_free(&look);
}

/* Frequencies below 0 are not those above, and a mean that is larger is no peak. */
static void test_complex(void)
{
	uint8_t samples[2 * SAMPLES];
	struct look look;
	unsigned int i;

	look_make(&look, "cu8", 1, SAMPLES);
	for (i = 0; i < SAMPLES; i++) {
		samples[2 * i] = 178 + lround(cosine(i, -0.2, 47));
		samples[2 * i + 1] = 198 + lround(sine(i, -0.2, 47));
	}
	CU_ASSERT_EQUAL(look_add(&look, samples, sizeof(samples), false), 0);
	expect_peak(&look, 0, -0.2, 20 * log10(47.0 / 128));
	look_free(&look);
}

static void test_channels(void)
{
	float samples[2 * SAMPLES];
	struct look look;
	unsigned int i;

	look_make(&look, "rf32_le", 2, SAMPLES);
	for (i = 0; i < SAMPLES; i++) {
		samples[2 * i] = sine(i, 0.1, 1);
		samples[2 * i + 1] = sine(i, 0.4, 0.001);
	}
	samples[6] = NAN;
	samples[7] = INFINITY;
	CU_ASSERT_EQUAL(look_add(&look, samples, sizeof(samples), false), 0);
	CU_ASSERT_EQUAL(look.unusable, 2);
	CU_ASSERT_EQUAL(look_value(&look, 3, 0), 0);
	CU_ASSERT_EQUAL(look_value(&look, 3, 1), 0);
	expect_peak(&look, 0, 0.1, 0);
	expect_peak(&look, 1, 0.4, -60);
	look_free(&look);
}

/* Samples go on in the next capture, but not over a gap. */
static void test_gaps(void)
{
	uint8_t bytes[200];
	struct spectrum s;
	struct look look;
	unsigned int i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	look_make(&look, "ri16_le", 1, 100);
	CU_ASSERT_EQUAL(look_add(&look, bytes, 3, true), 0);
	CU_ASSERT_TRUE(look.gap_before);
	CU_ASSERT_EQUAL(look.count, 1);
	CU_ASSERT_EQUAL(look_add(&look, bytes + 3, 62, false), 0);
	CU_ASSERT_EQUAL(look.count, 32);
	CU_ASSERT_EQUAL(look_value(&look, 1, 0), 0x0302);
	CU_ASSERT_EQUAL(look_value(&look, 2, 0), 0x0504);
	CU_ASSERT_EQUAL(look_add(&look, bytes, 80, true), 0);
	CU_ASSERT_EQUAL(look_value(&look, 32, 0), 0x0100);
	CU_ASSERT_EQUAL(look_add(&look, bytes, 200, true), 0);
	CU_ASSERT_EQUAL(look.count, 100);
	CU_ASSERT_EQUAL_FATAL(look.gap_count, 2);
	CU_ASSERT_EQUAL(look.gaps[0], 32);
	CU_ASSERT_EQUAL(look.gaps[1], 72);
	CU_ASSERT_EQUAL(spectrum_make(&look, 0, 16, &s), 0);
	/* 2 of 32 samples, 2 of 40, 1 of 28 */
	CU_ASSERT_EQUAL(s.stretches, 5);
	spectrum_free(&s);
	CU_ASSERT_EQUAL(spectrum_make(&look, 0, SAMPLES, &s), 0);
	CU_ASSERT_EQUAL(s.points, 40);
	CU_ASSERT_EQUAL(s.stretches, 1);
	spectrum_free(&s);
	look_clear(&look);
	CU_ASSERT_EQUAL(look_add(&look, bytes, 30, false), 0);
	CU_ASSERT_EQUAL(spectrum_make(&look, 0, SAMPLES, &s), 0);
	CU_ASSERT_EQUAL(s.points, 0);
	CU_ASSERT_EQUAL(s.lines, 0);
	look_free(&look);
}

static void test_axis(void)
{
	const struct axis hertz = {
		.from = -2e5, .to = 3e5, .unit = "Hz", .scaled = true };
	const struct axis plain = { .to = 0.5, .unit = "cycles per sample" };
	char label[AXIS_LABEL];

	CU_ASSERT_EQUAL(axis_step(&hertz, 10), 5e4);
	CU_ASSERT_EQUAL(axis_first(&hertz, 1.5e5), -1.5e5);
	axis_label(&hertz, 1.5e5, label);
	CU_ASSERT_STRING_EQUAL(label, "150");
	axis_unit(&hertz, label);
	CU_ASSERT_STRING_EQUAL(label, "kHz");
	CU_ASSERT_TRUE(is_near(axis_step(&plain, 5), 0.1, 1e-12));
	axis_label(&plain, 0.1 * 3 - 0.3, label);
	CU_ASSERT_STRING_EQUAL(label, "0");
	CU_ASSERT_EQUAL(axis_round_up(0), 1);
	CU_ASSERT_TRUE(is_near(axis_round_up(2001), 5000, 1e-9));
	CU_ASSERT_TRUE(is_near(axis_round_up(0.2), 0.2, 1e-12));
}

static bool is_xml(const char *text)
{
	FILE *p = popen(
		"python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.stdin.buffer)'",
		"w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	fputs(text, p);
	return !pclose(p);
}

static bool has(const char *text, const char *wanted)
{
	if (strstr(text, wanted))
		return true;
	printf("\n    no '%s' in: %s", wanted, text);
	return false;
}

static char *svg_of(const struct look *look, const struct figure_setup *setup)
{
	struct figure figure;
	char *text;
	size_t len;
	FILE *f;

	CU_ASSERT_EQUAL_FATAL(figure_make(&figure, setup, look), 0);
	f = open_memstream(&text, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	svg_print(&figure, f);
	fclose(f);
	figure_free(&figure);
	return text;
}

/* The curve goes through these samples, and is not drawn over the gap. */
static void test_svg(void)
{
	static const struct figure_setup setup = {
		.name = "a<b>&\xff",
		.datatype = "ri8",
		.rate = 1000,
		.points = 16,
	};
	const int8_t samples[] = { 0, 25, 50, -50, 0, 12 };
	struct look look;
	char *text;

	look_make(&look, "ri8", 1, 6);
	CU_ASSERT_EQUAL(look_add(&look, samples, 4, false), 0);
	CU_ASSERT_EQUAL(look_add(&look, samples + 4, 2, true), 0);
	text = svg_of(&look, &setup);
	CU_ASSERT_TRUE(is_xml(text));
	CU_ASSERT_TRUE(
		has(text,
		    ">a&lt;b&gt;&amp;?: 6 samples ri8, 1 kS/s, 1 gaps</text>"));
	/* The axis has 5 ms, and reaches from -50 to 50. */
	CU_ASSERT_TRUE(has(
		text,
		"points=\"80.00,165.00 240.00,102.50 400.00,40.00 560.00,290.00 \""));
	CU_ASSERT_TRUE(has(text, "points=\"720.00,165.00 880.00,135.00 \""));
	CU_ASSERT_TRUE(has(
		text,
		"<line class=\"gap\" x1=\"640.00\" y1=\"40.00\" x2=\"640.00\""));
	CU_ASSERT_TRUE(has(
		text,
		"<text class=\"x\" x=\"400.00\" y=\"306.00\" text-anchor=\"middle\">2</text>"));
	CU_ASSERT_TRUE(has(
		text,
		"<text class=\"x-unit\" x=\"880.00\" y=\"322.00\" text-anchor=\"end\">ms</text>"));
	CU_ASSERT_TRUE(has(
		text,
		"<text class=\"y\" x=\"74.00\" y=\"69.00\" text-anchor=\"end\">40</text>"));
	/* Too few samples for a spectrum */
	CU_ASSERT_PTR_NULL(strstr(text, "dBFS"));
	free(text);
	look_free(&look);
}

/* Many samples: what reaches farthest is there, and so is the spectrum. */
static void test_svg_many(void)
{
	const struct figure_setup setup = {
		.name = "x",
		.datatype = "ri16_le",
		.points = SAMPLES,
	};
	static int16_t samples[20 * SAMPLES];
	struct look look;
	unsigned int i;
	char *text;

	look_make(&look, "ri16_le", 1, 20 * SAMPLES);
	for (i = 0; i < 20 * SAMPLES; i++)
		samples[i] = htole16(lround(sine(i, 0.25, 100)));
	samples[12345] = htole16(-20000);
	CU_ASSERT_EQUAL(look_add(&look, samples, sizeof(samples), false), 0);
	text = svg_of(&look, &setup);
	CU_ASSERT_TRUE(is_xml(text));
	CU_ASSERT_TRUE(has(text, ",290.00 "));
	CU_ASSERT_TRUE(has(
		text,
		"<text class=\"y-unit\" x=\"80.00\" y=\"344.00\">dBFS</text>"));
	CU_ASSERT_TRUE(has(text, ">cycles per sample</text>"));
	CU_ASSERT_TRUE(has(
		text,
		"0: peak -50.3 dBFS at 0.25 cycles per sample; -20000 to 100"));
	CU_ASSERT(strlen(text) < 120000);
	free(text);
	look_free(&look);
}

/* A file with a sine of 0.0313 cycles per sample, and an amplitude of 12000 */
static void make_feed(const char *path)
{
	FILE *f = fopen(path, "we");
	unsigned int i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	for (i = 0; i < 10000; i++) {
		const int16_t sample = htole16(lround(sine(i, 0.0313, 12000)));

		fwrite(&sample, sizeof(sample), 1, f);
	}
	fclose(f);
}

static void scope_start(struct process *p, const char *feed, char *const args[],
			void (*prepare)(const void *data), const void *data)
{
	char *argv[MAX_ARGS] = {
		"fpgabuf-scope-fake",
		"-d",
		FAKE_DEVICE,
		"-r",
		"4K",
		"-n",
		"2",
		"--datatype",
		"ri16_le",
	};
	size_t i, n = 9;

	for (i = 0; args[i]; i++)
		argv[n++] = args[i];
	setenv("FAKE_FEED", feed, 1);
	process_start_with(p, argv, prepare, data);
	unsetenv("FAKE_FEED");
}

static int scope_run_fake(struct process *p, const char *feed,
			  char *const args[])
{
	scope_start(p, feed, args, NULL, NULL);
	return process_finish(p);
}

/* The value of a field, or NAN */
static double field(const struct process *p, const char *name)
{
	char text[64];
	const char *at;

	snprintf(text, sizeof(text), "\"%s\": ", name);
	at = strstr(p->output, text);
	if (!at)
		printf("\n    no %s in: %s", name, p->output);
	return at ? strtod(at + strlen(text), NULL) : NAN;
}

/* A capture has 2048 samples, so a picture has two of them. */
static void test_json(void)
{
	char *args[] = { "--json", "--sample-rate", "1000000", NULL };
	struct process p;
	struct temp t;

	temp_make(&t, "feed");
	make_feed(t.file);
	CU_ASSERT_EQUAL(scope_run_fake(&p, t.file, args), 0);
	CU_ASSERT_TRUE(has(p.output, "{\"ok\": true, "));
	CU_ASSERT_EQUAL(field(&p, "samples"), 4096);
	CU_ASSERT_EQUAL(field(&p, "looked_at"), 2);
	CU_ASSERT_EQUAL(field(&p, "min"), -12000);
	CU_ASSERT_EQUAL(field(&p, "max"), 12000);
	CU_ASSERT_TRUE(is_near(field(&p, "rms"), 12000 / sqrt(2), 10));
	CU_ASSERT_TRUE(is_near(field(&p, "peak_hz"), 31300, 12));
	CU_ASSERT_TRUE(is_near(field(&p, "peak_amplitude"), 12000, 60));
	CU_ASSERT_EQUAL(field(&p, "gaps_inside"), 0);
	temp_remove(&t);
}

/* Each third capture has a gap before it: the 3rd, which is in the first picture, ... */
static void test_gap_captures(void)
{
	char *args[] = { "--json", "--samples", "10000", NULL };
	struct process p;
	struct temp t;

	temp_make(&t, "feed");
	make_feed(t.file);
	setenv("FAKE_GAP_EVERY", "3", 1);
	CU_ASSERT_EQUAL(scope_run_fake(&p, t.file, args), 0);
	unsetenv("FAKE_GAP_EVERY");
	CU_ASSERT_EQUAL(field(&p, "looked_at"), 5);
	CU_ASSERT_EQUAL(field(&p, "gaps_inside"), 1);
	CU_ASSERT_EQUAL(field(&p, "gaps"), 1);
	CU_ASSERT_EQUAL(field(&p, "points"), 4096);
	CU_ASSERT_EQUAL(field(&p, "transforms"), 2);
	temp_remove(&t);
}

/* The captures between go back unseen: 1, then 5, then 9 of the captures. */
static void test_every(void)
{
	char *args[] = { "--json", "--samples", "100", "--every",
			"4",	  "--count",   "3",   NULL };
	struct process p;
	struct temp t;

	temp_make(&t, "feed");
	make_feed(t.file);
	CU_ASSERT_EQUAL(scope_run_fake(&p, t.file, args), 0);
	CU_ASSERT_EQUAL(field(&p, "looked_at"), 3);
	CU_ASSERT_EQUAL(field(&p, "pictures"), 3);
	CU_ASSERT_EQUAL(field(&p, "captures"), 9);
	CU_ASSERT_EQUAL(field(&p, "busy_retries"), 0);
	temp_remove(&t);
}

/* A sample of three channels does not end with a capture: the next picture finds one. */
static void test_phase(void)
{
	char *args[] = { "--json", "--channels", "3", "--samples",
			"10",	  "--count",	"2", NULL };
	uint8_t bytes[4096 * 3];
	struct process p;
	struct temp t;
	unsigned int i;
	FILE *f;

	for (i = 0; i < sizeof(bytes); i += 6)
		memcpy(bytes + i, "\x01\x00\x02\x00\x03\x00", 6);
	temp_make(&t, "feed");
	f = fopen(t.file, "we");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fwrite(bytes, sizeof(bytes), 1, f);
	fclose(f);
	CU_ASSERT_EQUAL(scope_run_fake(&p, t.file, args), 0);
	CU_ASSERT_TRUE(has(
		p.output,
		"\"channel\": 0, \"parts\": [{\"part\": \"real\", \"min\": 1, \"max\": 1,"));
	CU_ASSERT_TRUE(has(
		p.output,
		"\"channel\": 2, \"parts\": [{\"part\": \"real\", \"min\": 3, \"max\": 3,"));
	temp_remove(&t);
}

/* Not in a terminal: one picture of 23 lines, without any control character */
static void test_once(void)
{
	char *args[] = { "--ascii", NULL }, *quiet[] = { "--count", "2", NULL };
	unsigned int lines = 0;
	struct process p;
	struct temp t;
	const char *at;

	temp_make(&t, "feed");
	make_feed(t.file);
	CU_ASSERT_EQUAL(scope_run_fake(&p, t.file, args), 0);
	for (at = p.output; *at; at++) {
		lines += *at == '\n';
		CU_ASSERT(*at == '\n' || (*at >= ' ' && *at <= '~'));
	}
	CU_ASSERT_EQUAL(lines, 23);
	CU_ASSERT_TRUE(has(p.output, "looked at 2 of 2 captures, 0 gaps\n"));
	CU_ASSERT_TRUE(has(p.output, "0: peak -8.7 dBFS at 0.0313"));
	CU_ASSERT_EQUAL(scope_run_fake(&p, t.file, quiet), 0);
	CU_ASSERT_TRUE(has(p.output, "looked at 4 of 4 captures, 0 gaps\n"));
	temp_remove(&t);
}

static void test_files(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "x.svg");
	char *args[] = { "--svg", t.file, NULL };
	char *over[] = { "--svg", t.file, "--overwrite", NULL };
	char *raw[] = { "tools/fpgabuf-scope",
		       "--raw",
		       NULL,
		       "--datatype",
		       "ri16_le",
		       "--json",
		       NULL };
	char feed[64];

	snprintf(feed, sizeof(feed), "%s", temp_path(&t, "feed"));
	make_feed(feed);
	CU_ASSERT_EQUAL(scope_run_fake(&p, feed, args), 0);
	CU_ASSERT_TRUE(has(p.output, "x.svg: looked at 2 of 2 captures"));
	CU_ASSERT_EQUAL(access(t.file, R_OK), 0);
	CU_ASSERT_EQUAL(scope_run_fake(&p, feed, args), 1);
	CU_ASSERT_TRUE(has(p.output, "exists, and is not overwritten"));
	CU_ASSERT_EQUAL(scope_run_fake(&p, feed, over), 0);
	raw[2] = feed;
	CU_ASSERT_EQUAL(process_run(&p, raw), 0);
	CU_ASSERT_TRUE(is_near(field(&p, "peak_amplitude"), 12000, 60));
	temp_remove(&t);
}

/* A recording that is shorter than a picture has one all the same. */
static void test_replay(void)
{
	struct process p;
	struct temp t;

	temp_make(&t, "x");
	char *record[] = { "fpgabuf-record-fake",
			  "-d",
			  FAKE_DEVICE,
			  "-r",
			  "4K",
			  "-c",
			  "4",
			  "--sigmf",
			  "--datatype",
			  "ci16_le",
			  "--sample-rate",
			  "1000",
			  t.file,
			  NULL };
	char *scope[] = { "tools/fpgabuf-scope", "--replay", t.file, "--json",
			 "--samples",		"5000",	    NULL };
	char *empty[] = { "tools/fpgabuf-scope", "--raw", "/dev/null",
			 "--datatype",		"ri8",	 NULL };
	char *none[] = {
		"tools/fpgabuf-scope", "--replay", t.file, "--count", "2",
		"--samples",	       "5000",	   NULL };

	setenv("FAKE_GAP_EVERY", "2", 1);
	CU_ASSERT_EQUAL(process_run(&p, record), 0);
	unsetenv("FAKE_GAP_EVERY");
	CU_ASSERT_EQUAL(process_run(&p, scope), 0);
	CU_ASSERT_TRUE(
		has(p.output,
		    "\"datatype\": \"ci16_le\", \"sample_rate\": 1000, "));
	CU_ASSERT_EQUAL(field(&p, "samples"), 4096);
	CU_ASSERT_EQUAL(field(&p, "gaps_inside"), 2);
	CU_ASSERT_EQUAL(process_run(&p, none), 1);
	CU_ASSERT_TRUE(has(p.output, "ended after 1 of 2 pictures"));
	CU_ASSERT_EQUAL(process_run(&p, empty), 1);
	CU_ASSERT_TRUE(has(p.output, "it is no file"));
	temp_remove(&t);
}

/**
 * struct screen - a terminal, and what was written to it
 * @fd: its other end
 * @name: its name
 * @text: what was written
 * @len: how much that is
 */
struct screen {
	int fd;
	char name[64];
	char text[1 << 18];
	size_t len;
};

static void screen_size(const struct screen *s, unsigned short columns,
			unsigned short rows)
{
	const struct winsize size = { .ws_col = columns, .ws_row = rows };

	CU_ASSERT_EQUAL(ioctl(s->fd, TIOCSWINSZ, &size), 0);
}

static void screen_open(struct screen *s)
{
	s->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	CU_ASSERT_FATAL(s->fd >= 0 && !grantpt(s->fd) && !unlockpt(s->fd) &&
			!ptsname_r(s->fd, s->name, sizeof(s->name)));
	s->len = 0;
	s->text[0] = '\0';
	screen_size(s, 60, 20);
}

/* In the new process: it is the terminal of a session. */
static void take_screen(const void *data)
{
	const struct screen *s = data;
	int fd;

	setsid();
	fd = open(s->name, O_RDWR);
	if (fd < 0)
		_exit(126);
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	setenv("LC_ALL", "C.UTF-8", 1);
}

static bool screen_expect(struct screen *s, const char *text)
{
	ssize_t n;

	while (!strstr(s->text, text)) {
		if (s->len + 1 >= sizeof(s->text) || !wait_for(s->fd, POLLIN))
			return false;
		n = read(s->fd, s->text + s->len, sizeof(s->text) - 1 - s->len);
		if (n <= 0)
			return false;
		s->len += n;
		s->text[s->len] = '\0';
	}
	return true;
}

/* As it was before: one flag stands for all. */
static bool echoes(const struct screen *s)
{
	struct termios now;

	CU_ASSERT_EQUAL(tcgetattr(s->fd, &now), 0);
	return now.c_lflag & ECHO && now.c_lflag & ICANON;
}

/* Pictures come at once, and again when the size changes; then @key or @signal ends it. */
static void live(const char *key, int signal)
{
	static struct screen s;
	char *none[] = { NULL };
	struct process p;
	struct temp t;
	int slave;

	temp_make(&t, "feed");
	make_feed(t.file);
	screen_open(&s);
	/* Its settings last as long as it is open. */
	slave = open(s.name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	CU_ASSERT_TRUE(echoes(&s));
	setenv("FAKE_CAPTURES", "2", 1);
	scope_start(&p, t.file, none, take_screen, &s);
	unsetenv("FAKE_CAPTURES");
	CU_ASSERT_TRUE(screen_expect(&s, "\033[?25l"));
	CU_ASSERT_TRUE(screen_expect(&s, "; q ends\033[K\r\n\033[J"));
	CU_ASSERT_TRUE(has(s.text, "\xe2\xa0"));
	CU_ASSERT_FALSE(echoes(&s));
	/* No further capture comes, but the wider picture does. */
	s.len = 0;
	s.text[0] = '\0';
	screen_size(&s, 100, 40);
	CU_ASSERT_TRUE(screen_expect(&s, "; q ends\033[K\r\n\033[J"));
	CU_ASSERT_TRUE(has(s.text, "looked at 2 of 2 captures"));
	if (key) {
		CU_ASSERT_EQUAL(write(s.fd, key, 1), 1);
	} else {
		kill(p.pid, signal);
	}
	CU_ASSERT_TRUE(screen_expect(&s, "\033[?25h"));
	CU_ASSERT_EQUAL(process_finish(&p), 0);
	CU_ASSERT_TRUE(echoes(&s));
	close(slave);
	close(s.fd);
	temp_remove(&t);
}

static void test_live(void)
{
	live("q", 0);
	live(NULL, SIGTERM);
	live(NULL, SIGHUP);
	/* Control-C */
	live("\003", 0);
}

static void test_usage(void)
{
	static const struct {
		const char *text;
		char *argv[8];
	} bad[] = {
		{ "no --datatype given", { "tools/fpgabuf-scope" } },
		{ "exclude each other",
		  { "tools/fpgabuf-scope", "--raw=x", "--share=y" } },
		{ "exclude each other",
		  { "tools/fpgabuf-scope", "--svg=x", "--json" } },
		{ "--overwrite needs --svg",
		  { "tools/fpgabuf-scope", "--overwrite" } },
		{ "--channels: 17: out of range",
		  { "tools/fpgabuf-scope", "--channels", "17" } },
		{ "--points: 15: out of range",
		  { "tools/fpgabuf-scope", "--points", "15" } },
		{ "it takes a type of SigMF",
		  { "tools/fpgabuf-scope", "--datatype", "i16" } },
		{ "x: not an option", { "tools/fpgabuf-scope", "x" } },
		{ "try --help", { "tools/fpgabuf-scope", "--none" } },
	};
	char *version[] = { "tools/fpgabuf-scope", "--version", NULL };
	char *help[] = { "tools/fpgabuf-scope", "--help", NULL };
	struct process p;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(process_run(&p, bad[i].argv), 2);
		CU_ASSERT_TRUE(has(p.output, bad[i].text));
	}
	CU_ASSERT_EQUAL(process_run(&p, help), 0);
	CU_ASSERT_TRUE(has(p.output, "Usage: fpgabuf-scope"));
	CU_ASSERT_EQUAL(process_run(&p, version), 0);
	CU_ASSERT_TRUE(has(p.output, "fpgabuf-scope "));
}

static const struct test tests[] = {
	{ "a real sine has its numbers, its frequency and its level", test_real },
	{ "a complex one may have a frequency below 0", test_complex },
	{ "each channel has its own, and what is no number is left out",
	  test_channels },
	{ "samples go on over captures, and not over gaps", test_gaps },
	{ "axes have round numbers and prefixes", test_axis },
	{ "the SVG has axes, gaps, and the samples where they belong", test_svg },
	{ "of many samples the SVG has the extremes, and the spectrum",
	  test_svg_many },
	{ "a sine that is fed has its frequency and amplitude as JSON",
	  test_json },
	{ "gaps are counted, also those in a picture", test_gap_captures },
	{ "one capture in n is looked at, and all are given back", test_every },
	{ "a picture begins with a whole sample", test_phase },
	{ "without a terminal it prints a picture", test_once },
	{ "it reads a file, and writes one that it does not overwrite",
	  test_files },
	{ "it shows a recording", test_replay },
	{ "it follows the size of the terminal, and leaves it as it was",
	  test_live },
	{ "bad usage is explained", test_usage },
	{ }
};

SUITE(scope, .title = "fpgabuf-scope", .tests = tests)
