// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "capture.h"
#include "source.h"

#define NS_PER_SEC	1000000000LL

/* Longer than any machine runs, and no sum overflows */
#define MAX_SECONDS	1e9

struct source_object {
	PyObject_HEAD
	struct origin *origin;
};

static PyTypeObject *type;

#define FIELD(member, words)	\
	RECORD_FIELD(struct fpgabuf_source_counts, member, words)

static const struct record_field count_fields[] = {
	FIELD(captures, "captures with bytes that were handed out"),
	FIELD(bytes, "bytes in them"),
	FIELD(gaps, "captures before which samples may be missing"),
	FIELD(partial, "captures shorter than asked for"),
	FIELD(timeouts, "captures that took too long"),
	FIELD(failures, "captures that failed"),
	FIELD(uncounted, "captures of which it is not known how much came"),
	FIELD(missed, "captures that a server left out, for lack of a credit"),
	FIELD(busy_retries, "how often a region was refused, because it was in use"),
	FIELD(taken, "captures that you have now"),
	{ 0 }
};

static struct record counts = {
	.name = "fpgabuf.Counts",
	.doc = "What a ring or a client did since it was made.",
	.fields = count_fields,
};

PyTypeObject *source_type(void)
{
	return type;
}

struct origin *source_origin(PyObject *self)
{
	struct origin *origin = ((struct source_object *)self)->origin;

	if (origin)
		return origin_get(origin);
	PyErr_SetString(PyExc_ValueError, "it is closed");
	return NULL;
}

static const char *kind_of(const struct origin *origin)
{
	return origin->ring ? "capture" : "client";
}

static PyObject *failed(const struct origin *origin, int err, const char *why)
{
	char text[2 * ORIGIN_WHY_SIZE];

	if (err == -EBADF) {
		PyErr_SetString(PyExc_ValueError, "it was closed meanwhile");
		return NULL;
	}
	if (err == -ETIMEDOUT)
		snprintf(text, sizeof(text), "no capture has come in time: %s",
			 why);
	else if (err == -ENODATA)
		snprintf(text, sizeof(text), "%s", why);
	else
		snprintf(text, sizeof(text), "%s: %s", why, strerror(-err));
	return error_set(kind_of(origin), err, text);
}

PyObject *source_new(PyTypeObject *cls, struct origin *origin)
{
	allocfunc alloc = PyType_GetSlot(cls, Py_tp_alloc);
	PyObject *self = alloc(cls, 0);
	int err;

	if (!self) {
		origin_put(origin);
		return NULL;
	}
	((struct source_object *)self)->origin = origin;
	Py_BEGIN_ALLOW_THREADS
	err = origin_start(origin);
	Py_END_ALLOW_THREADS
	if (!err)
		return self;
	error_set(kind_of(origin), err, strerror(-err));
	Py_DECREF(self);
	return NULL;
}

static PyObject *new(PyTypeObject *Py_UNUSED(cls), PyObject *Py_UNUSED(args),
		     PyObject *Py_UNUSED(kwds))
{
	PyErr_SetString(PyExc_TypeError, "make a Ring or a Client");
	return NULL;
}

static PyObject *close_source(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct source_object *object = (struct source_object *)self;
	struct origin *origin = object->origin;

	if (!origin)
		Py_RETURN_NONE;
	object->origin = NULL;
	Py_BEGIN_ALLOW_THREADS
	origin_close(origin);
	Py_END_ALLOW_THREADS
	origin_put(origin);
	Py_RETURN_NONE;
}

/* Captures that are still there keep the memory, but nothing is captured any more. */
static void dealloc(PyObject *self)
{
	PyTypeObject *cls = Py_TYPE(self);
	freefunc release = PyType_GetSlot(cls, Py_tp_free);
	struct origin *origin = ((struct source_object *)self)->origin;

	/* Without a source it was never started. */
	if (origin && origin->source)
		Py_DECREF(close_source(self, NULL));
	else
		origin_put(origin);
	release(self);
	Py_DECREF(cls);
}

/* end_of() - seconds, or None, as a time of CLOCK_MONOTONIC; -1 and an exception */
static int64_t end_of(PyObject *timeout)
{
	struct timespec now;
	double seconds;

	if (timeout == Py_None)
		return INT64_MAX;
	seconds = PyFloat_AsDouble(timeout);
	if (PyErr_Occurred())
		return -1;
	if (!(seconds >= 0)) {
		PyErr_SetString(PyExc_ValueError,
				"a timeout is 0 or more seconds, or None");
		return -1;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	seconds = seconds < MAX_SECONDS ? seconds : MAX_SECONDS;
	return now.tv_sec * NS_PER_SEC + now.tv_nsec +
	       (int64_t)(seconds * NS_PER_SEC);
}

/* wait_capture() - until it is there; signals are handled, and do not end it */
static int wait_capture(struct origin *origin, struct fpgabuf_capture *capture,
			int64_t end_ns, char *why)
{
	int err;

	do {
		Py_BEGIN_ALLOW_THREADS
		err = origin_wait(origin, capture, end_ns, why);
		Py_END_ALLOW_THREADS
	} while (err == -EINTR && !PyErr_CheckSignals());
	return err;
}

static PyObject *take_until(PyObject *self, int64_t end_ns, bool iterates)
{
	char why[ORIGIN_WHY_SIZE] = "";
	struct fpgabuf_capture capture;
	struct origin *origin = source_origin(self);
	PyObject *result = NULL;
	int err;

	if (!origin)
		return NULL;
	err = wait_capture(origin, &capture, end_ns, why);
	if (!err)
		result = capture_new(origin, &capture);
	else if (err != -EINTR && !(iterates && err == -ENODATA))
		failed(origin, err, why);
	origin_put(origin);
	return result;
}

static PyObject *take(PyObject *self, PyObject *args, PyObject *kwds)
{
	static char *keywords[] = { "timeout", NULL };
	PyObject *timeout = Py_None;
	int64_t end_ns;

	if (!PyArg_ParseTupleAndKeywords(args, kwds, "|O:take", keywords,
					 &timeout))
		return NULL;
	end_ns = end_of(timeout);
	return end_ns < 0 ? NULL : take_until(self, end_ns, false);
}

static PyObject *iterate(PyObject *self)
{
	return take_until(self, INT64_MAX, true);
}

static PyObject *poll_capture(PyObject *self, PyObject *Py_UNUSED(unused))
{
	char why[ORIGIN_WHY_SIZE] = "";
	struct fpgabuf_capture capture;
	struct origin *origin = source_origin(self);
	PyObject *result;
	int err;

	if (!origin)
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	err = origin_next(origin, &capture, why);
	Py_END_ALLOW_THREADS
	if (err == -EAGAIN)
		result = Py_NewRef(Py_None);
	else if (err)
		result = failed(origin, err, why);
	else
		result = capture_new(origin, &capture);
	origin_put(origin);
	return result;
}

/* done() - the result of a call that has failed or not */
static PyObject *done(struct origin *origin, int err, const char *why)
{
	PyObject *result = err ? failed(origin, err, why) : Py_NewRef(Py_None);

	origin_put(origin);
	return result;
}

static PyObject *fill(PyObject *self, PyObject *Py_UNUSED(unused))
{
	char why[ORIGIN_WHY_SIZE] = "";
	struct origin *origin = source_origin(self);
	int err;

	if (!origin)
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	err = origin_fill(origin, why);
	Py_END_ALLOW_THREADS
	return done(origin, err, why);
}

static PyObject *stop(PyObject *self, PyObject *Py_UNUSED(unused))
{
	char why[ORIGIN_WHY_SIZE] = "";
	struct origin *origin = source_origin(self);
	int err;

	if (!origin)
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	err = origin_stop(origin, why);
	Py_END_ALLOW_THREADS
	return done(origin, err, why);
}

static PyObject *limit(PyObject *self, PyObject *args, PyObject *kwds)
{
	static char *keywords[] = { "captures", "nbytes", NULL };
	uint64_t captures = 0, nbytes = 0;
	struct origin *origin;

	if (!PyArg_ParseTupleAndKeywords(args, kwds, "|O&O&:limit", keywords,
					 number64, &captures, number64,
					 &nbytes))
		return NULL;
	origin = source_origin(self);
	if (!origin)
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	origin_limit(origin, captures, nbytes);
	Py_END_ALLOW_THREADS
	return done(origin, 0, NULL);
}

static PyObject *count(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct fpgabuf_source_counts data = { 0 };
	struct origin *origin = source_origin(self);

	if (!origin)
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	origin_count(origin, &data);
	Py_END_ALLOW_THREADS
	origin_put(origin);
	return record_make(&counts, &data);
}

/* explained() - reason and sentence */
static PyObject *explained(PyObject *self, bool sentence)
{
	struct origin *origin = source_origin(self);
	char why[ORIGIN_WHY_SIZE] = "";
	enum fpgabuf_reason reason;

	if (!origin)
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	reason = origin_why(origin, why);
	Py_END_ALLOW_THREADS
	origin_put(origin);
	return sentence ? PyUnicode_FromString(why) : PyLong_FromLong(reason);
}

static PyObject *get_why(PyObject *self, void *Py_UNUSED(unused))
{
	return explained(self, true);
}

static PyObject *get_reason(PyObject *self, void *Py_UNUSED(unused))
{
	return explained(self, false);
}

static PyObject *get_regions(PyObject *self, void *Py_UNUSED(unused))
{
	struct origin *origin = source_origin(self);
	uint32_t regions;

	if (!origin)
		return NULL;
	Py_BEGIN_ALLOW_THREADS
	regions = origin_regions(origin);
	Py_END_ALLOW_THREADS
	origin_put(origin);
	return PyLong_FromUnsignedLong(regions);
}

static PyObject *get_closed(PyObject *self, void *Py_UNUSED(unused))
{
	return PyBool_FromLong(!((struct source_object *)self)->origin);
}

static PyObject *get_fileno(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct origin *origin = source_origin(self);
	int fd;

	if (!origin)
		return NULL;
	fd = origin->epoll;
	origin_put(origin);
	return PyLong_FromLong(fd);
}

static PyObject *enter(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct origin *origin = source_origin(self);

	if (!origin)
		return NULL;
	origin_put(origin);
	return Py_NewRef(self);
}

static PyMethodDef methods[] = {
	{ "take", WITH_KEYWORDS(take), METH_VARARGS | METH_KEYWORDS,
	  "take(timeout=None) -> Capture: wait for the next capture.\n\n"
	  "timeout is in seconds.  Timeout: none has come in time; Ended: none will come." },
	{ "poll", poll_capture, METH_NOARGS,
	  "poll() -> Capture | None: the next capture, if there is one" },
	{ "fill", fill, METH_NOARGS,
	  "fill(): begin to capture before the first capture is wanted" },
	{ "stop", stop, METH_NOARGS,
	  "stop(): end capturing; what has come can still be taken" },
	{ "limit", WITH_KEYWORDS(limit), METH_VARARGS | METH_KEYWORDS,
	  "limit(captures=0, nbytes=0): how much to capture in all; 0: no limit" },
	{ "counts", count, METH_NOARGS, "counts() -> Counts: what it did so far" },
	{ "fileno", get_fileno, METH_NOARGS,
	  "fileno() -> int: a descriptor that is readable when you should call poll()" },
	{ "close", close_source, METH_NOARGS,
	  "close(): end capturing.\n\n"
	  "Captures that you still have stay as they are until you release them." },
	{ "__enter__", enter, METH_NOARGS, NULL },
	{ "__exit__", close_source, METH_VARARGS, NULL },
	{ 0 }
};

static PyGetSetDef getset[] = {
	{ "why", get_why, NULL,
	  "what it waits for, or why the last call failed, as a sentence", NULL },
	{ "reason", get_reason, NULL, "the same as a number: REASON_*", NULL },
	{ "regions", get_regions, NULL, "how many regions it has", NULL },
	{ "closed", get_closed, NULL, "was it closed?", NULL },
	{ 0 }
};

static PyType_Slot slots[] = {
	{ Py_tp_doc, "Captures come from it: iterate over it." },
	{ Py_tp_new, new },
	{ Py_tp_dealloc, dealloc },
	{ Py_tp_iter, PyObject_SelfIter },
	{ Py_tp_iternext, iterate },
	{ Py_tp_methods, methods },
	{ Py_tp_getset, getset },
	{ 0 }
};

static PyType_Spec spec = {
	.name = "fpgabuf.Source",
	.basicsize = sizeof(struct source_object),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.slots = slots,
};

int source_init(PyObject *module)
{
	if (record_init(&counts, module))
		return -1;
	type = type_add(module, &spec, NULL);
	return type ? 0 : -1;
}
