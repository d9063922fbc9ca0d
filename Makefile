# SPDX-License-Identifier: GPL-2.0-only
ifneq ($(KERNELRELEASE),)

# kbuild reads this, in the kernel's tree or in a copy made below.
obj-$(CONFIG_FPGABUF) += drivers/fpgabuf/
ifneq ($(wildcard $(src)/tests/driver/kmod/Makefile),)
obj-$(CONFIG_FPGABUF_DEBUG) += tests/driver/kmod/
endif

else

# People read this.
define HELP
make modules    build the driver and the simulator for an installed kernel
make tools      build libfpgabuf and the tools
make demo       send a file through the simulated FPGA, with and without a copy
                [INPUT=file | SIZE=32M]; RTL=1: through the RTL instead, and
                leave a waveform
make install    install library, tools, manual, udev rule, systemd units
                [PREFIX=/usr/local] [DESTDIR=root] [bindir=, libdir=, mandir=..]
make uninstall  remove the files that "make install" has installed
make modules_install
                build the driver and the simulator without test switches, and
                install them for this kernel [DESTDIR=root]
make deb        build the Debian packages, into .build/deb [DEB_VERSION=0.2]
make check-deb  test them: lintian, install, upgrade, purge, and the main job
make dist       make a tarball of the last commit, which builds without git, and
                which is the same wherever it is made; into .build/dist
make check-dist test that, build what is in it, and run the unit tests there
make image      make a disk image with Debian, driver and tools for a board, into
                .build/image [BOARD=virt-arm64, vexpress-armhf, zynq]
make check-image
                boot that image in QEMU, log in, capture and send
make screenshot take Documentation/screenshot.png again if the screen differs
make check-matrix
                run the guest tests on four kernels, three architectures, and
                with 32-bit programs; also check-deb, check-dt, check-pl330 and
                check-zynq; goes on where it was interrupted
make check-pl330
                capture through the PL330 of a board in QEMU
make check-providers
                capture through the kernel's own DMA drivers, on models of their
                controllers; two kernels are built first
make check-rdma send 1 GiB by RDMA from one virtual machine to another, over a wire
                that loses packets, and to a receiver that is killed [RDMA_MIB=1024]
make check-zynq
                capture and send 64 MiB on QEMU's Zynq, on a kernel with the
                driver in its tree, which is built first
make bench      count what sending costs, by memory, engine and size, on three
                kernels and arm64, and what the whole pipeline costs over four
                networks; tables and a plot, .build/bench
make bench-profile
                count it by function of the kernel
make soak       look for rare failures: an hour of connections to
                fpgabuf-recv, ten minutes of fpgabuf-send, a simulated day of
                fpgabuf-record [RECV_SECONDS=3600] [CONNECTIONS=10000]
                [SEND_SECONDS=600] [DAY_HOURS=24]; with SOAK=standing
                100,000 captures under each consumer that stays [KROOT=folder]
make check-distro
                run make demo, check and lint in fresh minimal Debian 12 and 13; as
                root [RELEASES="bookworm trixie"] [TARGETS="demo demo+RTL=1 check lint"]
make check-rtl  simulate the writer, the FPGA's side of a master of your own, and
                plant mistakes in it [RTL_PACKETS=1000] [RTL_SEED=1]
make check-dt   test the device tree binding and the example overlays
make htmldocs   build the documentation, .build/html/index.html
make check      run all tests
make check-debug
                run the driver's tests on a kernel that looks for bugs, which
                is built first
make coverage   list the lines of the driver that these tests did not execute
make coverage-tools
                list the lines of library and tools that the tests did not
                execute, .build/coverage/html/index.html
make kunit      run the tests of the driver's parts on user-mode Linux
                [FILTER=suite.test]
make mutate     plant mistakes in driver, library and tools, and check that a
                test fails [MISTAKES='kind-*']
make fuzz       feed random input to the parsers of the tools
                [FUZZ_SECONDS=3, for each]
make fuzz-ioctl do the same to the driver, in the virtual machine
                [FUZZ_OPS=100000, FUZZ_SEED=n]
make lint       check the style of everything
make in-tree    put the driver into a kernel's tree, KERNEL=folder or
                KERNEL=linux-source-6.12, a package that is fetched
make in-tree-undo      remove it again
make in-tree-patches   print it as a series of patches for this tree, with the letter
                to the mailing lists [OUT=dir]
make check-in-tree-patches
                test this series on the newest kernel
make check-in-tree     test all this on the sources of several kernels
make clean      remove .build/, where everything is built

The targets above that need more Debian packages install them.  modules, tools,
install, uninstall, modules_install, dist and clean do not.
KVER=version chooses another kernel than the newest installed one, and
KDIR=folder, with kbuild's ARCH= and CROSS_COMPILE=, one that you have built.
ARCH=arm64 builds the modules for a kernel that is downloaded into
.build/arm64; ARCH=armhf [FLAVOUR=armmp-lpae] does the same for armhf.
endef

BUILD := $(CURDIR)/.build

# Debian's headers ask for the second of these.
multiarch-arm64 := aarch64-linux-gnu
multiarch-armhf := arm-linux-gnueabihf
ifneq ($(multiarch-$(ARCH)),)
KROOT ?= $(BUILD)/$(ARCH)/root
CROSS := ARCH=$(patsubst armhf,arm,$(ARCH)) CROSS_COMPILE=$(multiarch-$(ARCH))- \
	DEB_HOST_GNU_TYPE=$(multiarch-$(ARCH))
endif

# Not expanded before they are needed: the kernel may have to be installed
# first.
ifdef KDIR
KVER ?= $(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' \
	$(KDIR)/include/generated/utsrelease.h)
else
KVER ?= $(shell ARCH=$(ARCH) FLAVOUR=$(FLAVOUR) tests/vm/kernel.sh)
KDIR ?= $(KROOT)/lib/modules/$(KVER)/build
endif
export KROOT

CONFIG_FPGABUF ?= m
CONFIG_FPGABUF_SIM ?= m
CONFIG_FPGABUF_USER ?= m
CONFIG_FPGABUF_DEBUG ?= y
KCONFIG := CONFIG_FPGABUF=$(CONFIG_FPGABUF) \
	CONFIG_FPGABUF_SIM=$(CONFIG_FPGABUF_SIM) \
	CONFIG_FPGABUF_USER=$(CONFIG_FPGABUF_USER) \
	CONFIG_FPGABUF_XDMA=$(CONFIG_FPGABUF_XDMA) \
	CONFIG_FPGABUF_DEBUG=$(CONFIG_FPGABUF_DEBUG)

# The debug kernel tells what was executed: afterwards, and to a fuzzer.
INSTRUMENT = $(if $(findstring -debug-,$(KVER)),GCOV_PROFILE=y KCOV_INSTRUMENT=y)

all: modules tools

# kbuild writes beside the sources, so it gets a copy of them.
MIRROR = $(BUILD)/modules/$(KVER)
modules:
	@test -n "$(KVER)"
	@mkdir -p $(MIRROR)
	@cp -au --parents Makefile drivers uapi \
		$(wildcard tests/driver/kmod) $(MIRROR)
	$(MAKE) -C $(KDIR) M=$(MIRROR) $(KCONFIG) $(CROSS) \
		$(INSTRUMENT) modules

tools:
	$(MAKE) -C tools O=$(BUILD)/tools

install uninstall:
	$(MAKE) -C tools O=$(BUILD)/tools $@

# Without the switches that break the driver for tests, in a copy of its own.
# Debian's headers lack what kbuild's own depmod asks for.
INSTALL_MOD_PATH ?= $(DESTDIR)
PRODUCT = $(BUILD)/product/$(KVER)
modules_install:
	$(MAKE) modules MIRROR=$(PRODUCT) CONFIG_FPGABUF_DEBUG=
	$(MAKE) -C $(KDIR) M=$(PRODUCT) $(CROSS) INSTALL_MOD_DIR=updates \
		INSTALL_MOD_PATH=$(abspath $(INSTALL_MOD_PATH)) modules_install
	$(if $(INSTALL_MOD_PATH),,depmod $(KVER))

deb:
	@tests/vm/deps.sh deb
	@tools/debian/build.sh

check-deb:
	@tests/vm/deps.sh build vm demo deb check-deb
	@tests/package/deb/run.sh

dist:
	@tools/dist.sh

check-dist:
	@tests/vm/deps.sh build unit vm deb rpm
	@tests/package/dist/run.sh

# Those of an image; tests/vm has others.
unexport BOARD
IMAGE_BOARD = $(or $(BOARD),virt-arm64)
IMAGE_NEEDS = image $(if $(filter zynq,$(IMAGE_BOARD)),zynq) \
	$(if $(filter %-arm64,$(IMAGE_BOARD)),arm64,armhf)

image:
	@tests/vm/deps.sh build $(IMAGE_NEEDS)
	@tools/image/build.sh $(IMAGE_BOARD)

check-image:
	@tests/vm/deps.sh build vm $(IMAGE_NEEDS) check-image
	@tests/platform/image/run.sh $(IMAGE_BOARD)

check-matrix:
	@tests/vm/deps.sh build vm demo arm64 armhf i386 show newer dt deb \
		check-deb zynq
	@tests/matrix/run.sh

check-pl330:
	@tests/vm/deps.sh build vm armhf
	@tests/platform/pl330/run.sh

check-providers:
	@tests/vm/deps.sh build unit vm armhf providers
	@tests/platform/providers/run.sh

check-rdma:
	@tests/vm/deps.sh build vm
	@tests/platform/rdma/run.sh $(RDMA_MIB)

check-zynq:
	@tests/vm/deps.sh build vm demo armhf zynq
	@tests/platform/zynq/run.sh

soak:
	@tests/vm/deps.sh build vm
	@tests/soak/run.sh $(SOAK)

check-distro:
	@tests/vm/deps.sh distro
	@TARGETS="$(TARGETS)" tests/package/distro/run.sh $(RELEASES)

check-dt:
	@tests/vm/deps.sh build vm dt
	@tests/platform/dt/run.sh

check-rtl:
	@tests/vm/deps.sh rtl
	@RTL_PACKETS=$(RTL_PACKETS) RTL_SEED=$(RTL_SEED) tests/platform/rtl/run.sh

bench:
	@tests/vm/deps.sh build vm demo arm64 bench
	@tests/perf/run.sh
	@tests/perf/pipeline.sh
	@tests/driver/run.sh door

bench-profile:
	@tests/vm/deps.sh build vm demo bench
	@tests/perf/profile.sh

htmldocs:
	@tests/vm/deps.sh docs
	@Documentation/build.sh

demo:
	@tests/vm/deps.sh build vm demo $(if $(RTL),rtl)
	@$(if $(RTL),tests/platform/rtl/demo.sh,tests/vm/demo.sh)

screenshot:
	@tests/vm/deps.sh build vm show
	@tests/vm/screenshot.sh --update

check:
	@tests/vm/deps.sh build unit plugins vm arm64 show
	@tests/vm/check.sh

kunit:
	@tests/vm/deps.sh kunit
	@tests/kernel/kunit.sh $(FILTER)

mutate:
	@tests/vm/deps.sh build unit plugins kunit mutate
	@tests/mutate/run.sh $(MISTAKES)

fuzz:
	@tests/vm/deps.sh fuzz
	@tests/fuzz/run.sh

fuzz-ioctl:
	@tests/vm/deps.sh build vm
	@tests/fuzz/ioctl/run.sh

check-debug:
	@KROOT=$(BUILD)/debug/root tests/vm/deps.sh build unit vm debug
	@tests/kernel/check-debug.sh

coverage:
	@tests/kernel/coverage.sh

coverage-tools:
	@tests/vm/deps.sh build unit plugins vm coverage
	@tests/unit/coverage.sh

lint:
	@tests/vm/deps.sh build unit plugins vm docs lint
	@tests/lint/run.sh

in-tree:
	@tests/kernel/in-tree.sh add $(KERNEL)

in-tree-undo:
	@tests/kernel/in-tree.sh undo $(KERNEL)

in-tree-patches:
	@tests/kernel/in-tree.sh patches $(or $(KERNEL),linux-source-newest) $(OUT)

check-in-tree-patches:
	@tests/vm/deps.sh build in-tree
	@tests/kernel/check-in-tree.sh --series

check-in-tree:
	@tests/vm/deps.sh build in-tree
	@tests/kernel/check-in-tree.sh

clean:
	rm -rf $(BUILD)

help:
	$(info $(HELP))
	@:

.PHONY: all modules modules_install tools install uninstall deb check-deb check-distro \
	dist check-dist image check-image \
	soak check-dt \
	check-matrix check-pl330 check-providers check-rdma check-rtl check-zynq bench bench-profile \
	htmldocs demo \
	screenshot check check-debug \
	coverage coverage-tools kunit mutate fuzz fuzz-ioctl lint in-tree in-tree-undo in-tree-patches \
	check-in-tree check-in-tree-patches clean help

endif
