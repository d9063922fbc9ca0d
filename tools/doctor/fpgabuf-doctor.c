// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-doctor: says what is wrong with a machine that is to capture, and what to do. */
#include "common/message.h"
#include "common/results.h"
#include "common/start.h"
#include "doctor/bundle.h"
#include "doctor/capture.h"
#include "doctor/clients.h"
#include "doctor/device.h"
#include "doctor/network.h"
#include "doctor/options.h"
#include "doctor/report.h"

static const struct doctor_places places = {
	.dev = "/dev",
	.sys = "/sys",
	.proc = "/proc",
	.debug = "/sys/kernel/debug",
	.modules = "/lib/modules",
	.kmsg = "/dev/kmsg",
	.os = "/etc/os-release",
};

static void check_devices(const struct clients *clients,
			  const struct doctor_options *o, struct findings *f)
{
	struct patient patient;
	unsigned int i;

	for (i = 0; i < clients->count; i++) {
		if (clients->list[i].number < 0)
			continue;
		patient_open(&patient, &clients->list[i], f, &places);
		if (patient.device)
			capture_check(&patient, o->capture, f);
		patient_close(&patient);
	}
}

static void print(const struct doctor_options *o, const struct clients *clients,
		  const struct findings *f)
{
	FILE *out = results_begin();

	if (o->json)
		findings_json(out, f);
	else
		findings_text(out, f);
	if (o->report)
		bundle_print(out, clients, &places);
	results_end(false);
}

static int run(const struct doctor_options *o)
{
	struct findings findings = { 0 };
	struct clients clients;
	size_t wrong;
	int ret;

	clients_check(&clients, &findings, &places);
	check_devices(&clients, o, &findings);
	network_check(&findings, &places);
	if (findings.failed) {
		message("not enough memory");
		findings_free(&findings);
		return EXIT_FAILED;
	}
	print(o, &clients, &findings);
	wrong = findings_count(&findings, VERDICT_WRONG);
	findings_free(&findings);
	ret = results_finish(-1, false);
	return ret || wrong ? EXIT_FAILED : EXIT_OK;
}

int main(int argc, char **argv)
{
	struct doctor_options options;
	int ret;

	tool_start();
	ret = doctor_options_parse(argc, argv, &options);
	if (ret < 0)
		ret = run(&options);
	return tool_end(argc, argv, ret);
}
