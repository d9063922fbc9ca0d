/* SPDX-License-Identifier: GPL-2.0-only */
/* The suites, one a file. */
#ifndef FPGABUF_UNIT_SUITES_H
#define FPGABUF_UNIT_SUITES_H

#include <CUnit/CUnit.h>

extern CU_TestInfo client_tests[];
extern CU_TestInfo common_tests[];
extern CU_TestInfo completion_tests[];
extern CU_TestInfo controller_tests[];
extern CU_TestInfo device_tests[];
extern CU_TestInfo errqueue_tests[];
extern CU_TestInfo framed_tests[];
extern CU_TestInfo info_tests[];
extern CU_TestInfo keep_tests[];
extern CU_TestInfo mapcount_6_1_tests[];
extern CU_TestInfo mapcount_6_9_tests[];
extern CU_TestInfo message_tests[];
extern CU_TestInfo output_tests[];
extern CU_TestInfo plan_tests[];
extern CU_TestInfo pool_tests[];
extern CU_TestInfo recv_tests[];
extern CU_TestInfo region_tests[];
extern CU_TestInfo ring_tests[];
extern CU_TestInfo send_tests[];
extern CU_TestInfo sender_tests[];
extern CU_TestInfo share_tests[];
extern CU_TestInfo show_tests[];
extern CU_TestInfo source_tests[];
extern CU_TestInfo transfer_tests[];

#endif /* FPGABUF_UNIT_SUITES_H */
