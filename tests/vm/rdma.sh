# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Soft-RoCE in a virtual machine; sourced, after arch.sh.

# rdma_options: the options of run.sh for it, into the array RDMA; or prints what it
# lacks, and fails.  What a device needs of rdma-core is found by its name.
rdma_options() {
  local name provider

  RDMA=()
  for name in rdma_rxe rdma_ucm ib_uverbs sch_netem; do
    modprobe -d "${KROOT:-/}" -S "$KVER" -n "$name" 2>/dev/null || {
      echo "kernel $KVER has no module $name"
      return 1
    }
  done
  if [ "$ARCH" != amd64 ] || ! [ -e "$OBJ/guest/tools/common/rdma.o" ]; then
    echo "the tools were built without RDMA"
    return 1
  fi
  name=$(pkg-config --variable=libdir libibverbs)/libibverbs/librxe-rdmav
  provider=$(compgen -G "$name*.so") || {
    echo "ibverbs-providers is not there"
    return 1
  }
  # Older ones ask for it by the name of its algorithm.
  if modprobe -d "${KROOT:-/}" -S "$KVER" -n crc32_generic 2>/dev/null; then
    RDMA+=(--module crc32_generic)
  fi
  RDMA+=(--module rdma_rxe --module rdma_ucm --module ib_uverbs --module sch_netem
    --file "$provider:$provider"
    --file "/etc/libibverbs.d/rxe.driver:/etc/libibverbs.d/rxe.driver"
    --file "$TOP/tests/vm/rdma-guest.sh:/bin/rdma-guest.sh"
    --file "$(program rdma)" --file "$(program tc):/usr/local/sbin/tc")
}
