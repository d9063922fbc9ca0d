# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Who signs off patches that stay here when nobody is known to git, as in
# continuous integration; sourced, not run.

if ! git var GIT_COMMITTER_IDENT >/dev/null 2>&1; then
  export GIT_AUTHOR_NAME=check GIT_AUTHOR_EMAIL=check@localhost
  export GIT_COMMITTER_NAME=check GIT_COMMITTER_EMAIL=check@localhost
fi
