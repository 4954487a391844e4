"""The tables of people: who they are, what they may, and how they sign in."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import Base
from jiedan.core.ids import new_id


class Department(Base):
    """A part of the company, as `config/roles.toml` says."""

    __tablename__ = "departments"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    parent: Mapped[str | None] = mapped_column(ForeignKey("departments.code"))
    head: Mapped[str | None] = mapped_column(String(64))


class Role(Base):
    """What somebody may do here, as `config/roles.toml` says."""

    __tablename__ = "roles"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    business: Mapped[bool] = mapped_column(default=True)


class User(Base):
    """Somebody who can sign in. People who left are disabled, never deleted."""

    __tablename__ = "users"

    login: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80), default="")
    email: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(32), default="")
    department: Mapped[str | None] = mapped_column(ForeignKey("departments.code"), index=True)
    supervisor: Mapped[str | None] = mapped_column(ForeignKey("users.login"))
    search: Mapped[str] = mapped_column(String(500), default="")
    locale: Mapped[str | None] = mapped_column(String(8))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[datetime]
    updated_by: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own declaration


class UserRole(Base):
    """Somebody holds a role."""

    __tablename__ = "user_roles"
    __table_args__ = (Index("ix_user_roles_role", "role", "login"),)

    login: Mapped[str] = mapped_column(ForeignKey("users.login"), primary_key=True)
    role: Mapped[str] = mapped_column(ForeignKey("roles.code"), primary_key=True)


class SignInSession(Base):
    """A sign-in that is still good, or was. Only the hash of its token is kept."""

    __tablename__ = "sessions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    login: Mapped[str] = mapped_column(ForeignKey("users.login"), index=True)
    ip: Mapped[str | None] = mapped_column(String(45))
    agent: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class LoginAttempt(Base):
    """Somebody tried to sign in as `login`, which need not exist."""

    __tablename__ = "login_attempts"
    __table_args__ = (
        Index("ix_login_attempts_login", "login", "at"),
        Index("ix_login_attempts_ip", "ip", "at"),
        Index("ix_login_attempts_at", "at"),
    )

    # Counted, for order must hold even while a clock stands still.
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    login: Mapped[str] = mapped_column(String(64))
    ip: Mapped[str | None] = mapped_column(String(45))
    at: Mapped[datetime]
    succeeded: Mapped[bool]


class Substitution(Base):
    """Somebody acts for somebody else for a while."""

    __tablename__ = "substitutions"
    __table_args__ = (
        Index("ix_substitutions_login", "login", "ends_at"),
        Index("ix_substitutions_substitute", "substitute", "ends_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    login: Mapped[str] = mapped_column(ForeignKey("users.login"))
    substitute: Mapped[str] = mapped_column(ForeignKey("users.login"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(500), default="")
    processes: Mapped[str] = mapped_column(String(1000), default="")
    """Ids of the processes it is for, by commas; empty for all."""
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))
    cancelled_at: Mapped[datetime | None]


class ApiToken(Base):
    """A key with which a program acts as somebody. Only its hash is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    login: Mapped[str] = mapped_column(ForeignKey("users.login"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
