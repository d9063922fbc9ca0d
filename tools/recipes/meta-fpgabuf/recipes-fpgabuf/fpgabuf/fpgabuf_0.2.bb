# SPDX-License-Identifier: GPL-2.0-only
SUMMARY = "Captures from an FPGA into dma-bufs: tools and library"
LICENSE = "GPL-2.0-only & LGPL-2.1-or-later"
LICENSE:lib${BPN} = "LGPL-2.1-or-later"
LIC_FILES_CHKSUM = " \
    file://LICENSES/GPL-2.0;md5=e6a75371ba4d16749254a51215d13f97 \
    file://LICENSES/LGPL-2.1;md5=8c6e7513c570546f65ae570dae278c17 \
    file://LICENSES/Linux-syscall-note;md5=6b0dff741019b948dfe290c05d6f361c \
"

FILESEXTRAPATHS:prepend := "${FPGABUF_DIST}:"
SRC_URI = "file://${BP}.tar.gz"

inherit pkgconfig useradd

# The tools take what they find: drm is fpgabuf-show, fftw fpgabuf-scope, jansson --replay,
# uring one more way to send, and rdma streams by RDMA.  rdma-core is in meta-networking,
# libdrm in core, and the others are in meta-oe.
PACKAGECONFIG ??= ""
PACKAGECONFIG[drm] = ",,libdrm"
PACKAGECONFIG[fftw] = ",,fftw"
PACKAGECONFIG[jansson] = ",,jansson"
PACKAGECONFIG[rdma] = ",,rdma-core"
PACKAGECONFIG[uring] = ",,liburing"

EXTRA_OEMAKE = " \
    -C ${S}/tools O=${B}/out V=1 python= gst= soapy= \
    PREFIX=${prefix} libdir=${libdir} mandir=${mandir} \
    udevrulesdir=${nonarch_base_libdir}/udev/rules.d \
    sysusersdir=${nonarch_libdir}/sysusers.d \
    systemdunitdir=${systemd_system_unitdir} \
"

do_install() {
    oe_runmake DESTDIR=${D} install
}

# The group that may open the devices
USERADD_PACKAGES = "${PN}"
GROUPADD_PARAM:${PN} = "--system fpgabuf"

PACKAGES =+ "${PN}-recv lib${BPN}"
FILES:${PN}-recv = " \
    ${bindir}/fpgabuf-recv \
    ${datadir}/bash-completion/completions/fpgabuf-recv \
    ${systemd_system_unitdir}/fpgabuf-recv@.service \
"
FILES:lib${BPN} = "${libdir}/libfpgabuf.so.*"
FILES:${PN} += " \
    ${datadir}/bash-completion \
    ${nonarch_base_libdir}/udev \
    ${nonarch_libdir}/sysusers.d \
    ${systemd_system_unitdir} \
"
RDEPENDS:${PN} += "${PN}-recv"
RRECOMMENDS:${PN} += "fpgabuf-module"
