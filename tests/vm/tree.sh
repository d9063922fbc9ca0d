# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A kernel's source with drivers of ours in it; sourced, not run.

# tree_make SOURCE TREE NAME...: a tree whose drivers/ shall have folders NAME.
# It costs no space: the files are those of SOURCE, by hard link, and what changes
# is written anew, here and by patch.
tree_make() {
  local tree=$2 name

  rm -rf "$tree"
  cp -al "$1" "$tree" || return
  for name in "${@:3}"; do
    sed -i "\$a obj-\$(CONFIG_${name^^}) += $name/" "$tree/drivers/Makefile" &&
      sed -i "s,^endmenu\$,source \"drivers/$name/Kconfig\"\n\n&," \
        "$tree/drivers/Kconfig" || return
  done
}

# tree_insert TREE FROM NAME: have there what is in FROM.  What has not changed
# keeps its time, and is not built again.
tree_insert() {
  local dir=$1/drivers/$3 file

  rm -rf "$dir.new"
  cp -r "$2" "$dir.new"
  (cd "$dir.new" && find . -type f) | while read -r file; do
    if cmp -s "$dir/$file" "$dir.new/$file"; then
      touch -r "$dir/$file" "$dir.new/$file"
    fi
  done
  rm -rf "$dir"
  mv "$dir.new" "$dir"
}

# tree_header TREE FILE: the same for the header of user space
tree_header() {
  local to=$1/include/uapi/linux/${2##*/}

  cmp -s "$2" "$to" || cp "$2" "$to"
}
