"""A small file system of its own, which root may mount, that can be filled to the last byte."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dolphin.core.upkeep.room import ENOUGH, MIB, RESERVE, TO_START

SIZE = TO_START + RESERVE + ENOUGH


class SmallDisk:
    """Its folder, and how to fill and free it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def free_bytes(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self, leave: int = 0) -> None:
        """Takes all but `leave` bytes."""
        self._filler.touch()
        with self._filler.open("r+b") as filler:
            os.posix_fallocate(filler.fileno(), 0, self._filler.stat().st_size + self.free_bytes() - leave)
        assert self.free_bytes() <= leave

    def free(self) -> None:
        self._filler.unlink()


@contextmanager
def small_disk(folder: Path, size: int = SIZE) -> Iterator[SmallDisk]:
    """Mounted at `folder` for the length of the block; skips the test where this user may not mount."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size // MIB}m", "dolphin-test", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"only root may mount a small file system ({done.stderr.decode().strip()})")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
