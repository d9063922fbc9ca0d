// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <string.h>

#include "client.h"
#include "source.h"

#define FIELD(member, words)	\
	RECORD_FIELD(struct fpgabuf_client_geometry, member, words)

static const struct record_field geometry_fields[] = {
	FIELD(device, "name of the capture device"),
	FIELD(regions, "number of regions"),
	FIELD(credits, "captures that this client may have at once"),
	FIELD(region_size, "bytes of every region"),
	FIELD(alignment, "the length of a capture is a multiple of this"),
	{ 0 }
};

static struct record geometry = {
	.name = "fpgabuf.Geometry",
	.doc = "What a server shares.",
	.fields = geometry_fields,
};

static void *connect_failed(const char *path, int err)
{
	const char *sentence = fpgabuf_client_strerror(err);
	PyObject *text = PyUnicode_FromFormat("cannot connect to %s: %s", path,
					      sentence ? sentence :
							 strerror(-err));
	const char *words = text ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;

	if (words)
		error_set("client", err, words);
	Py_XDECREF(text);
	return NULL;
}

static struct fpgabuf_client *connect_to(const char *path, unsigned int credits)
{
	struct fpgabuf_client *client = NULL;
	int err;

	Py_BEGIN_ALLOW_THREADS
	err = fpgabuf_client_connect(path, credits, O_NONBLOCK, &client);
	Py_END_ALLOW_THREADS
	return err ? connect_failed(path, err) : client;
}

static PyObject *make(PyTypeObject *cls, const char *path, unsigned int credits)
{
	struct origin *origin = origin_new();

	if (!origin)
		return PyErr_NoMemory();
	origin->client = connect_to(path, credits);
	if (origin->client)
		return source_new(cls, origin);
	origin_put(origin);
	return NULL;
}

static PyObject *new(PyTypeObject *cls, PyObject *args, PyObject *kwds)
{
	static char *keywords[] = { "path", "credits", NULL };
	PyObject *path = NULL, *self;
	uint32_t credits = 0;

	/* A path that was converted is given back if what follows is wrong. */
	if (!PyArg_ParseTupleAndKeywords(args, kwds, "|O&$O&:Client", keywords,
					 PyUnicode_FSConverter, &path,
					 number32, &credits))
		return NULL;
	self = make(cls, path ? PyBytes_AsString(path) : FPGABUF_DEFAULT_SHARE,
		    credits);
	Py_XDECREF(path);
	return self;
}

static PyObject *get_geometry(PyObject *self, PyObject *Py_UNUSED(unused))
{
	struct origin *origin = source_origin(self);
	struct fpgabuf_client_geometry data;

	if (!origin)
		return NULL;
	fpgabuf_client_geometry(origin->client, &data);
	origin_put(origin);
	return record_make(&geometry, &data);
}

static PyMethodDef methods[] = {
	{ "geometry", get_geometry, METH_NOARGS,
	  "geometry() -> Geometry: what the server shares" },
	{ 0 }
};

static PyType_Slot slots[] = {
	{ Py_tp_doc,
	  "Client(path='/run/fpgabuf/fpgabuf0.sock', *, credits=0)" },
	{ Py_tp_new, new },
	{ Py_tp_methods, methods },
	{ 0 }
};

static PyType_Spec spec = {
	.name = "fpgabuf._core.Client",
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
	.slots = slots,
};

int client_init(PyObject *module)
{
	if (record_init(&geometry, module))
		return -1;
	return type_add(module, &spec, source_type()) ? 0 : -1;
}
