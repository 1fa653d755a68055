"""A jar with another control law in it."""

import zipfile
from pathlib import Path


def with_clears(value: int, jar: Path, folder: Path) -> Path:
    """A copy of `jar` in `folder` with another number in its law."""
    other = folder / "other.jar"
    (folder / "lib").symlink_to(jar.parent / "lib")
    with zipfile.ZipFile(jar) as ours, zipfile.ZipFile(other, "w") as theirs:
        for entry in ours.infolist():
            text = ours.read(entry)
            is_law = entry.filename.endswith("/law.toml")
            theirs.writestr(entry, text.replace(b"clears = { value = 3,", b"clears = { value = %d," % value) if is_law else text)
    return other
