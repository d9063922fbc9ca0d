// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core.h"

int number64(PyObject *object, void *number)
{
	uint64_t value = PyLong_AsUnsignedLongLong(object);

	if (PyErr_Occurred())
		return 0;
	*(uint64_t *)number = value;
	return 1;
}

int number32(PyObject *object, void *number)
{
	uint64_t value;

	if (!number64(object, &value))
		return 0;
	if (value > UINT32_MAX) {
		PyErr_SetString(PyExc_OverflowError,
				"the number has more than 32 bits");
		return 0;
	}
	*(uint32_t *)number = value;
	return 1;
}
