"""Stage functions by name: that they exist, and which schemas they say they take and give."""

import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from dolphin.pipeline.faults import PipelineFault, Site


@dataclass(frozen=True, slots=True)
class Declared:
    """What a function says about itself; None where it says nothing."""

    takes: pa.Schema | None
    gives: pa.Schema | None


def resolve(function: str, site: Site, params: Mapping[str, Any] | None = None) -> Declared:
    """The declared schemas of `module:attribute`: its own `INPUT` and `OUTPUT`, or those of its module.

    Args:
        params: if given, what it will be called with, which must be what it takes.

    Raises:
        PipelineFault: it cannot be imported, is not there, cannot be called or not with `params`.
    """
    module_name, colon, attribute = function.partition(":")
    if not (module_name and colon and attribute):
        raise PipelineFault(site, f"{function!r} does not name a function", remedy='Write it as "module:attribute".')
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # importing runs the module, so anything may come out of it
        raise PipelineFault(
            site,
            f"the module of {function!r} cannot be imported ({type(error).__name__}: {error})",
            remedy="Mend the name or the module.",
        ) from error
    target = getattr(module, attribute, None)
    if not callable(target):
        raise PipelineFault(
            site, f"{module_name} has no function or class {attribute!r}", remedy=f"It has: {', '.join(_public_callables(module))}."
        )
    if params is not None:
        _check_params(target, function, params, site)
    return Declared(_schema(target, module, "INPUT", site), _schema(target, module, "OUTPUT", site))


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


def _check_params(target: Any, function: str, params: Mapping[str, Any], site: Site) -> None:
    """A class is made with the parameters; a plain function gets them with each batch."""
    try:
        inspect.signature(target).bind(*(() if isinstance(target, type) else (None,)), **params)
    except TypeError as error:
        raise PipelineFault(site, f"{function} cannot be called with params = {dict(params)} ({error})", remedy="Mend params.") from error


def _schema(target: object, module: object, attribute: str, site: Site) -> pa.Schema | None:
    schema = getattr(target, attribute, None)
    if schema is None and not isinstance(target, type):
        schema = getattr(module, attribute, None)
    if schema is not None and not isinstance(schema, pa.Schema):
        raise PipelineFault(site, f"{attribute} of {target!r} is not a pyarrow.Schema", remedy="Declare it with pyarrow.schema([...]).")
    return schema


def _public_callables(module: object) -> list[str]:
    return sorted(
        name
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and getattr(value, "__module__", None) == vars(module)["__name__"]
    ) or ["nothing that could be called"]
