/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In front of a driver of the kernel's with fixes, see uml.sh.  The kernel has
 * the one without as well, of the same name: this one comes first if the command
 * line has its parameter "fixed", else never.
 */
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/platform_device.h>

static bool fixed;
module_param(fixed, bool, 0444);

#undef module_platform_driver
#define module_platform_driver(driver)					\
static int __init register_fixed(void)					\
{									\
	return fixed ? platform_driver_register(&(driver)) : 0;		\
}									\
subsys_initcall(register_fixed)
