// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "core.h"

int record_init(struct record *record, PyObject *module)
{
	PyStructSequence_Field fields[RECORD_MAX_FIELDS + 1] = { 0 };
	PyStructSequence_Desc desc = {
		.name = record->name,
		.doc = record->doc,
		.fields = fields,
	};
	int n;

	for (n = 0; record->fields[n].name; n++) {
		fields[n].name = record->fields[n].name;
		fields[n].doc = record->fields[n].doc;
	}
	desc.n_in_sequence = n;
	record->type = PyStructSequence_NewType(&desc);
	if (!record->type)
		return -1;
	return PyModule_AddType(module, record->type);
}

static PyObject *value_of(const struct record_field *field, const char *at)
{
	uint32_t small;
	uint64_t large;

	switch (field->size) {
	case sizeof(small):
		memcpy(&small, at, sizeof(small));
		return PyLong_FromUnsignedLong(small);
	case sizeof(large):
		memcpy(&large, at, sizeof(large));
		return PyLong_FromUnsignedLongLong(large);
	default:
		return PyUnicode_FromStringAndSize(at, strnlen(at, field->size));
	}
}

PyObject *record_make(const struct record *record, const void *data)
{
	PyObject *made = PyStructSequence_New(record->type), *value;
	const struct record_field *field;

	for (field = record->fields; made && field->name; field++) {
		value = value_of(field, (const char *)data + field->offset);
		if (value)
			PyStructSequence_SetItem(made, field - record->fields,
						 value);
		else
			Py_CLEAR(made);
	}
	return made;
}

PyTypeObject *type_add(PyObject *module, PyType_Spec *spec, PyTypeObject *base)
{
	PyObject *type = PyType_FromModuleAndSpec(module, spec,
						  (PyObject *)base);

	if (!type || PyModule_AddType(module, (PyTypeObject *)type)) {
		Py_XDECREF(type);
		return NULL;
	}
	return (PyTypeObject *)type;
}
