"""Log lines: text for people, JSON for machines, always on standard error.

What renders the lines takes a twentieth of a second to import and most starts write no line, so
it is imported with the first one.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from jiedan.core.settings import Settings

if TYPE_CHECKING:
    import structlog


class Log:
    """Lines with named values: `log.warning("refused", code=code)`."""

    __slots__ = ("_bound", "_name")

    def __init__(self, name: str) -> None:
        self._name = name
        self._bound: Any = None

    def info(self, event: str, **values: Any) -> None:
        """Something worth knowing."""
        self._logger().info(event, **values)

    def warning(self, event: str, **values: Any) -> None:
        """Something that should not happen often."""
        self._logger().warning(event, **values)

    def error(self, event: str, **values: Any) -> None:
        """Something failed."""
        self._logger().error(event, **values)

    def exception(self, event: str, **values: Any) -> None:
        """Something failed with the exception that is being handled."""
        self._logger().exception(event, **values)

    def _logger(self) -> Any:
        if self._bound is None:
            self._bound = _structlog().get_logger(self._name)
        return self._bound


def get_logger(name: str) -> Log:
    """The log of a module: `log = get_logger(__name__)`."""
    return Log(name)


def configure_logs(settings: Settings) -> None:
    """Send the lines of this process and of the libraries it uses the same way."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    handler = _StandardError(lambda: _formatter(settings.log_format))
    global _level
    _level = level
    if "structlog" in sys.modules:
        _configure(import_module("structlog"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("apscheduler", "alembic", "procrastinate", "waitress.queue"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))


_level: int | None = None


def _structlog() -> Any:
    """The library, configured when it comes in after `configure_logs`."""
    known = "structlog" in sys.modules
    found = import_module("structlog")
    if not known and _level is not None:
        _configure(found)
    return found


def _configure(library: Any) -> None:
    library.configure(
        processors=[*_shared(library), library.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=library.make_filtering_bound_logger(_level),
        logger_factory=library.stdlib.LoggerFactory(),
    )


def _shared(library: Any) -> list[structlog.typing.Processor]:
    return [
        library.contextvars.merge_contextvars,
        library.stdlib.add_log_level,
        library.stdlib.ExtraAdder(),
        library.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(log_format: str) -> logging.Formatter:
    library = _structlog()
    if log_format == "json":
        last: list[structlog.typing.Processor] = [
            library.processors.dict_tracebacks,
            library.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        last = [library.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    made: logging.Formatter = library.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(library),
        processors=[library.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    return made


class _StandardError(logging.Handler):
    """Writes to whatever standard error is at that moment; somebody may have redirected it."""

    def __init__(self, make_formatter: Callable[[], logging.Formatter]) -> None:
        super().__init__()
        self._make_formatter = make_formatter

    def emit(self, record: logging.LogRecord) -> None:
        """One line; a failure to write it is told the way logging tells its own."""
        try:
            if self.formatter is None:
                self.setFormatter(self._make_formatter())
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)
