"""The world in which the scenarios of SPEC §6.1 play."""

from tests.scenarios.hostility import day
from tests.world import _world_template, world

__all__ = ["_world_template", "day", "world"]
