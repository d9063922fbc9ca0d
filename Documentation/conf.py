# SPDX-License-Identifier: GPL-2.0-only
#
# How Sphinx builds these pages; "make htmldocs" runs it.

import logging
import os
import sys

tools = os.environ["KERNEL_TOOLS"]
sys.path.insert(0, tools)

project = "fpgabuf"
extensions = ["kerneldoc"]
exclude_patterns = []
html_theme = "alabaster"
html_show_sourcelink = False

# What the kernel's extension wants to know
kerneldoc_bin = os.path.join(tools, "kernel-doc")
kerneldoc_srctree = os.path.abspath("..")
kerneldoc_verbosity = 1


def is_warning(record):
    """One name for a structure and a function is right in C, but Sphinx
    takes it for a mistake."""
    message = record.getMessage()
    return not (
        message.startswith("Duplicate C declaration")
        and any(
            f"void {name} " in message
            for name in ("fpgabuf_client_geometry", "fpgabuf_sender_stats")
        )
    )


logging.getLogger("sphinx.sphinx.domains.c").addFilter(is_warning)
