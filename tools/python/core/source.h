/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a ring and a client have in common: captures come from them. */
#ifndef FPGABUF_PYTHON_SOURCE_H
#define FPGABUF_PYTHON_SOURCE_H

#include "origin.h"

int source_init(PyObject *module);

/* The base of both types */
PyTypeObject *source_type(void);

/*
 * source_new() - an object of type @cls
 * @origin: with device, and ring or client; it belongs to the object, also if this
 *	fails
 */
PyObject *source_new(PyTypeObject *cls, struct origin *origin);

/* source_origin() - use its origin; NULL and an exception: it is closed */
struct origin *source_origin(PyObject *self);

#endif /* FPGABUF_PYTHON_SOURCE_H */
