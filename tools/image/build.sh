#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh BOARD - make a disk image with Debian, driver and tools for BOARD, into
# .build/image/BOARD
#
# README.md says which boards there are, and what is in the image.

set -euo pipefail
. "$(dirname "$0")/../../tests/vm/common.sh"
. "$TOP/tests/vm/apt.sh"
. "$TOP/tests/vm/debian.sh"
cd "$TOP"

[ $# -eq 1 ] || die "usage: build.sh BOARD"
IMAGE_BOARD=$1
HERE=$TOP/tools/image
# What differs between boards: the architecture, and what qemu-user calls it; the serial
# port; the modules that find the disk; and the device tree, if U-Boot has none.
DTB=
case $IMAGE_BOARD in
virt-arm64)
  export ARCH=arm64
  EMULATED=aarch64
  CONSOLE=ttyAMA0
  INITRD_MODULES=(virtio_pci virtio_blk ext4)
  ;;
vexpress-armhf)
  export ARCH=armhf
  EMULATED=arm
  CONSOLE=ttyAMA0
  INITRD_MODULES=(armmmci virtio_mmio virtio_blk ext4)
  DTB=vexpress-v2p-ca15-tc1.dtb
  ;;
zynq)
  export ARCH=armhf FLAVOUR=zynq
  EMULATED=arm
  CONSOLE=ttyPS0
  INITRD_MODULES=()
  DTB=zynq-zc702.dtb
  # Debian's kernels do not run there.
  KROOT=$(tests/kernel/build.sh zynq-image)
  export KROOT
  ;;
*) die "no recipe for $IMAGE_BOARD: there is virt-arm64, vexpress-armhf and zynq" ;;
esac
DIR=$BUILD/image/$IMAGE_BOARD
STAGE=$DIR/stage
PARTS=$DIR/parts
IMAGE=fpgabuf-$IMAGE_BOARD.img
ROOT_MIB=1024
RELEASE=$(. /etc/os-release && echo "$VERSION_CODENAME")

PACKAGES=e2fsprogs,iproute2,kmod,libdrm2,libjansson4,liburing2,login,mount,netbase,passwd
PACKAGES+=,sudo,systemd-sysv,udev

# The kernel is no package there: apt would replace it, and the driver fits this one.
kernel() {
  local modules=$STAGE/usr/lib/modules/$KVER

  mkdir -p "$modules" && cp -a -t "$modules" "$KROOT/lib/modules/$KVER/kernel" \
    "$KROOT/lib/modules/$KVER"/modules.{builtin,builtin.modinfo,order}
}

# Driver and tools, below /usr alone: /lib is a link in the image.
build() {
  rm -rf "$STAGE" && kernel || return
  make -j"$(nproc)" modules_install INSTALL_MOD_PATH="$STAGE/usr" &&
    make -j"$(nproc)" -C tools O="$DIR/tools" "${CROSS[@]}" PREFIX=/usr \
      libdir="/usr/lib/$MULTIARCH" DESTDIR="$STAGE" install || return
  depmod -b "$STAGE/usr" "$KVER"
}

# Without root it takes namespaces of its own.
root() {
  local mode=unshare

  [ "$(id -u)" -ne 0 ] || mode=root
  debian_root "$RELEASE" "$DIR/root.tar" --mode="$mode" \
    --architectures="$ARCH" --variant=apt --include="$PACKAGES" \
    --skip=check/qemu --setup-hook="'$HERE/binfmt.sh' $EMULATED" \
    --customize-hook="sync-in '$STAGE' /" \
    --customize-hook="'$HERE/customize.sh' \"\$1\" $IMAGE_BOARD"
}

# What U-Boot reads: the kernel, and how to boot it
boot_files() {
  mkdir -p "$PARTS/boot/extlinux" &&
    cp "$KROOT/boot/vmlinuz-$KVER" "$PARTS/boot/vmlinuz" &&
    "$HERE/initrd.sh" "$PARTS/initrd" "$PARTS/boot/initrd.img" \
      "${INITRD_MODULES[@]}" || return
  if [ -n "$DTB" ]; then
    cp "$KROOT/usr/lib/linux-image-$KVER/$DTB" "$PARTS/boot/" || return
  fi
  extlinux >"$PARTS/boot/extlinux/extlinux.conf"
}

extlinux() {
  cat <<END_OF_FILE
default fpgabuf
timeout 10
label fpgabuf
  linux /vmlinuz
  initrd /initrd.img${DTB:+
  fdt /$DTB}
  append console=$CONSOLE,115200 quiet
END_OF_FILE
}

# fakeroot: the files are root's, whoever unpacks them.
root_files() {
  mkdir -p "$PARTS/root" && rm -f "$PARTS/root.ext4" || return
  # shellcheck disable=SC2016 # the other shell expands it
  fakeroot sh -ec '
    tar -xf "$1" -C "$2"
    mke2fs -q -t ext4 -L fpgabuf -d "$2" "$3" "$4"' - "$DIR/root.tar" "$PARTS/root" "$PARTS/root.ext4" \
    "${ROOT_MIB}M"
}

genimage_config() {
  cat <<END_OF_FILE
image boot.vfat {
  vfat {
    label = "BOOT"
  }
  mountpoint = "/"
  size = 128M
}
image $IMAGE {
  hdimage {
  }
  partition boot {
    partition-type = 0xC
    bootable = true
    image = "boot.vfat"
  }
  partition root {
    partition-type = 0x83
    image = "root.ext4"
  }
}
END_OF_FILE
}

disk() {
  genimage_config >"$PARTS/genimage.cfg" &&
    genimage --config "$PARTS/genimage.cfg" --rootpath "$PARTS/boot" \
      --inputpath "$PARTS" --tmppath "$PARTS/tmp" --outputpath "$PARTS/out" ||
    return
  mv "$PARTS/out/$IMAGE" "$DIR/$IMAGE"
}

# What is in the image, and whether it is whole
describe() {
  {
    echo "board: $IMAGE_BOARD"
    echo "fpgabuf: $(source_version), commit $(source_commit name)"
    echo "kernel: $KVER"
    echo "debian: $RELEASE $ARCH"
    echo 'packages:'
    tar -xOf "$DIR/root.tar" ./var/lib/dpkg/status |
      awk '/^Package: / { name = $2 } /^Version: / { print "  " name " " $2 }'
  } >"$DIR/manifest" || return
  (cd "$DIR" && sha256sum "$IMAGE" manifest >SHA256SUMS)
}

assemble() {
  rm -rf "$PARTS" && mkdir -p "$PARTS" || return
  boot_files && root_files && disk && describe || return
  rm -rf "$PARTS" "$DIR/root.tar" "$STAGE"
}

mkdir -p "$DIR"
exec 9>"$DIR/lock"
flock 9
BEGIN=$SECONDS
. "$TOP/tests/vm/arch.sh"
KVER=$(tests/vm/kernel.sh)
export KVER
step image-build "build driver and tools for $IMAGE_BOARD, $KVER" build ||
  die "see .build/log/image-build.log"
step image-root "make a Debian for $ARCH" root ||
  die "no Debian could be made, see .build/log/image-root.log"
step image-disk 'make the disk of it' assemble ||
  die "see .build/log/image-disk.log; it needs 4 GB of the disk for a while"
du -h --apparent-size "$DIR/$IMAGE" | sed "s#$TOP/##"
echo "made in $((SECONDS - BEGIN)) s; takes $(du -sh "$DIR" | cut -f 1) of the disk"
