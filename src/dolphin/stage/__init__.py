"""Python functions on Arrow record batches, run by Jet or by hand.

`function` is the contract with the author of a function, `harness` applies it (state per key, metadata, checks),
`output` encodes results for the edges of a pipeline, `protocol` is the wire to the Java side, `worker` the loop in
the worker process, `guardian` the process that sees to it that nothing outlives its stage, `local` runs a function
without a cluster.

The names below are imported on first use: the guardian must start in milliseconds and pyarrow would cost it a tenth of a second.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dolphin.stage.local import run_local as run_local

__all__ = ["run_local"]


def __getattr__(name: str) -> Any:
    if name == "run_local":
        from dolphin.stage.local import run_local

        return run_local
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
