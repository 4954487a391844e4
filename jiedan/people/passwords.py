"""Passwords: which are good enough, and how their hashes are made and checked."""

from __future__ import annotations

import functools
import unicodedata
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from jiedan.core.i18n import lazy
from jiedan.core.settings import Settings
from jiedan.people.errors import PasswordWeak

LONGEST = 256
_COMMON = frozenset(
    [
        "password",
        "passw0rd",
        "qwertyuiop",
        "1q2w3e4r5t",
        "1qaz2wsx3edc",
        "admin",
        "administrator",
        "welcome",
        "iloveyou",
        "letmein",
        "woaini",
        "jiedan",
        "changeme",
    ]
)


class Passwords:
    """Makes and checks argon2id hashes as strong as the settings say."""

    def __init__(self, settings: Settings) -> None:
        self._min_length = settings.password_min_length
        self._hasher = PasswordHasher(
            time_cost=settings.password_hash_rounds,
            memory_cost=settings.password_hash_kib,
            parallelism=1,
        )

    def hash(self, password: str) -> str:
        """The hash to keep; takes tens of milliseconds on purpose."""
        return self._hasher.hash(_normal(password))

    def matches(self, kept: str | None, password: str) -> bool:
        """Whether the password belongs to the hash; takes as long when there is no hash."""
        try:
            self._hasher.verify(kept or self._decoy, _normal(password[:LONGEST]))
        except (Argon2Error, InvalidHashError):
            return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether the hash was made with other settings and should be made again."""
        return self._hasher.check_needs_rehash(kept)

    def check_strength(self, password: str, *, login: str, name: str = "") -> None:
        """Raises PasswordWeak with the reason, under the field `password`."""
        plain = _normal(password)
        if len(plain) < self._min_length:
            reason = lazy("At least %(n)s characters are needed.", n=self._min_length)
        elif len(plain) > LONGEST:
            reason = lazy("At most %(n)s characters are possible.", n=LONGEST)
        elif len(set(plain)) < 5 or _is_run(plain):
            reason = lazy("Use more different characters.")
        elif _contains_common(plain.casefold(), login, name):
            reason = lazy("Leave out your name, your login and common words.")
        else:
            return
        raise PasswordWeak({"password": reason})

    @functools.cached_property
    def _decoy(self) -> str:
        return self._hasher.hash("nobody has this password")


def _normal(password: str) -> str:
    # The same password typed on another keyboard or system must have the same bytes.
    return unicodedata.normalize("NFKC", password)


def _is_run(text: str) -> bool:
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    return len(steps) == 1


def _contains_common(text: str, login: str, name: str) -> bool:
    for word in (login.casefold(), name.casefold(), *_COMMON):
        # A long password may well contain a short word.
        if len(word) >= 2 and word in text and len(text) - len(word) < 6:
            return True
    return False
