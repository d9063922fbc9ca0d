/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Captures that a server (fpgabuf-share) shares. */
#ifndef FPGABUF_PYTHON_CLIENT_H
#define FPGABUF_PYTHON_CLIENT_H

#include "core.h"

int client_init(PyObject *module);

#endif /* FPGABUF_PYTHON_CLIENT_H */
