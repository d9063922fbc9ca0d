/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture that was taken, and the views of its bytes. */
#ifndef FPGABUF_PYTHON_CAPTURE_H
#define FPGABUF_PYTHON_CAPTURE_H

#include "origin.h"

int capture_init(PyObject *module);

/* capture_new() - an object for a capture that was taken; it goes back if this fails */
PyObject *capture_new(struct origin *origin, const struct fpgabuf_capture *data);

/**
 * struct capture_bytes - what a view sees
 * @addr: where it begins
 * @size: bytes
 * @writable: may it be written to?
 */
struct capture_bytes {
	void *addr;
	Py_ssize_t size;
	bool writable;
};

/*
 * capture_export() - begin a view, which keeps the object, and the region from being
 * captured into; -1 and an exception: the capture was given back
 */
int capture_export(PyObject *self, struct capture_bytes *bytes);

/* capture_unexport() - end it */
void capture_unexport(PyObject *self);

#endif /* FPGABUF_PYTHON_CAPTURE_H */
