# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Packages that are not to be installed; sourced, not run, after common.sh.
#
# They come from the archive that this machine gets its own packages from, but
# apt works on folders of our own, so no root is needed, and neither apt nor
# dpkg of the machine learns of other suites and architectures.

# apt_in DIR ARCHITECTURE...: let apt_get and apt_cache work on DIR
apt_in() {
  APT=$1
  APT_OPTIONS=(
    -q
    -o "APT::Architecture=$2"
    -o "APT::Architectures=$(IFS=, && echo "${*:2}")"
    -o APT::Get::List-Cleanup=false
    -o APT::Sandbox::User=root
    -o Acquire::Languages=none
    -o Acquire::IndexTargets::deb-src::Sources::DefaultEnabled=false
    -o "Dir::State=$APT"
    -o "Dir::State::status=$APT/status"
    -o "Dir::Cache=$APT"
    -o Dir::Cache::pkgcache=
    -o Dir::Cache::srcpkgcache=
    -o Dir::Etc::sourcelist=/dev/null
    -o "Dir::Etc::sourceparts=$APT/sources.list.d"
  )
}

apt_get() {
  apt-get "${APT_OPTIONS[@]}" "$@"
}

apt_cache() {
  apt-cache "${APT_OPTIONS[@]}" "$@"
}

# The machine's sources, in both formats, but for all architectures: they may
# be restricted to its own.
copy_sources() {
  local SOURCELIST SOURCEPARTS file to

  eval "$(apt-config shell SOURCELIST Dir::Etc::sourcelist/f \
    SOURCEPARTS Dir::Etc::sourceparts/d)"
  rm -rf "$APT/sources.list.d"
  mkdir -p "$APT/sources.list.d"
  for file in "$SOURCELIST" "$SOURCEPARTS"*.list "$SOURCEPARTS"*.sources; do
    [ -e "$file" ] || continue
    to=$APT/sources.list.d/${file##*/}
    cp --preserve=mode "$file" "$to"
    case $file in
    *.list) sed -E -i 's/\<arch[+-]?=[^] ]*//; s/\[ *\]//' "$to" ;;
    *.sources) sed -i '/^architectures[ :+-]/Id' "$to" ;;
    esac
  done
}

# other_suites SUITE...: keep the sources of the machine's own release alone,
# and let them give these suites instead
other_suites() {
  local own file

  own=$(. /etc/os-release && echo "$VERSION_CODENAME") || return
  for file in "$APT"/sources.list.d/*; do
    case $file in
    *.list)
      for suite; do
        sed -nE "s/^(deb .*[^ ]+:[^ ]+ +)$own( .*)/\1$suite\2/p" "$file"
      done
      ;;
    *.sources)
      awk -v RS= -v own="$own" -v suites="$*" '
        tolower($0) !~ "(^|\n)suites:([^\n]* )?" own "[ \n]" { next }
        { sub(/[Ss]uites:[^\n]*/, "Suites: " suites); print $0 "\n" }' "$file"
      ;;
    esac >"$file.new" || return
    mv "$file.new" "$file"
  done
}

# apt_update [SUITE...]: read the package lists of the machine's sources, or of
# other suites in the same archive
apt_update() {
  mkdir -p "$APT/lists/partial" "$APT/archives/partial"
  # Nothing is installed.
  : >"$APT/status"
  copy_sources
  [ $# -eq 0 ] || other_suites "$@" || return
  apt_get --error-on=any update
}
