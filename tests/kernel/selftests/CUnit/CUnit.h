/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The suites are written for CUnit.  Here is what they take of it, for programs
 * that report to kselftest.
 */
#ifndef FPGABUF_CUNIT_H
#define FPGABUF_CUNIT_H

#include <string.h>

#define CU_ASSERT(condition)		EXPECT(!!(condition), true)
#define CU_ASSERT_STRING_EQUAL(a, b)	EXPECT(strcmp(a, b), 0)

#endif /* FPGABUF_CUNIT_H */
