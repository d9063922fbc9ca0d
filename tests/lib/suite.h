/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A suite of tests, which adds itself to the program that it is linked into.
 *
 * Here is nothing of CUnit, so that kselftests are made of the same files.
 */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <stdbool.h>

/**
 * struct test - one test
 * @name: a sentence that is true if the test passes
 * @run: the test
 */
struct test {
	const char *name;
	void (*run)(void);
};

/**
 * struct suite - tests of one thing
 * @name: what stands before the dot in SUITE.TEST
 * @title: what it is about, for people
 * @tests: the last one has no name
 * @alone: runs only if it is named: it needs a kernel booted for it
 * @lacks: the reason why this kernel cannot run it, or NULL; may be NULL
 * @init: runs before the tests; 0, or they fail; may be NULL
 * @done: takes back what other suites do not expect; may be NULL
 * @next: the suite with the next name
 */
struct suite {
	const char *name;
	const char *title;
	const struct test *tests;
	bool alone;
	const char *(*lacks)(void);
	int (*init)(void);
	int (*done)(void);
	struct suite *next;
};

/* SUITE() - define one, with its members behind the name, and add it */
#define SUITE(id, ...)							\
	static struct suite id##_suite = { .name = #id, __VA_ARGS__ };	\
	__attribute__((constructor)) static void id##_suite_add(void)	\
	{								\
		suite_add(&id##_suite);					\
	}

/* Called by SUITE() only */
void suite_add(struct suite *suite);

/**
 * struct suite_hooks - what a program wants besides; each may be NULL
 * @ready: may the tests begin?  Not called for --list
 * @before: before each test
 * @after: after each test
 */
struct suite_hooks {
	bool (*ready)(void);
	void (*before)(void);
	void (*after)(void);
};

/**
 * suites_main() - run the tests that the command line names, by CUnit
 * @argv: PROGRAM [--list] [--repeat N] [SUITE[.TEST]...]; TEST is a pattern as
 *	the shell has it
 * @hooks: what the program wants besides
 *
 * Without a name, all run but those that are alone.
 *
 * Return: the exit code: 0 if all passed, 1 if not, 2 if there is no such test
 */
int suites_main(char **argv, const struct suite_hooks *hooks);

#endif /* TESTS_SUITE_H */
