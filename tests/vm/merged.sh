# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What differs between the releases whose packages are unpacked; sourced.

# merge_usr ROOT: newer releases have all below /usr, and the newest ones the
# kernel beside its modules; let both be found where they were before
merge_usr() {
  local image name

  for name in bin lib lib64 sbin; do
    [ -e "$1/$name" ] || ! [ -d "$1/usr/$name" ] ||
      ln -s "usr/$name" "$1/$name" || return
  done
  mkdir -p "$1/boot" || return
  for image in "$1"/lib/modules/*/vmlinuz; do
    [ ! -e "$image" ] || ln -s "../${image#"$1"/}" \
      "$1/boot/vmlinuz-$(basename "${image%/*}")" || return
  done
}
