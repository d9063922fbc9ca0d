// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

struct device_object {
	PyObject_HEAD
	struct device *device;
};

static PyTypeObject *type;

#define FIELD(member, words)	\
	RECORD_FIELD(struct fpgabuf_info, member, words)

static const struct record_field info_fields[] = {
	FIELD(version, "version of the driver's interface"),
	FIELD(name, "name of the device node"),
	FIELD(capabilities, "FPGABUF_CAP_* bits"),
	FIELD(max_region_size, "most bytes of a region"),
	FIELD(limit_bytes, "most bytes of all regions together"),
	FIELD(used_bytes, "bytes that all regions have together"),
	FIELD(alignment, "the length of a capture is a multiple of this"),
	FIELD(queue_depth, "most regions that can be queued"),
	FIELD(queued, "regions that are queued"),
	FIELD(default_timeout_ms, "timeout of a capture, if none is given"),
	FIELD(captures, "captures since the driver was bound"),
	FIELD(gaps, "captures before which samples may be missing"),
	FIELD(busy, "how often a region was refused, because it was in use"),
	FIELD(file_limit_bytes, "most bytes of all regions of an open file"),
	FIELD(file_used_bytes, "bytes that the regions of this file have"),
	FIELD(max_capture, "longest capture of the DMA controller; 0: not known"),
	FIELD(max_packet, "longest packet that ends a capture as a whole; 0: any"),
	FIELD(transfers, "captures that the DMA controller gets at once"),
	{ 0 }
};

static struct record info = {
	.name = "fpgabuf.Info",
	.doc = "Limits and counters of a device.",
	.fields = info_fields,
};

int device_is(PyObject *object)
{
	return PyObject_TypeCheck(object, type);
}

static struct device *device_of(PyObject *self)
{
	struct device *device = ((struct device_object *)self)->device;

	if (!device)
		PyErr_SetString(PyExc_ValueError, "the device is closed");
	return device;
}

struct device *device_get(PyObject *object)
{
	struct device *device = device_of(object);

	if (device)
		device->users++;
	return device;
}

void device_put(struct device *device)
{
	if (!device || --device->users)
		return;
	Py_BEGIN_ALLOW_THREADS
	fpgabuf_device_close(device->fpgabuf);
	Py_END_ALLOW_THREADS
	free(device);
}

static void *open_failed(const char *path, int err)
{
	PyObject *text = PyUnicode_FromFormat("cannot open %s: %s", path,
					      strerror(-err));
	const char *words = text ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;

	if (words)
		error_set("open", err, words);
	Py_XDECREF(text);
	return NULL;
}

static struct device *device_open(const char *path)
{
	struct device *device = calloc(1, sizeof(*device));
	int err;

	if (!device)
		return (void *)PyErr_NoMemory();
	Py_BEGIN_ALLOW_THREADS
	err = fpgabuf_device_open(path, O_NONBLOCK, &device->fpgabuf);
	Py_END_ALLOW_THREADS
	if (err) {
		free(device);
		return open_failed(path, err);
	}
	device->users = 1;
	return device;
}

static PyObject *new(PyTypeObject *cls, PyObject *args, PyObject *kwds)
{
	static char *keywords[] = { "path", NULL };
	allocfunc alloc = PyType_GetSlot(cls, Py_tp_alloc);
	PyObject *path = NULL;
	struct device_object *self;

	if (!PyArg_ParseTupleAndKeywords(args, kwds, "|O&:Device", keywords,
					 PyUnicode_FSConverter, &path))
		return NULL;
	self = (struct device_object *)alloc(cls, 0);
	if (self)
		self->device = device_open(path ? PyBytes_AsString(path) :
						  FPGABUF_DEFAULT_DEVICE);
	Py_XDECREF(path);
	if (self && !self->device)
		Py_CLEAR(self);
	return (PyObject *)self;
}

static PyObject *close_device(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct device_object *object = (struct device_object *)self;
	struct device *device = object->device;

	object->device = NULL;
	device_put(device);
	Py_RETURN_NONE;
}

static void dealloc(PyObject *self)
{
	PyTypeObject *cls = Py_TYPE(self);
	freefunc release = PyType_GetSlot(cls, Py_tp_free);

	device_put(((struct device_object *)self)->device);
	release(self);
	Py_DECREF(cls);
}

static PyObject *get_info(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct device *device = device_get(self);
	struct fpgabuf_info data = { 0 };

	if (!device)
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	fpgabuf_device_info(device->fpgabuf, &data);
	Py_END_ALLOW_THREADS
	device_put(device);
	return record_make(&info, &data);
}

static PyObject *get_fileno(PyObject *self, PyObject *Py_UNUSED(unused))
{
	const struct device *device = device_of(self);

	if (!device)
		return NULL;
	return PyLong_FromLong(fpgabuf_device_fd(device->fpgabuf));
}

static PyObject *enter(PyObject *self, PyObject *Py_UNUSED(unused))
{
	return device_of(self) ? Py_NewRef(self) : NULL;
}

static PyObject *get_closed(PyObject *self, void *Py_UNUSED(unused))
{
	return PyBool_FromLong(!((struct device_object *)self)->device);
}

static PyMethodDef methods[] = {
	{ "info", get_info, METH_NOARGS,
	  "info() -> Info: limits and counters of the device" },
	{ "fileno", get_fileno, METH_NOARGS,
	  "fileno() -> int: the descriptor of the device" },
	{ "close", close_device, METH_NOARGS,
	  "close(): close the device, as soon as its rings and captures have gone" },
	{ "__enter__", enter, METH_NOARGS, NULL },
	{ "__exit__", close_device, METH_VARARGS, NULL },
	{ 0 }
};

static PyGetSetDef getset[] = {
	{ "closed", get_closed, NULL, "was it closed?", NULL },
	{ 0 }
};

static PyType_Slot slots[] = {
	{ Py_tp_doc, "Device(path='/dev/fpgabuf0'): a capture device" },
	{ Py_tp_new, new },
	{ Py_tp_dealloc, dealloc },
	{ Py_tp_methods, methods },
	{ Py_tp_getset, getset },
	{ 0 }
};

static PyType_Spec spec = {
	.name = "fpgabuf.Device",
	.basicsize = sizeof(struct device_object),
	.flags = Py_TPFLAGS_DEFAULT,
	.slots = slots,
};

int device_init(PyObject *module)
{
	if (record_init(&info, module))
		return -1;
	type = type_add(module, &spec, NULL);
	return type ? 0 : -1;
}
