"""The one tree of errors: a class is a kind of failure, its docstring is what people read."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from jiedan.core import i18n

Message = str | i18n.LazyText
"""A field's complaint: plain text, or text that is translated when it is shown."""


class JiedanError(Exception):
    """Something went wrong."""

    # The first line of a subclass's docstring is the English message and the msgid of its
    # translation; %(name)s in it is filled from the keyword arguments, which become attributes.
    code: ClassVar[str] = "JIEDAN_ERROR"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            cls.code = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).upper()

    def __init__(self, **params: Any) -> None:
        self.params: dict[str, Any] = params
        for name, value in params.items():
            # A parameter called `message` must not hide the method.
            if not hasattr(type(self), name):
                setattr(self, name, value)
        super().__init__()

    @classmethod
    def msgid(cls) -> str:
        """The English message with its placeholders: first line of the nearest docstring."""
        for owner in cls.__mro__:
            text = owner.__dict__.get("__doc__")
            if text:
                return inspect.cleandoc(text).splitlines()[0]
        return cls.__name__

    def sentence(self) -> i18n.LazyText:
        """What people read, to be translated when they read it."""
        return i18n.LazyText(self.msgid(), self.params)

    def message(self, locale: str | None = None) -> str:
        """What a person reads, in `locale` or in the language of the current context."""
        with i18n.use_locale(locale or i18n.current_locale()):
            text = i18n.gettext(self.msgid())
            try:
                return text % self.params
            except (KeyError, TypeError, ValueError):
                # Telling of an error must not be another error.
                return text

    def __str__(self) -> str:
        return self.message("en")

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.params)


def _rebuild(kind: type[JiedanError], params: dict[str, Any]) -> JiedanError:
    return kind(**params)


class NotFound(JiedanError):
    """There is nothing here, or it is not yours to see."""


class BadRequest(JiedanError):
    """The request could not be read."""


class Unauthorized(JiedanError):
    """Please sign in."""


class Forbidden(JiedanError):
    """You may not do this."""


class Conflict(JiedanError):
    """This does not fit the present state of things."""


class Gone(JiedanError):
    """This is no longer available."""


class TooLarge(JiedanError):
    """This is too large."""


class TooMany(JiedanError):
    """Too many attempts. Please wait a little."""


class Invalid(JiedanError):
    """Some fields need your attention."""

    # `fields` maps the path of a field (`lines[2].sku`) to what is wrong with it.

    def __init__(self, fields: Mapping[str, Message] | None = None, **params: Any) -> None:
        super().__init__(**params)
        self.fields: dict[str, Message] = dict(fields or {})

    def __reduce__(self) -> tuple[Any, ...]:
        fields = {path: str(text) for path, text in self.fields.items()}
        return _rebuild_invalid, (type(self), fields, self.params)


def _rebuild_invalid(
    kind: type[Invalid], fields: dict[str, Message], params: dict[str, Any]
) -> Invalid:
    return kind(fields, **params)
