"""Snapshots of dev: one line a resource, so that a diff reads as a list of what changes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode


class LinesExtension(SingleFileSnapshotExtension):
    """Plain text, a file a test."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


def lines(stack: dict[str, Any]) -> Iterator[str]:
    """Yield each block of a stack as one line: its address, then its arguments.

    Tags are the same everywhere and have a test of their own.
    """
    for kind in ("data", "ephemeral", "resource"):
        for block_type, blocks in sorted(stack.get(kind, {}).items()):
            for name, block in sorted(blocks.items()):
                arguments = {k: v for k, v in block.items() if k not in ("//", "tags")}
                yield f"{kind} {block_type}.{name} {json.dumps(arguments, sort_keys=True)}"
    for name, output in sorted(stack.get("output", {}).items()):
        yield f"output {name} {output['value']}"


@pytest.mark.parametrize("name", ["network", "data", "identity", "platform", "airflow"])
def test_the_dev_stack_is_as_reviewed(
    stacks: dict[str, Any], name: str, snapshot: SnapshotAssertion
) -> None:
    text = "\n".join(lines(stacks[f"{name}-dev"])) + "\n"

    assert text == snapshot(extension_class=LinesExtension, name=name)
