#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# rpm.sh TARBALL DIR - build the RPM packages of the tarball, in DIR
#
# With Debian's rpmbuild, which does not know packages of that name to build with, nor
# the folders that distributions with RPM have.  It refuses files that are in no package.

set -euo pipefail
. "$(dirname "$0")/../../vm/common.sh"

[ $# -eq 2 ] || die "usage: rpm.sh TARBALL DIR"
SPEC=$TOP/tools/rpm/fpgabuf.spec
PACKAGES=(fpgabuf fpgabuf-devel fpgabuf-dkms fpgabuf-libs fpgabuf-recv fpgabuf-static
  gstreamer1-plugin-fpgabuf python3-fpgabuf soapy-fpgabuf)

build() {
  rpmbuild --quiet -bb --nodeps --define "_topdir $2" \
    --define 'debug_package %{nil}' \
    --define "_sourcedir ${1%/*}" \
    --define '_unitdir /usr/lib/systemd/system' \
    --define '_udevrulesdir /usr/lib/udev/rules.d' \
    --define '_sysusersdir /usr/lib/sysusers.d' \
    --define 'python3_sitearch /usr/lib64/python3/site-packages' "$SPEC"
}

# packages DIR: their names
packages() {
  find "$1/RPMS" -name '*.rpm' -exec rpm -qp --qf '%{name}\n' {} + | LC_ALL=C sort
}

# The receiver needs no driver, no library of ours, and no screen.
receiver_alone() {
  local needs

  needs=$(rpm -qp --requires "$1"/RPMS/*/fpgabuf-recv-*.rpm) || return
  echo "$needs"
  ! grep -E 'libdrm|libfpgabuf|fpgabuf-dkms' <<<"$needs"
}

rm -rf "$2"
rpmlint --rpmlintrc "$TOP/tools/rpm/fpgabuf.rpmlintrc" "$SPEC"
build "$(realpath "$1")" "$(realpath -m "$2")"
diff <(packages "$2") <(printf '%s\n' "${PACKAGES[@]}")
receiver_alone "$2"
