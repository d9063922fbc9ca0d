// SPDX-License-Identifier: GPL-2.0-only
/*
 * profile.so - a plugin of QEMU that counts what the guest executes
 *
 * -plugin profile.so,out=PREFIX: between an instruction that means "begin" and one
 * that means "end", both of which do nothing else, the executions of each block of
 * code are counted.  PREFIX.0, PREFIX.1, and so on then have a line for each block:
 * its address, and how many instructions of it were executed.  QEMU counts by itself,
 * without a call, so this costs the guest little time.  A processor that is idle
 * executes nothing.
 *
 * A block that an interrupt or a fault leaves early counts as a whole.
 */
#include <inttypes.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of QEMU's interface, version 1: Debian has no package with the header. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t plugin_id;
typedef void (*plugin_callback)(unsigned int vcpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
		void (*callback)(plugin_id id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb,
		int operation, void *counter, uint64_t value);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
		plugin_callback callback, int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
						 size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

int qemu_plugin_version = 1;

/* The only operation that QEMU has: to add a value to a counter */
#define ADD	0

/* nopl disp32(%rax), see bench_mark() in tests/perf/bench-send.c */
static const char begin_mark[] = "\x0f\x1f\x80" "fpg0";
static const char end_mark[] = "\x0f\x1f\x80" "fpg1";

struct block {
	uint64_t address;
	uint64_t instructions;
	uint64_t executions;
};

static const char *prefix;
static void *blocks;
static unsigned int parts;
static FILE *out;

static int compare(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->instructions != y->instructions)
		return x->instructions < y->instructions ? -1 : 1;
	return 0;
}

static void forget(const void *node, VISIT visit, int depth)
{
	(void)depth;
	if (visit == preorder || visit == leaf)
		(*(struct block **)node)->executions = 0;
}

static void print(const void *node, VISIT visit, int depth)
{
	const struct block *b = *(struct block **)node;

	(void)depth;
	if ((visit == preorder || visit == leaf) && b->executions)
		fprintf(out, "%016" PRIx64 " %" PRIu64 "\n", b->address,
			b->executions * b->instructions);
}

static void begin(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	twalk(blocks, forget);
}

static void end(unsigned int vcpu, void *data)
{
	char name[4096];

	(void)vcpu;
	(void)data;
	snprintf(name, sizeof(name), "%s.%u", prefix, parts++);
	out = fopen(name, "w");
	if (!out)
		abort();
	twalk(blocks, print);
	fclose(out);
}

/* The same code may be translated again. */
static struct block *block_of(const struct qemu_plugin_tb *tb)
{
	struct block *b = malloc(sizeof(*b)), *found;

	if (!b)
		abort();
	*b = (struct block){
		.address = qemu_plugin_tb_vaddr(tb),
		.instructions = qemu_plugin_tb_n_insns(tb),
	};
	found = *(struct block **)tsearch(b, &blocks, compare);
	if (found != b)
		free(b);
	return found;
}

static bool is_mark(const struct qemu_plugin_insn *insn, const char *mark)
{
	return qemu_plugin_insn_size(insn) == 7 &&
	       !memcmp(qemu_plugin_insn_data(insn), mark, 7);
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	size_t i;

	(void)id;
	for (i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (is_mark(insn, begin_mark))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, 0,
							       NULL);
		else if (is_mark(insn, end_mark))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, end, 0,
							       NULL);
	}
	qemu_plugin_register_vcpu_tb_exec_inline(tb, ADD,
						 &block_of(tb)->executions, 1);
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "profile.so,out=PREFIX\n");
		return -1;
	}
	prefix = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return prefix ? 0 : -1;
}
