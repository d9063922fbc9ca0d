// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "ring.h"
#include "source.h"

#define FIELD(member, words)	\
	RECORD_FIELD(struct fpgabuf_ring_slot, member, words)

static const struct record_field slot_fields[] = {
	FIELD(state, "where the region is: SLOT_*"),
	FIELD(importers, "mappings by importing devices, if it is busy"),
	FIELD(page_references, "references to its pages, if it is busy"),
	FIELD(busy_since_ns, "time.monotonic_ns() since it is busy, or 0"),
	FIELD(sequence, "number of its last capture on the device"),
	{ 0 }
};

static struct record slot = {
	.name = "fpgabuf.Slot",
	.doc = "A region of a ring.",
	.fields = slot_fields,
};

static struct fpgabuf_ring *create(struct device *device,
				   const struct fpgabuf_ring_setup *setup)
{
	struct fpgabuf_ring *ring = NULL;
	char text[128];
	int err;

	Py_BEGIN_ALLOW_THREADS
	err = fpgabuf_ring_create(device->fpgabuf, setup, &ring);
	Py_END_ALLOW_THREADS
	if (!err)
		return ring;
	snprintf(text, sizeof(text), "cannot make %u regions: %s",
		 setup->regions, strerror(-err));
	return error_set("ring", err, text);
}

static PyObject *make(PyTypeObject *cls, PyObject *device,
		      const struct fpgabuf_ring_setup *setup)
{
	struct origin *origin = origin_new();

	if (!origin)
		return PyErr_NoMemory();
	origin->writable = setup->prot & PROT_WRITE;
	origin->device = device_get(device);
	if (origin->device)
		origin->ring = create(origin->device, setup);
	if (origin->ring)
		return source_new(cls, origin);
	origin_put(origin);
	return NULL;
}

/* timeout_of() - seconds, or None, as milliseconds; -1 and an exception */
static int timeout_of(PyObject *object, uint32_t *ms)
{
	double seconds;

	*ms = 0;
	if (object == Py_None)
		return 0;
	seconds = PyFloat_AsDouble(object);
	if (PyErr_Occurred())
		return -1;
	if (!(seconds >= 0.001 && seconds * 1000 <= FPGABUF_TIMEOUT_MAX_MS)) {
		PyErr_SetString(PyExc_ValueError,
				"the timeout of a capture is 0.001 to 3600 seconds, or None");
		return -1;
	}
	*ms = seconds * 1000;
	return 0;
}

static PyObject *new(PyTypeObject *cls, PyObject *args, PyObject *kwds)
{
	static char *keywords[] = {
		"device", "regions", "region_size", "length", "timeout",
		"max_failures", "writable", "scatter", NULL
	};
	struct fpgabuf_ring_setup setup = { .regions = 8 };
	PyObject *device, *timeout = Py_None;
	int writable = 0, scatter = 0;

	if (!PyArg_ParseTupleAndKeywords(args, kwds, "O|O&$O&O&OO&pp:Ring",
					 keywords, &device,
					 number32, &setup.regions,
					 number64, &setup.region_size,
					 number64, &setup.length, &timeout,
					 number32, &setup.max_failures,
					 &writable, &scatter) ||
	    timeout_of(timeout, &setup.timeout_ms))
		return NULL;
	if (!device_is(device)) {
		PyErr_SetString(PyExc_TypeError, "device is no fpgabuf.Device");
		return NULL;
	}
	setup.access = O_RDWR;
	setup.prot = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	setup.alloc_flags = scatter ? FPGABUF_ALLOC_SCATTER : 0;
	return make(cls, device, &setup);
}

static PyObject *start(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct origin *origin = source_origin(self);

	if (!origin)
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	origin_go_on(origin);
	Py_END_ALLOW_THREADS
	origin_put(origin);
	Py_RETURN_NONE;
}

static PyObject *grow(PyObject *self, PyObject *args)
{
	struct origin *origin;
	uint32_t regions;
	char text[128];
	int err;

	if (!PyArg_ParseTuple(args, "O&:grow", number32, &regions))
		return NULL;
	origin = source_origin(self);
	if (!origin)
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	err = origin_grow(origin, regions);
	Py_END_ALLOW_THREADS
	origin_put(origin);
	if (!err)
		Py_RETURN_NONE;
	snprintf(text, sizeof(text), "cannot make %u regions: %s", regions,
		 strerror(-err));
	return error_set("ring", err, text);
}

static PyObject *look(PyObject *self, PyObject *args)
{
	struct fpgabuf_ring_slot data = { 0 };
	struct origin *origin;
	uint32_t number;
	int err;

	if (!PyArg_ParseTuple(args, "O&:look", number32, &number))
		return NULL;
	origin = source_origin(self);
	if (!origin)
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	err = origin_look(origin, number, &data);
	Py_END_ALLOW_THREADS
	origin_put(origin);
	if (!err)
		return record_make(&slot, &data);
	PyErr_Format(PyExc_IndexError, "there is no region %u", number);
	return NULL;
}

static PyObject *get_length(PyObject *self, void *Py_UNUSED(unused))
{
	struct origin *origin = source_origin(self);
	uint64_t length;

	if (!origin)
		return NULL;
	length = fpgabuf_ring_length(origin->ring);
	origin_put(origin);
	return PyLong_FromUnsignedLongLong(length);
}

static PyMethodDef methods[] = {
	{ "start", start, METH_NOARGS,
	  "start(): go on after stop(), when its last captures were taken" },
	{ "grow", grow, METH_VARARGS,
	  "grow(regions): make more regions, until it has so many" },
	{ "look", look, METH_VARARGS,
	  "look(number) -> Slot: the state of a region, and its users" },
	{ 0 }
};

static PyGetSetDef getset[] = {
	{ "length", get_length, NULL, "bytes of a whole capture", NULL },
	{ 0 }
};

static PyType_Slot slots[] = {
	{ Py_tp_doc,
	  "Ring(device, regions=8, *, region_size=0, length=0, timeout=None, "
	  "max_failures=0, writable=False, scatter=False)" },
	{ Py_tp_new, new },
	{ Py_tp_methods, methods },
	{ Py_tp_getset, getset },
	{ 0 }
};

static PyType_Spec spec = {
	.name = "fpgabuf._core.Ring",
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.slots = slots,
};

int ring_init(PyObject *module)
{
	if (record_init(&slot, module))
		return -1;
	return type_add(module, &spec, source_type()) ? 0 : -1;
}
