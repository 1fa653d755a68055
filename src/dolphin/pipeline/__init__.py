"""Jet pipelines, declared in Python.

A file in `pipelines/` builds one `Pipeline`: it reads a log, runs Python stages on Arrow batches and writes maps and topics. What is built
is a description, JSON that a cluster member turns into a Jet job; nothing runs here. Whatever can be wrong with it is found while it is
built, and the error points at the line. `docs/pipelines.md` shows how to write, draw, submit and watch one.
"""

from dolphin.pipeline.description import BATCH_KEY, Batches, Pipeline, Rows
from dolphin.pipeline.faults import PipelineFault
from dolphin.pipeline.files import setting

__all__ = ["BATCH_KEY", "Batches", "Pipeline", "PipelineFault", "Rows", "setting"]
