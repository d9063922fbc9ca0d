// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/files.h"
#include "doctor/tree.h"

/* Deeper than any board is, and a bound for the walk */
#define MAX_DEPTH	32

static void tree_path(char path[PATH_SIZE], const struct doctor_places *places)
{
	path_make(path, "%s/firmware/devicetree/base", places->sys);
}

bool tree_exists(const struct doctor_places *places)
{
	char path[PATH_SIZE];

	tree_path(path, places);
	return path_exists(path);
}

/* A list of strings, each with its NUL */
static bool is_compatible(const char *node)
{
	char path[PATH_SIZE], text[1024];
	const char *at;
	ssize_t n;

	path_make(path, "%s/compatible", node);
	n = file_read(path, text, sizeof(text));
	for (at = text; n > 0 && at < text + n; at += strlen(at) + 1)
		if (!strcmp(at, COMPATIBLE))
			return true;
	return false;
}

/**
 * struct walk - a walk through the tree
 * @take: called with each node that is for us
 * @arg: for it
 * @depth: of the walk
 */
struct walk {
	void (*take)(void *arg, const char *path);
	void *arg;
	unsigned int depth;
};

static void walk(struct walk *w, const char *node)
{
	DIR *dir = w->depth < MAX_DEPTH ? opendir(node) : NULL;
	struct dirent *entry;
	char path[PATH_SIZE];

	if (!dir)
		return;
	if (is_compatible(node))
		w->take(w->arg, node);
	w->depth++;
	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || *entry->d_name == '.')
			continue;
		path_make(path, "%s/%s", node, entry->d_name);
		walk(w, path);
	}
	w->depth--;
	closedir(dir);
}

void tree_each(const struct doctor_places *places,
	       void (*take)(void *arg, const char *path), void *arg)
{
	struct walk w = { .take = take, .arg = arg };
	char path[PATH_SIZE];

	tree_path(path, places);
	walk(&w, path);
}

/**
 * struct owner - a device that is looked for
 * @places: where to look
 * @node: the node that it is made of
 * @found: there is one
 */
struct owner {
	const struct doctor_places *places;
	char node[PATH_MAX];
	bool found;
};

static void compare_node(void *arg, const char *device)
{
	struct owner *owner = arg;
	char path[PATH_SIZE], node[PATH_MAX];

	path_make(path, "%s/bus/platform/devices/%s/of_node",
		  owner->places->sys, device);
	if (realpath(path, node) && !strcmp(node, owner->node))
		owner->found = true;
}

static bool has_device(const struct doctor_places *places, const char *node)
{
	struct owner owner = { .places = places };
	char path[PATH_SIZE];

	if (!realpath(node, owner.node))
		return false;
	path_make(path, "%s/bus/platform/devices", places->sys);
	for_each_name(path, compare_node, &owner);
	return owner.found;
}

/**
 * struct tree_checker - a check of the nodes
 * @findings: what it has found
 * @places: where to look
 * @skip: length of what the paths of all nodes begin with
 * @count: nodes so far
 */
struct tree_checker {
	struct findings *findings;
	const struct doctor_places *places;
	size_t skip;
	unsigned int count;
};

static void check_node(void *arg, const char *node)
{
	struct tree_checker *c = arg;
	const char *name = node + c->skip;
	char path[PATH_SIZE], status[64];

	c->count++;
	path_make(path, "%s/status", node);
	if (!file_line(path, status, sizeof(status)) &&
	    strcmp(status, "okay") && strcmp(status, "ok")) {
		found(c->findings, VERDICT_WRONG, "node", name,
		      "the node of the device tree has status \"%s\"", status);
		found_remedy(c->findings, "set status = \"okay\" in this node, or take status out");
	} else if (!has_device(c->places, node)) {
		found(c->findings, VERDICT_WRONG, "node", name,
		      "the kernel has made no device of this node of the device tree");
		found_remedy(c->findings, "its parent must be the root or a bus (compatible = \"simple-bus\"), and enabled");
	} else {
		found(c->findings, VERDICT_OK, "node", name,
		      "the device tree has it");
	}
}

unsigned int tree_check(struct findings *f, const struct doctor_places *places)
{
	struct tree_checker c = { .findings = f, .places = places };
	char path[PATH_SIZE];

	tree_path(path, places);
	c.skip = strlen(path);
	tree_each(places, check_node, &c);
	return c.count;
}
