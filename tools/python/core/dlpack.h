/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture for numpy, PyTorch and others that know DLPack. */
#ifndef FPGABUF_PYTHON_DLPACK_H
#define FPGABUF_PYTHON_DLPACK_H

#include "core.h"

/* Capture.__dlpack__() and Capture.__dlpack_device__() */
PyObject *dlpack_export(PyObject *capture, PyObject *args, PyObject *kwds);
PyObject *dlpack_device(PyObject *capture, PyObject *unused);

#endif /* FPGABUF_PYTHON_DLPACK_H */
