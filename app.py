"""The only place that chooses implementations: settings in, a wired application out."""

from flask import Flask

import handlers  # noqa: F401  registers every handler
from jiedan.core.platform import Platform, build_platform
from jiedan.core.settings import Settings, load_settings
from jiedan.dispatch.opening import open_channel, open_dispatcher
from jiedan.flow.platform import Flow
from jiedan.housekeeping import periodic_jobs
from jiedan.people.directory import logins_with_role
from jiedan.people.duties import load_duties
from jiedan.people.facts import TableFacts
from jiedan.people.organisation import load_organisation
from jiedan.web.factory import create_web


def create_flow(platform: Platform) -> Flow:
    """The process platform over the content folders of this installation."""
    root, config = platform.settings.root, platform.settings.config_dir
    organisation = load_organisation(config / "roles.toml")
    return Flow(
        platform=platform,
        channel=open_channel(platform.settings, platform.database),
        periodic=periodic_jobs(platform.settings),
        duties=load_duties(config / "duties.toml"),
        supervisors=organisation.supervisors(),
        roles=frozenset(role.code for role in organisation.roles),
        holders_of=logins_with_role,
        people=TableFacts(),
        processes=root / "processes",
        decisions=root / "processes" / "decisions",
        forms=root / "forms",
    )


def create_app(settings: Settings | None = None, *, platform: Platform | None = None) -> Flask:
    """The web application; it serves requests and starts nothing by itself."""
    platform = platform or build_platform(settings or load_settings())
    return create_web(create_flow(platform), platform)


create_dispatcher = open_dispatcher
"""Who does the jobs and timers: of one machine or of many, as the setting `dispatch` says."""
