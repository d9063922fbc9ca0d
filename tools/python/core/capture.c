// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A capture goes back to its ring or server by release(), or when nobody has the object
 * any more.  A view has the object, so neither happens while there is one.
 */
#include <string.h>

#include "capture.h"
#include "dlpack.h"

/**
 * struct capture_object - the object
 * @origin: where it goes back to; NULL: it has
 * @data: what the library says of it
 * @writable: is its memory mapped for writing?
 * @views: how many there are
 */
struct capture_object {
	PyObject_HEAD
	struct origin *origin;
	struct fpgabuf_capture data;
	bool writable;
	Py_ssize_t views;
};

static PyTypeObject *type;

static struct capture_object *object_of(PyObject *self)
{
	return (struct capture_object *)self;
}

PyObject *capture_new(struct origin *origin, const struct fpgabuf_capture *data)
{
	allocfunc alloc = PyType_GetSlot(type, Py_tp_alloc);
	PyObject *self = alloc(type, 0);

	if (!self) {
		Py_BEGIN_ALLOW_THREADS
		origin_release(origin, data->slot);
		Py_END_ALLOW_THREADS
		return NULL;
	}
	object_of(self)->origin = origin_get(origin);
	object_of(self)->data = *data;
	object_of(self)->writable = origin->writable;
	return self;
}

static void give_back(struct capture_object *capture)
{
	struct origin *origin = capture->origin;

	if (!origin)
		return;
	capture->origin = NULL;
	Py_BEGIN_ALLOW_THREADS
	origin_release(origin, capture->data.slot);
	Py_END_ALLOW_THREADS
	origin_put(origin);
}

static void dealloc(PyObject *self)
{
	PyTypeObject *cls = Py_TYPE(self);
	freefunc release = PyType_GetSlot(cls, Py_tp_free);

	give_back(object_of(self));
	release(self);
	Py_DECREF(cls);
}

static PyObject *release(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct capture_object *capture = object_of(self);

	if (capture->views) {
		PyErr_Format(PyExc_BufferError,
			     "views of capture %llu: %zd; delete them before you release it, because they see its region",
			     (unsigned long long)capture->data.sequence,
			     capture->views);
		return NULL;
	}
	give_back(capture);
	Py_RETURN_NONE;
}

static bool is_here(PyObject *self)
{
	if (object_of(self)->origin)
		return true;
	PyErr_SetString(PyExc_ValueError,
			"the capture was released: its region may be captured into again");
	return false;
}

static PyObject *enter(PyObject *self, PyObject *Py_UNUSED(unused))
{
	return is_here(self) ? Py_NewRef(self) : NULL;
}

int capture_export(PyObject *self, struct capture_bytes *bytes)
{
	struct capture_object *capture = object_of(self);

	if (!is_here(self))
		return -1;
	*bytes = (struct capture_bytes){
		.addr = (void *)capture->data.addr,
		.size = capture->data.bytes,
		.writable = capture->writable,
	};
	capture->views++;
	Py_INCREF(self);
	return 0;
}

void capture_unexport(PyObject *self)
{
	object_of(self)->views--;
	Py_DECREF(self);
}

static int get_buffer(PyObject *self, Py_buffer *view, int flags)
{
	struct capture_bytes bytes;

	view->obj = NULL;
	if (capture_export(self, &bytes))
		return -1;
	if (PyBuffer_FillInfo(view, self, bytes.addr, bytes.size,
			      !bytes.writable, flags)) {
		capture_unexport(self);
		return -1;
	}
	/* The view has a reference of its own. */
	Py_DECREF(self);
	return 0;
}

/* The reference goes with the view, after this. */
static void release_buffer(PyObject *self, Py_buffer *Py_UNUSED(view))
{
	object_of(self)->views--;
}

static Py_ssize_t length(PyObject *self)
{
	return object_of(self)->data.bytes;
}

static PyObject *represent(PyObject *self)
{
	const struct capture_object *capture = object_of(self);

	return PyUnicode_FromFormat("<fpgabuf.Capture %llu: %llu bytes%s%s>",
				    (unsigned long long)capture->data.sequence,
				    (unsigned long long)capture->data.bytes,
				    capture->data.status & FPGABUF_CAPTURE_GAP ?
				    ", gap" : "",
				    capture->origin ? "" : ", released");
}

/* What is asked of it */

#define NUMBER(name, member)						\
	static PyObject *get_##name(PyObject *self,			\
				    void *Py_UNUSED(unused))		\
	{								\
		return PyLong_FromUnsignedLongLong(			\
			object_of(self)->data.member);			\
	}

#define FLAG(name, expression)						\
	static PyObject *get_##name(PyObject *self,			\
				    void *Py_UNUSED(unused))		\
	{								\
		const struct capture_object *capture = object_of(self);	\
									\
		return PyBool_FromLong(expression);			\
	}

NUMBER(nbytes, bytes)
NUMBER(sequence, sequence)
NUMBER(timestamp_ns, timestamp_ns)
NUMBER(slot, slot)
NUMBER(failures, failures)
FLAG(gap, !!(capture->data.status & FPGABUF_CAPTURE_GAP))
FLAG(partial, !!(capture->data.status & FPGABUF_CAPTURE_PARTIAL))
FLAG(writable, capture->writable)
FLAG(released, !capture->origin)

static PyObject *get_views(PyObject *self, void *Py_UNUSED(unused))
{
	return PyLong_FromSsize_t(object_of(self)->views);
}

static PyObject *get_error(PyObject *self, void *Py_UNUSED(unused))
{
	const int err = object_of(self)->data.error;

	if (!err)
		Py_RETURN_NONE;
	return error_make("capture", err, strerror(-err));
}

static PyMethodDef methods[] = {
	{ "release", release, METH_NOARGS,
	  "release(): give the region back, for the next capture.\n\n"
	  "BufferError: there are views of it." },
	{ "__dlpack__", WITH_KEYWORDS(dlpack_export),
	  METH_VARARGS | METH_KEYWORDS,
	  "The bytes as a DLPack capsule, without a copy." },
	{ "__dlpack_device__", dlpack_device, METH_NOARGS,
	  "(1, 0): the memory of the CPU" },
	{ "__enter__", enter, METH_NOARGS, NULL },
	{ "__exit__", release, METH_VARARGS, NULL },
	{ 0 }
};

static PyGetSetDef getset[] = {
	{ "nbytes", get_nbytes, NULL, "bytes; 0 only if it has failed", NULL },
	{ "sequence", get_sequence, NULL, "its number: 0, 1, 2 and so on", NULL },
	{ "timestamp_ns", get_timestamp_ns, NULL,
	  "time.monotonic_ns() when it was complete", NULL },
	{ "slot", get_slot, NULL, "number of its region", NULL },
	{ "failures", get_failures, NULL,
	  "captures that have failed in a row, with this one", NULL },
	{ "gap", get_gap, NULL, "samples may be missing before it", NULL },
	{ "partial", get_partial, NULL, "it is shorter than was asked for", NULL },
	{ "error", get_error, NULL,
	  "None, or an OSError: how it ended.  Its bytes are good.", NULL },
	{ "writable", get_writable, NULL, "may you write to it?", NULL },
	{ "released", get_released, NULL, "was it given back?", NULL },
	{ "views", get_views, NULL, "how many views of it there are", NULL },
	{ 0 }
};

static PyType_Slot slots[] = {
	{ Py_tp_doc, "A capture: its bytes, by the buffer protocol or DLPack." },
	{ Py_tp_dealloc, dealloc },
	{ Py_tp_repr, represent },
	{ Py_tp_methods, methods },
	{ Py_tp_getset, getset },
	{ Py_mp_length, length },
	{ Py_bf_getbuffer, get_buffer },
	{ Py_bf_releasebuffer, release_buffer },
	{ 0 }
};

static PyType_Spec spec = {
	.name = "fpgabuf.Capture",
	.basicsize = sizeof(struct capture_object),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
	.slots = slots,
};

int capture_init(PyObject *module)
{
	type = type_add(module, &spec, NULL);
	return type ? 0 : -1;
}
