"""Owns definitions: content-addressed versions of processes, decisions and forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jiedan.core.actor import Actor
from jiedan.flow.content.check import Finding
from jiedan.flow.platform import Flow
from jiedan.flow.states import DefinitionKind


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a process, a decision file or a form."""

    kind: DefinitionKind
    key: str
    """Process id, decision file name without its ending, or form id."""
    version: int
    name: str
    name_en: str
    filename: str
    sha256: str
    deployed_at: datetime
    deployed_by: str
    comment: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deployed:
    deployment_id: int | None
    """None when nothing changed."""
    changed: tuple[Definition, ...]
    unchanged: tuple[str, ...]
    warnings: tuple[Finding, ...]


def deploy(flow: Flow, *, actor: Actor, files: Mapping[str, bytes], comment: str = "") -> Deployed:
    """Check and store files by name (`*.bpmn`, `*.dmn`, `*.form`); unchanged ones stay as they are.

    Raises DeploymentRefused(findings=…) when the deploy check finds errors.
    """
    raise NotImplementedError


def deploy_folders(flow: Flow, *, actor: Actor) -> Deployed:
    """What every start does: deploy the content folders; nothing happens when nothing changed."""
    raise NotImplementedError


def check_files(flow: Flow, *, files: Mapping[str, bytes]) -> list[Finding]:
    """The deploy check on unsaved files, together with what is deployed."""
    raise NotImplementedError


def list_definitions(
    flow: Flow, *, kind: DefinitionKind | None = None, query: str = ""
) -> list[Definition]:
    """The newest version of each."""
    raise NotImplementedError


def list_versions(flow: Flow, *, kind: DefinitionKind, key: str) -> list[Definition]:
    """All versions, newest first."""
    raise NotImplementedError


def show_definition(
    flow: Flow, *, kind: DefinitionKind, key: str, version: int | None = None
) -> tuple[Definition, bytes]:
    """One version (the newest without `version`) with its file. Raises DefinitionNotFound."""
    raise NotImplementedError
