"""Stage functions as a pipeline names them: faults of theirs get the line that names them, and the schemas of neighbours must fit.

What may be a stage function is said in `dolphin.stage.function`, and nowhere else.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from dolphin.errors import BadInput
from dolphin.pipeline.faults import PipelineFault, Site
from dolphin.stage.function import StageFunction, declared_output, load


def resolve(function: str, site: Site, params: Mapping[str, Any]) -> StageFunction:
    """The function `module:attribute`, to be called with `params`.

    Raises:
        PipelineFault: it cannot be imported, is no stage function or does not take `params`.
    """
    return _at(site, lambda: load(function, params))


def output_of(function: str, site: Site) -> pa.Schema | None:
    """The schema that `module:attribute` declares to return; raises as `resolve` does."""
    return _at(site, lambda: declared_output(function))


def _at[T](site: Site, find: Callable[[], T]) -> T:
    try:
        return find()
    except BadInput as fault:
        raise PipelineFault(site, f"{fault.field} = {fault.value!r}: {fault.what}", remedy=fault.remedy) from fault
    except Exception as error:  # importing runs the module, so anything may come out of it
        raise PipelineFault(
            site, f"its module cannot be imported ({type(error).__name__}: {error})", remedy="Mend the module, or what it imports."
        ) from error


def check_fit(gives: pa.Schema, takes: pa.Schema, producer: str, consumer: str, site: Site) -> None:
    """Every column that `consumer` names must be in what `producer` gives, with the same type.

    Raises:
        PipelineFault: names the first column that is not.
    """
    for field in takes:
        index = gives.get_field_index(field.name)
        if index < 0:
            raise PipelineFault(
                site,
                f"{consumer} takes the column {field.name!r}, which {producer} does not give",
                remedy=f"It gives: {', '.join(gives.names)}.",
            )
        if gives.field(index).type != field.type:
            raise PipelineFault(
                site,
                f"{consumer} takes {field.name!r} as {field.type}, but {producer} gives it as {gives.field(index).type}",
                remedy="Make the two schemas agree.",
            )
