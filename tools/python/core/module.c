// SPDX-License-Identifier: LGPL-2.1-or-later
#include "capture.h"
#include "client.h"
#include "ring.h"
#include "source.h"

#define CONSTANT(name)	{ #name, FPGABUF_##name }

static const struct {
	const char *name;
	long value;
} constants[] = {
	CONSTANT(CAP_EXACT_GAPS),
	CONSTANT(CAP_EXACT_BYTES),
	CONSTANT(CAP_STOP),
	CONSTANT(CAP_PACKETS),
	CONSTANT(CAP_IMPORTERS_DONE),
	CONSTANT(CAP_BASELINE),
	CONSTANT(CAP_STREAM),
	CONSTANT(CAP_SLICES),
	CONSTANT(SLOT_IDLE),
	CONSTANT(SLOT_QUEUED),
	CONSTANT(SLOT_TAKEN),
	CONSTANT(SLOT_BUSY),
	CONSTANT(SLOT_KEPT),
	CONSTANT(REASON_END),
	CONSTANT(REASON_CAPTURE),
	CONSTANT(REASON_TAKEN),
	CONSTANT(REASON_BUSY),
	CONSTANT(REASON_QUEUE),
	CONSTANT(REASON_DEQUEUE),
	CONSTANT(REASON_CANCEL),
	CONSTANT(REASON_NONSENSE),
	CONSTANT(REASON_STUCK),
	CONSTANT(REASON_FAILURES),
	CONSTANT(REASON_SERVER),
	CONSTANT(REASON_MAP),
};

static int add_constants(PyObject *module)
{
	size_t i;

	for (i = 0; i < sizeof(constants) / sizeof(*constants); i++)
		if (PyModule_AddIntConstant(module, constants[i].name,
					    constants[i].value))
			return -1;
	return 0;
}

static struct PyModuleDef definition = {
	PyModuleDef_HEAD_INIT,
	.m_name = "fpgabuf._core",
	.m_doc = "The part of fpgabuf that calls libfpgabuf.",
	.m_size = -1,
};

PyMODINIT_FUNC PyInit__core(void);

PyMODINIT_FUNC PyInit__core(void)
{
	PyObject *module = PyModule_Create(&definition);

	if (module &&
	    (error_init() || add_constants(module) || device_init(module) ||
	     capture_init(module) || source_init(module) || ring_init(module) ||
	     client_init(module)))
		Py_CLEAR(module);
	return module;
}
