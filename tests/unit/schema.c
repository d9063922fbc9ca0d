// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "schema.h"

static const char *schema(void)
{
	static bool told;
	const char *path = getenv("FPGABUF_SIGMF_SCHEMA") ?: SIGMF_SCHEMA;

	if (!access(path, R_OK))
		return path;
	if (!told)
		printf("\n    skipped: no schema of SigMF at %s, only JSON is asked for\n",
		       path);
	told = true;
	return "";
}

bool schema_holds(const char *meta)
{
	char command[4096];

	snprintf(command, sizeof(command),
		 "python3 - '%s' '%s' <<'EOF'\n"
		 "import json, sys\n"
		 "meta = json.load(open(sys.argv[1]))\n"
		 "if sys.argv[2]:\n"
		 "    import jsonschema\n"
		 "    jsonschema.validate(meta, json.load(open(sys.argv[2])))\n"
		 "EOF\n", meta, schema());
	fflush(stdout);
	return !system(command);
}
