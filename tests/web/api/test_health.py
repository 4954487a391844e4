"""What a watcher is told about a server."""

from __future__ import annotations

from datetime import timedelta

from tests.world import World


def test_a_working_server_says_so_without_sign_in(world: World) -> None:
    answer = world.client.get("/health")

    assert answer.status_code == 200
    assert answer.get_json() == {"status": "ok", "database": True, "oldest_job_late_seconds": 0.0}


def test_work_that_nobody_does_shows(world: World) -> None:
    world.linxiao.start("order_main", channel="sales", entry="order")
    world.clock.advance(timedelta(days=30))

    answer = world.client.get("/health")

    assert answer.get_json()["oldest_job_late_seconds"] > 24 * 3600


def test_a_database_that_does_not_answer_shows(world: World) -> None:
    engine = world.flow.platform.database.engine
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE flow_jobs")

    answer = world.client.get("/health")

    assert (answer.status_code, answer.get_json()["status"]) == (503, "failing")
