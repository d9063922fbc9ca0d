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

/* Runs a script of Python with two files; it must not fail. */
static bool python_agrees(const char *script, const char *one,
			  const char *other)
{
	char command[4096];

	snprintf(command, sizeof(command), "/usr/bin/python3 - '%s' '%s' <<'EOF'\n%sEOF\n",
		 one, other, script);
	fflush(stdout);
	return !system(command);
}

bool schema_holds(const char *meta)
{
	return python_agrees("import json, sys\n"
			     "meta = json.load(open(sys.argv[1]))\n"
			     "if sys.argv[2]:\n"
			     "    import jsonschema\n"
			     "    jsonschema.validate(meta, json.load(open(sys.argv[2])))\n",
			     meta, schema());
}

bool info_schema_holds(const char *lines)
{
	return python_agrees("import json, jsonschema, sys\n"
			     "schema = json.load(open(sys.argv[2]))\n"
			     "def shut(part):\n"
			     "    if isinstance(part, dict):\n"
			     "        if isinstance(part.get('properties'), dict):\n"
			     "            part['additionalProperties'] = False\n"
			     "        part = list(part.values())\n"
			     "    if isinstance(part, list):\n"
			     "        for each in part: shut(each)\n"
			     "shut(schema)\n"
			     "jsonschema.Draft7Validator.check_schema(schema)\n"
			     "lines = open(sys.argv[1]).read().splitlines()\n"
			     "assert lines\n"
			     "for line in lines:\n"
			     "    jsonschema.validate(json.loads(line), schema)\n",
			     lines, INFO_SCHEMA);
}

bool metrics_hold(const char *prom)
{
	return python_agrees("import sys\n"
			     "try:\n"
			     "    from prometheus_client.parser import text_string_to_metric_families as parse\n"
			     "except ImportError:\n"
			     "    print('\\n    skipped: no python3-prometheus-client, only our own parser looks')\n"
			     "    sys.exit(0)\n"
			     "seen = set()\n"
			     "for family in parse(open(sys.argv[1]).read()):\n"
			     "    assert family.documentation and family.samples, family\n"
			     "    assert family.type in ('counter', 'gauge'), family\n"
			     "    for sample in family.samples:\n"
			     "        key = (sample.name, tuple(sorted(sample.labels.items())))\n"
			     "        assert key not in seen, key\n"
			     "        assert 'name' in sample.labels, key\n"
			     "        counts = sample.name.endswith('_total')\n"
			     "        assert counts == (family.type == 'counter'), key\n"
			     "        seen.add(key)\n"
			     "assert seen\n", prom, "");
}
