# SPDX-License-Identifier: GPL-2.0-only
"""The type hints and the docstrings, compared with the module."""

import ast
import pathlib

import fpgabuf
from bed import main

FOLDER = pathlib.Path(fpgabuf.__file__).parent

# Python gives these to every class.
USUAL = set(dir(object)) | {"__module__", "__dict__", "__weakref__", "__match_args__"}


def hinted(node: ast.ClassDef) -> set[str]:
    names = set()
    for member in node.body:
        if isinstance(member, ast.FunctionDef):
            names.add(member.name)
        elif isinstance(member, ast.AnnAssign):
            names.add(member.target.id)
    return names


def is_record(node: ast.ClassDef) -> bool:
    return any(getattr(base, "id", "") == "NamedTuple" for base in node.bases)


def complete():
    """Each class of the C part has the members that the hints have, and no others."""
    from fpgabuf import _core

    seen = set()
    for node in ast.parse((FOLDER / "_core.pyi").read_text()).body:
        if not isinstance(node, ast.ClassDef):
            continue
        seen.add(node.name)
        names = hinted(node)
        kind = getattr(_core, node.name)
        if is_record(node):
            assert names == set(kind.__match_args__), node.name
            continue
        there = set(vars(kind)) - USUAL
        # Python 3.12 shows the buffer protocol.
        names -= {"__new__"} | ({"__buffer__"} - there)
        there -= {"__release_buffer__"}
        assert names == there, (node.name, names ^ there)
    there = {name for name, kind in vars(_core).items() if isinstance(kind, type)}
    assert seen == there, seen ^ there


def numbered():
    """The numbers that the library has"""
    hints = ast.parse((FOLDER / "native.pyi").read_text())
    for node in hints.body:
        if not isinstance(node, ast.ClassDef) or node.name in ("Ring", "Client"):
            continue
        names = [member.targets[0].id for member in node.body]
        assert names == list(getattr(fpgabuf, node.name).__members__), node.name


def exported():
    hints = ast.parse((FOLDER / "__init__.pyi").read_text())
    names = {
        alias.asname
        for node in hints.body if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert names == set(fpgabuf.__all__)
    assert names <= set(dir(fpgabuf))
    for name in names:
        getattr(fpgabuf, name)
    assert (FOLDER / "py.typed").exists()


def documented():
    for name in fpgabuf.__all__:
        value = getattr(fpgabuf, name)
        assert value.__doc__, name
        for member, what in vars(value).items():
            if not member.startswith("_") and callable(what):
                assert what.__doc__, f"{name}.{member}"


if __name__ == "__main__":
    main(globals())
