/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture device, which lives until its ring and all captures have gone. */
#ifndef FPGABUF_PYTHON_DEVICE_H
#define FPGABUF_PYTHON_DEVICE_H

#include "core.h"

/**
 * struct device - an open device
 * @users: objects that use it
 * @fpgabuf: the library's
 */
struct device {
	unsigned int users;
	struct fpgabuf_device *fpgabuf;
};

int device_init(PyObject *module);

/* device_get() - use the device of a Python object; NULL and an exception: closed */
struct device *device_get(PyObject *object);

/* device_put() - use it no longer; the last one closes it */
void device_put(struct device *device);

/* device_is() - is this object a device? */
int device_is(PyObject *object);

#endif /* FPGABUF_PYTHON_DEVICE_H */
