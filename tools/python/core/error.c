// SPDX-License-Identifier: LGPL-2.1-or-later
/* Exceptions; which class an errno has is decided in errors.py. */
#include "core.h"

/* fpgabuf.errors.make */
static PyObject *make;

int error_init(void)
{
	PyObject *module = PyImport_ImportModule("fpgabuf.errors");

	if (!module)
		return -1;
	make = PyObject_GetAttrString(module, "make");
	Py_DECREF(module);
	return make ? 0 : -1;
}

PyObject *error_make(const char *doing, int err, const char *text)
{
	return PyObject_CallFunction(make, "sis", doing, -err, text);
}

void *error_set(const char *doing, int err, const char *text)
{
	PyObject *error = error_make(doing, err, text);

	if (error) {
		PyErr_SetObject((PyObject *)Py_TYPE(error), error);
		Py_DECREF(error);
	}
	return NULL;
}
