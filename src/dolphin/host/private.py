"""State is for the user who runs the system: files 0600, folders 0700.

A process of ours starts with a mask that makes them so (`be_private`); what an older version or another hand made wider is narrowed when
the home is opened.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

MASK: Final = 0o077
FILE: Final = 0o600


def be_private() -> None:
    """What this process and its children make from here on is theirs alone."""
    os.umask(MASK)


def narrow(path: Path) -> None:
    """Takes the others' rights on `path` away; nothing where it is missing, is a link or belongs to another user."""
    with suppress(OSError):
        found = path.lstat()
        mode = stat.S_IMODE(found.st_mode)
        if mode & MASK and not stat.S_ISLNK(found.st_mode) and found.st_uid == os.geteuid():
            path.chmod(mode & ~MASK)


def narrow_below(folder: Path) -> None:
    """The same for `folder` and everything in it."""
    narrow(folder)
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            narrow(Path(place) / name)
