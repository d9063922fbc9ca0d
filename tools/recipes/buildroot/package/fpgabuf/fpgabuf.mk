# SPDX-License-Identifier: GPL-2.0-only
################################################################################
#
# fpgabuf
#
################################################################################

FPGABUF_VERSION = 0.2
FPGABUF_SITE = $(call qstrip,$(BR2_PACKAGE_FPGABUF_TARBALL_DIR))
FPGABUF_SITE_METHOD = file
FPGABUF_LICENSE = GPL-2.0, LGPL-2.1+ (library), GPL-2.0 with Linux-syscall-note (header)
FPGABUF_LICENSE_FILES = \
	LICENSES/GPL-2.0 \
	LICENSES/LGPL-2.1 \
	LICENSES/Linux-syscall-note
FPGABUF_INSTALL_STAGING = YES
FPGABUF_DEPENDENCIES = host-pkgconf

# Its hash depends on the commit that this file is in; "make dist" prints it.
BR_NO_CHECK_HASH_FOR += $(FPGABUF_SOURCE)

# Taken if they are there, and not asked for if they are not
ifeq ($(BR2_PACKAGE_FFTW_DOUBLE),y)
FPGABUF_DEPENDENCIES += fftw-double
endif
ifeq ($(BR2_PACKAGE_JANSSON),y)
FPGABUF_DEPENDENCIES += jansson
endif
ifeq ($(BR2_PACKAGE_LIBDRM),y)
FPGABUF_DEPENDENCIES += libdrm
endif
ifeq ($(BR2_PACKAGE_LIBURING),y)
FPGABUF_DEPENDENCIES += liburing
endif
ifeq ($(BR2_PACKAGE_RDMA_CORE),y)
FPGABUF_DEPENDENCIES += rdma-core
endif

FPGABUF_TOOLS_MAKE = \
	$(TARGET_MAKE_ENV) $(MAKE) $(TARGET_CONFIGURE_OPTS) -C $(@D)/tools \
		O=$(@D)/out PREFIX=/usr python= gst= soapy=

define FPGABUF_BUILD_CMDS
	$(FPGABUF_TOOLS_MAKE) all
endef

define FPGABUF_INSTALL_STAGING_CMDS
	$(FPGABUF_TOOLS_MAKE) DESTDIR=$(STAGING_DIR) install
endef

define FPGABUF_INSTALL_TARGET_CMDS
	$(FPGABUF_TOOLS_MAKE) DESTDIR=$(TARGET_DIR) install
endef

# The group that may open the devices
define FPGABUF_USERS
	- -1 fpgabuf -1 - - - - Captures from an FPGA
endef

ifeq ($(BR2_PACKAGE_FPGABUF_DRIVER),y)
FPGABUF_MODULE_MAKE_OPTS = \
	CONFIG_FPGABUF=m \
	CONFIG_FPGABUF_SIM=m \
	CONFIG_FPGABUF_USER=m

define FPGABUF_LINUX_CONFIG_FIXUPS
	$(call KCONFIG_ENABLE_OPT,CONFIG_DMADEVICES)
	$(call KCONFIG_ENABLE_OPT,CONFIG_SYNC_FILE)
endef

$(eval $(kernel-module))
endif

$(eval $(generic-package))
