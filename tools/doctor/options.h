/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FPGABUF_DOCTOR_OPTIONS_H
#define FPGABUF_DOCTOR_OPTIONS_H

#include <stdbool.h>

/**
 * enum when_capture - does it capture, to see whether that works?
 * @CAPTURE_AUTO: if the channel can be stopped
 * @CAPTURE_ALWAYS: yes
 * @CAPTURE_NEVER: no
 */
enum when_capture { CAPTURE_AUTO, CAPTURE_ALWAYS, CAPTURE_NEVER };

/**
 * struct doctor_options - the command line
 * @capture: does it capture?
 * @json: print JSON
 * @report: print a report for a bug
 */
struct doctor_options {
	enum when_capture capture;
	bool json;
	bool report;
};

/*
 * Reads the command line.  Returns -1 to go on, or the exit code if nothing is left
 * to do (--help, bad usage).
 */
int doctor_options_parse(int argc, char **argv, struct doctor_options *options);

#endif /* FPGABUF_DOCTOR_OPTIONS_H */
