"""What a folder holds while a server works in it: files come and go under the eyes of whoever looks."""

import os
from contextlib import suppress
from pathlib import Path


def sizes(folder):
    """Every file below the folder, with its size in bytes."""
    found = {}
    for parent, _, names in os.walk(folder):
        for path in (Path(parent, name) for name in names):
            with suppress(FileNotFoundError):
                found[path] = path.stat().st_size
    return found


def contents(folder):
    """Every file below the folder, with its bytes."""
    for path in sizes(folder):
        with suppress(FileNotFoundError):
            yield path, path.read_bytes()
