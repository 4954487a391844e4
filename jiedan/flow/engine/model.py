"""Compiled bundles: the processes an instance may run, parsed once and shared read-only."""

from __future__ import annotations

from collections.abc import Mapping


class ProcessModel:
    """A root process with everything it calls; safe to share between threads."""

    root_id: str


def compile_model(sources: Mapping[str, bytes], root: str) -> ProcessModel:
    """Compile the BPMN files in `sources` (any names) for the process with id `root`.

    Raises DefinitionRefused with every error that `inspect` would find.
    """
    raise NotImplementedError
