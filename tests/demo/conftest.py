"""The world in which the demo is opened."""

from tests.world import _world_template, world

__all__ = ["_world_template", "world"]
