"""How the kernels of this room are compiled, and where what was compiled is kept.

numba's own cache asks only whether the file of the function has changed. What a kernel is made from lies in other files too: a column's
place in a schema, a constant, a kernel that it calls. A kernel that was compiled from an older one of them reads its neighbour's bytes, and
nobody notices. So the cache's folder is named after everything a kernel can be made from: whatever of it changes, nothing old is found.

This is the one module of the core that looks at a disk: at its own sources, before anything is decided.
"""

# numba's decorators are untyped
# pyright: reportPrivateImportUsage=false

import hashlib
import platform
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, cast

PACKAGE: Final = Path(__file__).parents[1]
KERNELS: Final = Path(sys.prefix) / "kernels"
"""Folders of compiled kernels, each named by its fingerprint."""


def sources() -> list[Path]:
    """Every file of ours that a kernel can be made from; a test holds what the kernels import to them."""
    return sorted([*PACKAGE.glob("signals/*.py"), *PACKAGE.glob("contract/*.py"), PACKAGE / "units.py"])


def fingerprint(sources: Iterable[Path]) -> str:
    """Names what kernels become from `sources` with this numba and this Python."""
    digest = hashlib.sha256(f"numba {version('numba')} {sys.version} {platform.machine()}".encode())
    for source in sources:
        digest.update(str(source.relative_to(PACKAGE)).encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


FOLDER: Final = KERNELS / fingerprint(sources())


def kernel[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compiles `function` with numba at its first call, or loads what the same sources were compiled to before.

    Without a folder that can be written to it is compiled in every process: numba looks for another place then, beside the source or in the
    user's own folder, where its own rule holds.
    """
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _compiled(function, is_kept=False)
    kept = _compiled(function, is_kept=True)
    is_ours = Path(kept.stats.cache_path).is_relative_to(FOLDER)
    return kept if is_ours else _compiled(function, is_kept=False)


def _compiled(function: Any, *, is_kept: bool) -> Any:
    import numba  # 0.2 s, for whoever has a kernel; the folder's name is asked for by others too

    config = cast("Any", numba.config)  # a module that makes its attributes when it is imported
    before = config.CACHE_DIR
    config.CACHE_DIR = str(FOLDER)
    try:
        return numba.njit(cache=is_kept)(function)
    finally:
        config.CACHE_DIR = before
