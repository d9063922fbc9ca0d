// SPDX-License-Identifier: GPL-2.0-only
/* What the tests expect, told to CUnit. */
#include <setjmp.h>
#include <stdio.h>

#include "bed.h"

bool expect(const char *what, long long actual, long long wanted,
	    const char *file, int line, bool fatal)
{
	if (actual != wanted)
		printf("\n    %s:%d: %s is %lld, not %lld", file, line, what,
		       actual, wanted);
	return CU_assertImplementation(actual == wanted, line, what, file, "",
				       fatal);
}

/* Without this, a REQUIRE that fails in @fn would go on with the next test. */
bool check_alone(void (*fn)(void *arg), void *arg)
{
	unsigned int failures = CU_get_number_of_failures();
	jmp_buf end;

	CU_get_current_test()->pJumpBuf = &end;
	if (!setjmp(end))
		fn(arg);
	return CU_get_number_of_failures() == failures;
}
