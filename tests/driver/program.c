// SPDX-License-Identifier: GPL-2.0-only
/* A tool as the program it is: what it says goes to files. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"

#define NAMESPACE	"/run/netns/peer"

static void redirect(const struct program *p, const char *what, int to)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/%s.%s", p->name, what);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	dup2(fd, to);
}

static void __attribute__((noreturn)) become(const struct program *p)
{
	redirect(p, "out", STDOUT_FILENO);
	redirect(p, "err", STDERR_FILENO);
	if (p->peer && setns(open(NAMESPACE, O_RDONLY | O_CLOEXEC),
			     CLONE_NEWNET))
		_exit(126);
	if (p->nobody && (setgid(65534) || setuid(65534)))
		_exit(126);
	execvp(p->argv[0], (char **)p->argv);
	_exit(127);
}

/* What an earlier one with this name has said is not what this one says. */
static void forget(const struct program *p)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/%s.out", p->name);
	unlink(path);
	snprintf(path, sizeof(path), "/tmp/%s.err", p->name);
	unlink(path);
}

pid_t program_start(const struct program *p)
{
	pid_t pid;

	forget(p);
	fflush(stdout);
	pid = fork();
	if (!pid)
		become(p);
	REQUIRE(pid < 0, false);
	return pid;
}

int program_run(const struct program *p)
{
	return process_exit_code(program_start(p));
}

void program_succeeded(const struct program *p, int code)
{
	if (code)
		printf("\n    %s says: %s", p->argv[0], program_text(p, "err"));
	EXPECT(code, 0);
}

const char *program_text(const struct program *p, const char *what)
{
	static char text[65536];
	char path[64];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/%s.%s", p->name, what);
	f = fopen(path, "re");
	/* It may not have got so far. */
	if (f) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = 0;
	return text;
}

void program_says(const struct program *p, const char *text)
{
	const char *said = program_text(p, "err");

	if (!strstr(said, text))
		printf("\n    no '%s' in: %s", text, said);
	EXPECT(!strstr(said, text), false);
}

void program_wait_for(const struct program *p, const char *what,
		      const char *text)
{
	int i;

	for (i = 0; i < 2000 && !strstr(program_text(p, what), text); i++)
		usleep(10000);
	EXPECT(i < 2000, true);
}

const char *json_at(const char *text, const char *key)
{
	const char *found;
	char name[64];

	snprintf(name, sizeof(name), "\"%s\": ", key);
	found = strstr(text, name);
	if (!found)
		printf("\n    no %s in: %s", key, text);
	REQUIRE(!found, false);
	return found + strlen(name);
}

unsigned long long json_count(const char *text, const char *key)
{
	return strtoull(json_at(text, key), NULL, 10);
}

const char *json_region(const char *text, int fd)
{
	char key[64];
	struct stat st;
	const char *at;

	REQUIRE(fstat(fd, &st), 0);
	snprintf(key, sizeof(key), "{\"inode\": %llu, ",
		 (unsigned long long)st.st_ino);
	at = strstr(text, key);
	if (!at)
		printf("\n    no %s in: %s", key, text);
	REQUIRE(!at, false);
	return at;
}

unsigned long long program_count(const struct program *p, const char *key)
{
	return json_count(program_text(p, "out"), key);
}
