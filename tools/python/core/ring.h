/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The regions of a device that go round. */
#ifndef FPGABUF_PYTHON_RING_H
#define FPGABUF_PYTHON_RING_H

#include "core.h"

int ring_init(PyObject *module);

#endif /* FPGABUF_PYTHON_RING_H */
