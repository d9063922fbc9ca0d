/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What newer kernels expect of a compiler, for sparse 0.6.4, which lacks it.
 * Lengths are asked for where they must be constant, so of string literals.
 */
#define __typeof_unqual__	__typeof__
#define __builtin_strlen(s)	(sizeof(s) - 1)
