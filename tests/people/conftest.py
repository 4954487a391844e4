"""People to try things with."""

from __future__ import annotations

import pytest

from jiedan.core.actor import SYSTEM
from jiedan.core.platform import Platform
from jiedan.people.accounts import add_user
from jiedan.people.organisation import load_organisation, set_department_head, sync_organisation

PASSWORD = "correct horse 27"


def staff(platform: Platform) -> Platform:
    """A small company on `platform`."""
    organisation = load_organisation(platform.settings.config_dir / "roles.toml")
    with platform.work(actor=SYSTEM) as work:
        sync_organisation(work, organisation=organisation)
        for login, name, name_en, role, department in (
            ("zhuzhi", "朱志", "Zhu Zhi", "GM", "management"),
            ("majun", "马骏", "Ma Jun", "SD", "sales"),
            ("wangqiang", "王强", "Wang Qiang", "SM", "sales"),
            ("chenjing", "陈静", "Chen Jing", "SR", "sales"),
            ("sunyue", "孙悦", "Sun Yue", "OC", "orders"),
            ("zhangwei", "张维", "Zhang Wei", "AD", "process"),
        ):
            add_user(
                work,
                login=login,
                name=name,
                name_en=name_en,
                roles=[role],
                department=department,
                password=PASSWORD,
                must_change_password=False,
            )
        set_department_head(work, department="sales", login="majun")
        set_department_head(work, department="management", login="zhuzhi")
    return platform


@pytest.fixture
def company(platform: Platform) -> Platform:
    """A small company on SQLite."""
    return staff(platform)


@pytest.fixture
def company_on_both(both_databases: Platform) -> Platform:
    """A small company on each of the two databases in turn."""
    return staff(both_databases)
