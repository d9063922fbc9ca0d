// SPDX-License-Identifier: GPL-2.0
/*
 * fpgabuf - KUnit tests of the user space interface's layout
 *
 * It is published: none of these numbers may ever change.  Fields of 64 bits lie
 * at multiples of 8 and each ends where the next begins, so a program of 32 bits
 * has the same.
 */
#include <linux/build_bug.h>
#include <linux/stddef.h>

#include "kunit_bed.h"

/**
 * struct field - a field, and where it is published to be
 * @name: its name
 * @is_at: where the compiler puts it
 * @at: where it has to be
 * @size: and how large
 */
struct field {
	const char *name;
	size_t is_at;
	size_t at;
	size_t size;
};

/**
 * struct layout - a structure
 * @name: its name
 * @cmd: its ioctl
 * @number: what that has to be
 * @size: bytes of it
 * @fields: in their order, without holes
 * @nr_fields: how many
 */
struct layout {
	const char *name;
	unsigned int cmd;
	unsigned int number;
	size_t size;
	const struct field *fields;
	size_t nr_fields;
};

#define FIELD(type, name, at, size)					\
	{ #name, offsetof(struct type, name), at, size }

#define LAYOUT(type, cmd, number)					\
	{ #type, cmd, number, sizeof(struct type), type##_fields,	\
	  ARRAY_SIZE(type##_fields) }

static const struct field fpgabuf_info_fields[] = {
	FIELD(fpgabuf_info, flags, 0, 4),
	FIELD(fpgabuf_info, version, 4, 4),
	FIELD(fpgabuf_info, name, 8, 32),
	FIELD(fpgabuf_info, capabilities, 40, 8),
	FIELD(fpgabuf_info, max_region_size, 48, 8),
	FIELD(fpgabuf_info, limit_bytes, 56, 8),
	FIELD(fpgabuf_info, used_bytes, 64, 8),
	FIELD(fpgabuf_info, alignment, 72, 4),
	FIELD(fpgabuf_info, queue_depth, 76, 4),
	FIELD(fpgabuf_info, queued, 80, 4),
	FIELD(fpgabuf_info, default_timeout_ms, 84, 4),
	FIELD(fpgabuf_info, captures, 88, 8),
	FIELD(fpgabuf_info, gaps, 96, 8),
	FIELD(fpgabuf_info, busy, 104, 8),
	FIELD(fpgabuf_info, file_limit_bytes, 112, 8),
	FIELD(fpgabuf_info, file_used_bytes, 120, 8),
	FIELD(fpgabuf_info, max_capture, 128, 8),
	FIELD(fpgabuf_info, max_packet, 136, 8),
	FIELD(fpgabuf_info, transfers, 144, 4),
	FIELD(fpgabuf_info, reserved0, 148, 4),
	FIELD(fpgabuf_info, reserved, 152, 24),
};

static const struct field fpgabuf_alloc_fields[] = {
	FIELD(fpgabuf_alloc, size, 0, 8),
	FIELD(fpgabuf_alloc, flags, 8, 4),
	FIELD(fpgabuf_alloc, fd_flags, 12, 4),
	FIELD(fpgabuf_alloc, fd, 16, 4),
	FIELD(fpgabuf_alloc, backend, 20, 4),
	FIELD(fpgabuf_alloc, chunks, 24, 4),
	FIELD(fpgabuf_alloc, reserved0, 28, 4),
	FIELD(fpgabuf_alloc, reserved, 32, 32),
};

static const struct field fpgabuf_queue_fields[] = {
	FIELD(fpgabuf_queue, cookie, 0, 8),
	FIELD(fpgabuf_queue, length, 8, 8),
	FIELD(fpgabuf_queue, fd, 16, 4),
	FIELD(fpgabuf_queue, flags, 20, 4),
	FIELD(fpgabuf_queue, timeout_ms, 24, 4),
	FIELD(fpgabuf_queue, slice, 28, 4),
	FIELD(fpgabuf_queue, reserved, 32, 32),
};

static const struct field fpgabuf_dequeue_fields[] = {
	FIELD(fpgabuf_dequeue, flags, 0, 4),
	FIELD(fpgabuf_dequeue, status, 4, 4),
	FIELD(fpgabuf_dequeue, cookie, 8, 8),
	FIELD(fpgabuf_dequeue, bytes, 16, 8),
	FIELD(fpgabuf_dequeue, sequence, 24, 8),
	FIELD(fpgabuf_dequeue, timestamp_ns, 32, 8),
	FIELD(fpgabuf_dequeue, error, 40, 4),
	FIELD(fpgabuf_dequeue, offset, 44, 4),
	FIELD(fpgabuf_dequeue, reserved, 48, 32),
};

static const struct field fpgabuf_cancel_fields[] = {
	FIELD(fpgabuf_cancel, flags, 0, 4),
	FIELD(fpgabuf_cancel, canceled, 4, 4),
	FIELD(fpgabuf_cancel, reserved, 8, 24),
};

static const struct field fpgabuf_region_info_fields[] = {
	FIELD(fpgabuf_region_info, fd, 0, 4),
	FIELD(fpgabuf_region_info, flags, 4, 4),
	FIELD(fpgabuf_region_info, size, 8, 8),
	FIELD(fpgabuf_region_info, backend, 16, 4),
	FIELD(fpgabuf_region_info, chunks, 20, 4),
	FIELD(fpgabuf_region_info, state, 24, 4),
	FIELD(fpgabuf_region_info, importers, 28, 4),
	FIELD(fpgabuf_region_info, in_use, 32, 8),
	FIELD(fpgabuf_region_info, mappings, 40, 8),
	FIELD(fpgabuf_region_info, standing, 48, 8),
	FIELD(fpgabuf_region_info, reserved, 56, 24),
};

static const struct field fpgabuf_baseline_fields[] = {
	FIELD(fpgabuf_baseline, fd, 0, 4),
	FIELD(fpgabuf_baseline, flags, 4, 4),
	FIELD(fpgabuf_baseline, pins, 8, 8),
	FIELD(fpgabuf_baseline, reserved, 16, 32),
};

static const struct field fpgabuf_stream_setup_fields[] = {
	FIELD(fpgabuf_stream_setup, size, 0, 8),
	FIELD(fpgabuf_stream_setup, flags, 8, 4),
	FIELD(fpgabuf_stream_setup, count, 12, 4),
	FIELD(fpgabuf_stream_setup, timeout_ms, 16, 4),
	FIELD(fpgabuf_stream_setup, reserved0, 20, 4),
	FIELD(fpgabuf_stream_setup, limit, 24, 8),
	FIELD(fpgabuf_stream_setup, reserved, 32, 24),
};

static const struct field fpgabuf_stream_info_fields[] = {
	FIELD(fpgabuf_stream_info, flags, 0, 4),
	FIELD(fpgabuf_stream_info, error, 4, 4),
	FIELD(fpgabuf_stream_info, position, 8, 8),
	FIELD(fpgabuf_stream_info, captures, 16, 8),
	FIELD(fpgabuf_stream_info, partial, 24, 8),
	FIELD(fpgabuf_stream_info, gaps, 32, 8),
	FIELD(fpgabuf_stream_info, timeouts, 40, 8),
	FIELD(fpgabuf_stream_info, errors, 48, 8),
	FIELD(fpgabuf_stream_info, queued, 56, 4),
	FIELD(fpgabuf_stream_info, held, 60, 4),
	FIELD(fpgabuf_stream_info, reserved, 64, 32),
};

static const struct layout layouts[] = {
	LAYOUT(fpgabuf_info, FPGABUF_IOC_INFO, 0xc0b0fb00),
	LAYOUT(fpgabuf_alloc, FPGABUF_IOC_ALLOC, 0xc040fb01),
	LAYOUT(fpgabuf_queue, FPGABUF_IOC_QUEUE, 0xc040fb02),
	LAYOUT(fpgabuf_dequeue, FPGABUF_IOC_DEQUEUE, 0xc050fb03),
	LAYOUT(fpgabuf_cancel, FPGABUF_IOC_CANCEL, 0xc020fb04),
	LAYOUT(fpgabuf_region_info, FPGABUF_IOC_REGION_INFO, 0xc050fb05),
	LAYOUT(fpgabuf_stream_setup, FPGABUF_IOC_STREAM, 0xc038fb06),
	LAYOUT(fpgabuf_stream_info, FPGABUF_IOC_STREAM_INFO, 0xc060fb07),
	LAYOUT(fpgabuf_baseline, FPGABUF_IOC_BASELINE, 0xc030fb08),
};

static void layout_name(const struct layout *layout, char *name)
{
	strscpy(name, layout->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(layouts, layouts, layout_name);

static void layout_test(struct kunit *test)
{
	const struct layout *layout = test->param_value;
	size_t i, end = 0;

	KUNIT_EXPECT_EQ(test, layout->cmd, layout->number);
	for (i = 0; i < layout->nr_fields; i++) {
		const struct field *field = &layout->fields[i];

		KUNIT_EXPECT_EQ_MSG(test, field->is_at, field->at, "%s",
				    field->name);
		/* No hole before it, and aligned as on any machine. */
		KUNIT_EXPECT_EQ_MSG(test, field->at, end, "%s", field->name);
		KUNIT_EXPECT_EQ_MSG(test,
				    field->at % min_t(size_t, field->size, 8),
				    0, "%s", field->name);
		end = field->at + field->size;
	}
	KUNIT_EXPECT_EQ(test, layout->size, end);
	KUNIT_EXPECT_EQ(test, layout->size % 8, 0);
	KUNIT_EXPECT_EQ(test, _IOC_SIZE(layout->cmd), layout->size);
}

static void constants_test(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, FPGABUF_UAPI_VERSION, 2);
	KUNIT_EXPECT_EQ(test, FPGABUF_ALLOC_SCATTER, 1);
	KUNIT_EXPECT_EQ(test, FPGABUF_QUEUE_IMPORTERS_DONE, 1);
	KUNIT_EXPECT_EQ(test, FPGABUF_CAP_IMPORTERS_DONE, 0x10);
	KUNIT_EXPECT_EQ(test, FPGABUF_CAP_BASELINE, 0x20);
	KUNIT_EXPECT_EQ(test, FPGABUF_CAP_STREAM, 0x40);
	KUNIT_EXPECT_EQ(test, FPGABUF_CAP_SLICES, 0x80);
	KUNIT_EXPECT_EQ(test, FPGABUF_SLICE_ALIGN, 256);
	KUNIT_EXPECT_EQ(test, FPGABUF_CAPTURE_PARTIAL, 1);
	KUNIT_EXPECT_EQ(test, FPGABUF_CAPTURE_ERROR, 2);
	KUNIT_EXPECT_EQ(test, FPGABUF_CAPTURE_TIMEOUT, 4);
	KUNIT_EXPECT_EQ(test, FPGABUF_CAPTURE_GAP, 8);
	KUNIT_EXPECT_EQ(test, FPGABUF_TIMEOUT_MAX_MS, 60 * 60 * 1000);
	KUNIT_EXPECT_EQ(test, FPGABUF_BACKEND_FOLIO, 1);
	KUNIT_EXPECT_EQ(test, FPGABUF_BACKEND_PAGES, 2);
	KUNIT_EXPECT_EQ(test, FPGABUF_BACKEND_CARVEOUT, 3);
	KUNIT_EXPECT_EQ(test, FPGABUF_BACKEND_CMA, 4);
	KUNIT_EXPECT_EQ(test, FPGABUF_BACKEND_SCATTER, 5);
	KUNIT_EXPECT_EQ(test, FPGABUF_REGION_IDLE, 0);
	KUNIT_EXPECT_EQ(test, FPGABUF_REGION_QUEUED, 1);
	KUNIT_EXPECT_EQ(test, FPGABUF_REGION_DONE, 2);
	KUNIT_EXPECT_EQ(test, FPGABUF_STREAM_JOIN, 1);
	KUNIT_EXPECT_EQ(test, FPGABUF_STREAM_GO_ON, 1);
	KUNIT_EXPECT_EQ(test, FPGABUF_STREAM_STOP, 2);
}

static struct kunit_case uapi_cases[] = {
	KUNIT_CASE_PARAM(layout_test, layouts_gen_params),
	KUNIT_CASE(constants_test),
	{}
};

static struct kunit_suite uapi_suite = {
	.name = "fpgabuf-uapi",
	.test_cases = uapi_cases,
};

kunit_test_suite(uapi_suite);
