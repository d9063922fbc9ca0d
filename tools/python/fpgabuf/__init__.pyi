# SPDX-License-Identifier: LGPL-2.1-or-later
from . import errors as errors
from ._core import (
    Capture as Capture,
    Counts as Counts,
    Device as Device,
    Geometry as Geometry,
    Info as Info,
    Slot as Slot,
    Source as Source,
)
from .errors import (
    Busy as Busy,
    Ended as Ended,
    Error as Error,
    Gone as Gone,
    NotFound as NotFound,
    Refused as Refused,
    Timeout as Timeout,
)
from .native import (
    Client as Client,
    Reason as Reason,
    Ring as Ring,
    SlotState as SlotState,
)
