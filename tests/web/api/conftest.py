"""The whole product behind its API."""

from tests.world import _world_template, world

__all__ = ["_world_template", "world"]
