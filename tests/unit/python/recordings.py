# SPDX-License-Identifier: GPL-2.0-only
"""SigMF recordings in pure Python."""

import copy
import hashlib
import json
import pathlib
import tempfile

import numpy

from bed import main, raises
from fpgabuf import errors, sigmf

BAD = errors.BadRecording

GOOD = {
    "global": {
        "core:datatype": "ri16_le",
        "core:version": "1.2.5",
        "core:sample_rate": 1e6,
    },
    "captures": [
        {"core:sample_start": 0, "core:datetime": "2026-12-01T00:00:00.5Z"},
        {"core:sample_start": 4, "core:global_index": 10, "core:frequency": 1e8},
    ],
    "annotations": [{"core:sample_start": 4, "core:comment": "gap: 6 samples"}],
}


class Files:
    """A recording in a folder of its own"""

    def __init__(self, data=bytes(range(20)), change=lambda metadata: None):
        self.folder = tempfile.TemporaryDirectory()
        self.base = pathlib.Path(self.folder.name, "a.b")
        metadata = copy.deepcopy(GOOD)
        change(metadata)
        self.meta = self.base.with_name("a.b.sigmf-meta")
        self.data = self.base.with_name("a.b.sigmf-data")
        self.meta.write_text(json.dumps(metadata))
        self.data.write_bytes(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()


def changed(**values):
    """A change of the member "global\""""

    def change(metadata):
        for name, value in values.items():
            metadata["global"][f"core:{name}"] = value

    return change


def segments():
    with Files() as files:
        for name in (files.base, files.meta, str(files.data)):
            recording = sigmf.open(name)
            assert recording.sample_rate == 1e6
            assert recording.metadata["global"]["core:version"] == "1.2.5"
            one, two = recording.segments
            assert (one.start, one.count, one.offset) == (0, 4, 0)
            assert (two.start, two.count, two.offset) == (4, 6, 8)
            assert one.datetime == "2026-12-01T00:00:00.5Z" and two.datetime is None
            assert (two.global_index, two.frequency) == (10, 1e8)
            assert one.annotations == []
            assert two.annotations == recording.annotations == GOOD["annotations"]
            assert one.samples().dtype == numpy.dtype("<i2")
            assert isinstance(one.samples(), numpy.memmap)
            assert not one.samples().flags.writeable
            assert one.samples().tobytes() == bytes(range(8))
            assert two.samples().tobytes() == bytes(range(8, 20))
            assert bytes(two.memory()) == bytes(range(8, 20))


def datatypes():
    for name, channels, dtype, shape in (
        ("ri8", 1, "i1", (20,)),
        ("ru8", 2, "u1", (10, 2)),
        ("ci8", 1, "i1", (10, 2)),
        ("ci8_le", 1, None, None),
        ("cu16_be", 1, ">u2", (5, 2)),
        ("ci16_le", 5, "<i2", (1, 5, 2)),
        ("rf32_le", 1, "<f4", (5,)),
        ("cf32_be", 1, ">c8", (2,)),
        ("rf64_le", 1, "<f8", (2,)),
        ("cf64_le", 1, "<c16", (1,)),
        ("ri32_be", 5, ">i4", (1, 5)),
    ):
        def change(metadata):
            changed(datatype=name, num_channels=channels)(metadata)
            metadata["captures"] = []

        with Files(change=change) as files:
            if dtype is None:
                with raises(BAD, name):
                    sigmf.open(files.base)
                continue
            (segment,) = sigmf.open(files.base).segments
            array = segment.samples()
            assert (array.dtype, array.shape) == (numpy.dtype(dtype), shape), name
            assert array.tobytes() == bytes(range(array.nbytes))


def other_dataset():
    def change(metadata):
        changed(dataset="a.raw", trailing_bytes=2)(metadata)
        metadata["captures"][0]["core:header_bytes"] = 3
        metadata["captures"][1]["core:header_bytes"] = 1

    with Files(change=change) as files:
        files.data.rename(files.base.with_name("a.raw"))
        one, two = sigmf.open(files.base).segments
        assert one.samples().tobytes() == bytes(range(3, 11))
        assert two.samples().tobytes() == bytes(range(12, 18))
        assert bytes(two.memory()) == bytes(range(12, 18))


def empty():
    with Files(b"", lambda metadata: metadata.update(captures=[])) as files:
        (segment,) = sigmf.open(files.base).segments
        assert segment.samples().shape == (0,) and bytes(segment.memory()) == b""


def checked():
    with Files() as files:
        with raises(BAD, "has no core:sha512"):
            sigmf.open(files.base).verify()
    digest = hashlib.sha512(bytes(range(20))).hexdigest()
    with Files(change=changed(sha512=digest)) as files:
        sigmf.open(files.base).verify()
        files.data.write_bytes(bytes(20))
        with raises(BAD, "is not what core:sha512 says"):
            sigmf.open(files.base).verify()


def bad():
    def set_captures(captures):
        return lambda metadata: metadata.update(captures=captures)

    for change, text in (
        (changed(datatype="ri17_le"), "'ri17_le'"),
        (changed(datatype="ri16"), "'ri16'"),
        (changed(datatype="rf8"), "'rf8'"),
        (changed(datatype="ri64_le"), "'ri64_le'"),
        (changed(datatype=3), "3 with"),
        (changed(num_channels=0), "0 channels"),
        (changed(num_channels="1"), "should be an integer"),
        (changed(metadata_only=True), "metadata_only"),
        (changed(dataset="../x"), "not a file beside it"),
        (changed(trailing_bytes=100), "it was cut off"),
        (set_captures([{"core:sample_start": 11}]), "it was cut off"),
        (set_captures([{}]), "core:sample_start is -1"),
        (set_captures([{"core:sample_start": True}]), "should be an integer"),
        (set_captures([3]), "a capture is not an object"),
        (
            set_captures([{"core:sample_start": 4}, {"core:sample_start": 0}]),
            "are not sorted",
        ),
        (set_captures({}), "it has no captures"),
        (lambda metadata: metadata.update(annotations=[1]), "an annotation"),
        (lambda metadata: metadata.pop("global"), "it has no global"),
    ):
        with Files(change=change) as files, raises(BAD, text):
            sigmf.open(files.base)
    with Files() as files:
        files.meta.write_text("{")
        with raises(BAD, "is no JSON"):
            sigmf.open(files.base)
        files.meta.write_text("[]")
        with raises(BAD, "is not an object"):
            sigmf.open(files.base)
        with raises(BAD, "unpack it with `tar -xf`"):
            sigmf.open(files.base.with_name("a.sigmf"))
        with raises(FileNotFoundError):
            sigmf.open(files.base.with_name("other"))


def cut_off():
    """The last segment has what is there, but no segment is missing."""
    with Files(bytes(9)) as files:
        assert [segment.count for segment in sigmf.open(files.base).segments] == [4, 0]
    with Files(bytes(7)) as files, raises(BAD, "it was cut off"):
        sigmf.open(files.base)


if __name__ == "__main__":
    main(globals())
