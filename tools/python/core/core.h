/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fpgabuf._core: what of the Python module is written in C
 *
 * Who includes whom: module -> ring, client -> source -> capture -> dlpack, origin;
 * and all of them error and record.
 *
 * The GIL guards Python objects and all counters of users.  It is released around
 * every call of the library.  A lock of an origin is only taken without the GIL, so
 * that the two cannot wait for each other.
 */
#ifndef FPGABUF_PYTHON_CORE_H
#define FPGABUF_PYTHON_CORE_H

/* One binary for all Pythons from 3.11 on */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>

#include <fpgabuf/fpgabuf.h>

/* A function with keywords, as the tables of methods want it */
#define WITH_KEYWORDS(function) \
	((PyCFunction)(void (*)(void))(function))

/* error.c */
int error_init(void);

/*
 * error_set() - set a Python exception for a negative errno, and return NULL
 * @doing: which calls failed: "open", "ring", "capture" or "client"
 * @text: what happened, as a sentence
 */
void *error_set(const char *doing, int err, const char *text);

/* error_make() - the same exception as an object, not set */
PyObject *error_make(const char *doing, int err, const char *text);

/* record.c: structures of the library as named tuples */

/**
 * struct record_field - a member
 * @name: its name
 * @doc: what it is
 * @offset: where it is in the structure
 * @size: its bytes; more than 8: it is a text
 */
struct record_field {
	const char *name;
	const char *doc;
	size_t offset;
	size_t size;
};

#define RECORD_FIELD(type, member, words) \
	{ #member, words, offsetof(type, member), sizeof(((type *)0)->member) }

#define RECORD_MAX_FIELDS	24

/**
 * struct record - a structure
 * @name: with its module
 * @doc: what it is
 * @fields: the last one has no name
 * @type: the Python type, made by record_init()
 */
struct record {
	const char *name;
	const char *doc;
	const struct record_field *fields;
	PyTypeObject *type;
};

int record_init(struct record *record, PyObject *module);
PyObject *record_make(const struct record *record, const void *data);

/*
 * number32(), number64() - for "O&" of an argument parser: a number that fits.  The
 * parser's own codes take -1 for a large one.
 */
int number32(PyObject *object, void *number);
int number64(PyObject *object, void *number);

/* type_add() - make a type, and add it to the module */
PyTypeObject *type_add(PyObject *module, PyType_Spec *spec, PyTypeObject *base);

#endif /* FPGABUF_PYTHON_CORE_H */
