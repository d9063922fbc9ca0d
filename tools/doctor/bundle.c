// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>

#include "common/message.h"
#include "doctor/bundle.h"
#include "doctor/files.h"
#include "doctor/klog.h"
#include "doctor/tree.h"
#include "info/show.h"

/* Lines of the kernel log with one of these words matter. */
static const char * const words[] = {
	"fpgabuf", "dma", "cma:", "swiotlb", "iommu", "reserved mem",
};

static void title(FILE *out, const char *text)
{
	fprintf(out, "\n== %s\n", text);
}

static void print_file(FILE *out, const char *path)
{
	char text[16384];
	ssize_t n = file_read(path, text, sizeof(text));

	title(out, path);
	if (n < 0)
		fprintf(out, "cannot be read: %s\n", strerror(-n));
	else
		fputs(text, out);
}

/* Cells of the device tree are no text. */
static bool is_text(const char *bytes, ssize_t n)
{
	ssize_t i;

	if (n < 2 || bytes[n - 1] || !bytes[0])
		return false;
	for (i = 0; i < n - 1; i++)
		if (bytes[i] && !isprint((unsigned char)bytes[i]))
			return false;
	return true;
}

static void print_value(FILE *out, const char *bytes, ssize_t n)
{
	ssize_t i;

	if (is_text(bytes, n)) {
		for (i = 0; i < n; i += strlen(bytes + i) + 1)
			fprintf(out, " \"%s\"", bytes + i);
		return;
	}
	for (i = 0; i < n; i++)
		fprintf(out, "%s%02x", i % 4 ? "" : " ", (unsigned char)bytes[i]);
}

static void print_node(void *arg, const char *node)
{
	char path[PATH_SIZE], bytes[1024];
	struct dirent *entry;
	FILE *out = arg;
	ssize_t n;
	DIR *dir;

	title(out, node);
	dir = opendir(node);
	while (dir && (entry = readdir(dir))) {
		path_make(path, "%s/%s", node, entry->d_name);
		n = entry->d_type == DT_REG ?
		    file_read(path, bytes, sizeof(bytes)) : -1;
		if (n < 0)
			continue;
		fprintf(out, "%s:", entry->d_name);
		print_value(out, bytes, n);
		fputc('\n', out);
	}
	if (dir)
		closedir(dir);
}

static void print_line(void *arg, const char *line)
{
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcasestr(line, words[i]))
			continue;
		fprintf(arg, "%s\n", line);
		return;
	}
}

static void print_log(FILE *out, const struct doctor_places *places)
{
	int err;

	title(out, "kernel log, the lines that matter");
	err = klog_each(places->kmsg, print_line, out);
	if (err)
		fprintf(out, "cannot be read: %s; run this as root\n",
			strerror(-err));
}

static void print_parameter(FILE *out, const struct doctor_places *places,
			    const char *name)
{
	char path[PATH_SIZE];

	path_make(path, "%s/module/fpgabuf/parameters/%s", places->sys, name);
	print_file(out, path);
}

/* As fpgabuf-info has it.  What it cannot do it says itself. */
static void print_info(FILE *out, const struct doctor_places *places)
{
	const struct places where = {
		.dev = places->dev,
		.proc = places->proc,
		.debug = places->debug,
	};
	struct snapshot now;

	title(out, "fpgabuf-info");
	if (snapshot_take(&now, &where, NULL, 0)) {
		fprintf(out, "%s\n", message_last());
		return;
	}
	show_text(out, &now, NULL);
	show_hidden(out, &now);
	snapshot_free(&now);
}

static void print_clients(FILE *out, const struct clients *clients)
{
	unsigned int i;

	title(out, "devices");
	for (i = 0; i < clients->count; i++)
		fprintf(out, "%s, driver \"%s\", number %d\n",
			clients->list[i].name, clients->list[i].driver,
			clients->list[i].number);
}

static void print_proc(FILE *out, const struct doctor_places *places)
{
	static const char * const files[] = {
		"cmdline", "meminfo", "buddyinfo", "self/limits",
		"sys/net/core/optmem_max", "sys/net/ipv4/tcp_wmem",
	};
	char path[PATH_SIZE];
	unsigned int i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		path_make(path, "%s/%s", places->proc, files[i]);
		print_file(out, path);
	}
}

void bundle_print(FILE *out, const struct clients *clients,
		  const struct doctor_places *places)
{
	struct utsname kernel;

	uname(&kernel);
	title(out, "versions");
	fprintf(out, "fpgabuf-doctor %s\n%s %s %s %s\n", FPGABUF_TOOLS_VERSION,
		kernel.sysname, kernel.release, kernel.version, kernel.machine);
	print_file(out, places->os);
	print_clients(out, clients);
	tree_each(places, print_node, out);
	print_parameter(out, places, "limit_mib");
	print_parameter(out, places, "file_limit_mib");
	print_info(out, places);
	print_proc(out, places);
	print_log(out, places);
}
