// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * DLPack has two forms.  Only the newer one, from version 1.0 on, can say that memory
 * must not be written to.  A reader that knows only the older one would take all memory
 * for writable, and die by a signal: it gets writable memory or nothing.
 */
#include <stdlib.h>

#include "capture.h"
#include "dlpack.h"

#define DEVICE_CPU	1
#define CODE_UNSIGNED	1
#define FLAG_READ_ONLY	0x1

/* As they are in the binary interface of DLPack */
struct tensor {
	void *data;
	int32_t device_type;
	int32_t device_id;
	int32_t ndim;
	uint8_t code;
	uint8_t bits;
	uint16_t lanes;
	int64_t *shape;
	int64_t *strides;
	uint64_t byte_offset;
};

struct old_form {
	struct tensor tensor;
	void *context;
	void (*deleter)(struct old_form *form);
};

struct new_form {
	uint32_t major;
	uint32_t minor;
	void *context;
	void (*deleter)(struct new_form *form);
	uint64_t flags;
	struct tensor tensor;
};

/* What one capsule has; the context of both forms leads here. */
struct shared {
	PyObject *capture;
	int64_t shape;
	int64_t stride;
	union {
		struct old_form old_form;
		struct new_form new_form;
	};
};

/* Any thread of the reader may call it, but none when Python has ended. */
static void end(struct shared *shared)
{
	PyGILState_STATE state;

	if (!Py_IsInitialized())
		return;
	state = PyGILState_Ensure();
	capture_unexport(shared->capture);
	PyGILState_Release(state);
	free(shared);
}

static void end_old(struct old_form *form)
{
	end(form->context);
}

static void end_new(struct new_form *form)
{
	end(form->context);
}

/* A reader gives the capsule another name, and ends the view by the deleter. */
static void forget_old(PyObject *capsule)
{
	if (PyCapsule_IsValid(capsule, "dltensor"))
		end_old(PyCapsule_GetPointer(capsule, "dltensor"));
}

static void forget_new(PyObject *capsule)
{
	if (PyCapsule_IsValid(capsule, "dltensor_versioned"))
		end_new(PyCapsule_GetPointer(capsule, "dltensor_versioned"));
}

static struct tensor tensor_of(struct shared *shared,
			       const struct capture_bytes *bytes)
{
	return (struct tensor){
		.data = bytes->addr,
		.device_type = DEVICE_CPU,
		.ndim = 1,
		.code = CODE_UNSIGNED,
		.bits = 8,
		.lanes = 1,
		.shape = &shared->shape,
		.strides = &shared->stride,
	};
}

static PyObject *make_old(struct shared *shared,
			  const struct capture_bytes *bytes)
{
	shared->old_form = (struct old_form){
		.tensor = tensor_of(shared, bytes),
		.context = shared,
		.deleter = end_old,
	};
	return PyCapsule_New(&shared->old_form, "dltensor", forget_old);
}

static PyObject *make_new(struct shared *shared,
			  const struct capture_bytes *bytes)
{
	shared->new_form = (struct new_form){
		.major = 1,
		.context = shared,
		.deleter = end_new,
		.flags = bytes->writable ? 0 : FLAG_READ_ONLY,
		.tensor = tensor_of(shared, bytes),
	};
	return PyCapsule_New(&shared->new_form, "dltensor_versioned",
			     forget_new);
}

static PyObject *make(PyObject *capture, bool versioned)
{
	struct shared *shared = calloc(1, sizeof(*shared));
	struct capture_bytes bytes;
	PyObject *capsule;

	if (!shared)
		return PyErr_NoMemory();
	if (capture_export(capture, &bytes)) {
		free(shared);
		return NULL;
	}
	*shared = (struct shared){
		.capture = capture,
		.shape = bytes.size,
		.stride = 1,
	};
	if (!versioned && !bytes.writable) {
		PyErr_SetString(PyExc_BufferError,
				"this reader of DLPack does not know of memory that it must not write to: use numpy.asarray(), or make the ring with writable=True");
		capsule = NULL;
	} else {
		capsule = versioned ? make_new(shared, &bytes) :
				      make_old(shared, &bytes);
	}
	if (!capsule) {
		capture_unexport(capture);
		free(shared);
	}
	return capsule;
}

/* is_new() - from (major, minor) that the reader knows; -1 and an exception */
static int is_new(PyObject *version)
{
	int major, minor;

	if (version == Py_None)
		return 0;
	if (!PyTuple_Check(version)) {
		PyErr_SetString(PyExc_TypeError, "max_version is no tuple");
		return -1;
	}
	if (!PyArg_ParseTuple(version, "ii:max_version", &major, &minor))
		return -1;
	return major >= 1;
}

/* is_here() - is the memory of the CPU wanted? */
static int is_here(PyObject *device)
{
	int type, id;

	if (device == Py_None)
		return 1;
	if (!PyTuple_Check(device)) {
		PyErr_SetString(PyExc_TypeError, "dl_device is no tuple");
		return 0;
	}
	if (!PyArg_ParseTuple(device, "ii:dl_device", &type, &id))
		return 0;
	if (type == DEVICE_CPU && !id)
		return 1;
	PyErr_SetString(PyExc_BufferError,
			"a capture is in the memory of the CPU: it is not copied to another device");
	return 0;
}

PyObject *dlpack_export(PyObject *capture, PyObject *args, PyObject *kwds)
{
	static char *keywords[] = {
		"stream", "max_version", "dl_device", "copy", NULL
	};
	PyObject *stream = Py_None, *version = Py_None, *device = Py_None;
	PyObject *copy = Py_None;
	int versioned;

	if (!PyArg_ParseTupleAndKeywords(args, kwds, "|$OOOO:__dlpack__",
					 keywords, &stream, &version, &device,
					 &copy))
		return NULL;
	versioned = is_new(version);
	if (versioned < 0 || !is_here(device))
		return NULL;
	if (stream == Py_None && copy != Py_True)
		return make(capture, versioned);
	PyErr_SetString(PyExc_BufferError, copy == Py_True ?
			"a capture is never copied: copy what you get" :
			"the CPU has no streams: leave stream out");
	return NULL;
}

PyObject *dlpack_device(PyObject *Py_UNUSED(capture),
			PyObject *Py_UNUSED(unused))
{
	return Py_BuildValue("ii", DEVICE_CPU, 0);
}
