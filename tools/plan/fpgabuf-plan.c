// SPDX-License-Identifier: GPL-2.0-only
/* fpgabuf-plan: computes how many regions a stream needs. */
#include "plan/report.h"
#include "common/controller.h"
#include "common/message.h"
#include "common/results.h"
#include "common/start.h"

/* Without --region-size the size is limited to the longest capture. */
static int look_at_device(struct plan_options *o, struct fpgabuf_info *info)
{
	int err = limits_device(o->device, info);

	if (!err && o->usual_region)
		o->stream.region_size = controller_region_size(
			info, 0, o->stream.region_size);
	return err;
}

static int run(struct plan_options *o)
{
	const struct fpgabuf_info *device = NULL;
	struct fpgabuf_info info;
	struct limits limits;
	struct plan plan;

	if (o->device) {
		if (look_at_device(o, &info))
			return EXIT_FAILED;
		device = &info;
	}
	if (plan_make(&o->stream, &plan)) {
		message("no memory is large enough for that");
		remedy("give a lower --rate, or a shorter --rtt or --delay");
		return EXIT_FAILED;
	}
	if (limits_read(&limits, &o->stream, &plan, "/proc", device))
		return EXIT_FAILED;
	if (o->json)
		report_json(results_begin(), &o->stream, &plan, &limits, device);
	else
		report_text(results_begin(), &o->stream, &plan, &limits, device);
	results_end(false);
	if (results_finish(-1, false))
		return EXIT_FAILED;
	return limits_ok(&limits) ? EXIT_OK : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct plan_options options;
	int ret;

	tool_start();
	ret = plan_options_parse(argc, argv, &options);
	if (ret < 0)
		ret = run(&options);
	return tool_end(argc, argv, ret);
}
