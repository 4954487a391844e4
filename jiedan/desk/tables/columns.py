"""Column types that every desk table shares: keys, money, quantities, percentages, stamps."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, BigInteger, String, Text, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from jiedan.core.database import UtcDateTime


class Scaled(TypeDecorator[Decimal]):
    """A decimal kept as a whole number of its smallest part, so that sums stay exact.

    SQLite has no decimal numbers; whole numbers compare and add up the same everywhere.
    """

    impl = BigInteger
    cache_ok = True

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places = places

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        scaled = Decimal(value).scaleb(self.places)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{value} has more than {self.places} decimal places")
        return int(scaled)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.places)


class Quantity(Scaled):
    """A quantity with three decimal places."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(3)


class Percent(Scaled):
    """A percentage with two decimal places."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(2)


Key = Annotated[UUID, mapped_column(Uuid, primary_key=True, default=uuid4)]
Link = Annotated[UUID, mapped_column(Uuid, index=True)]
Fen = Annotated[int, mapped_column(BigInteger)]
Qty = Annotated[Decimal, mapped_column(Quantity)]
Pct = Annotated[Decimal, mapped_column(Percent)]
Moment = Annotated[datetime, mapped_column(UtcDateTime)]
Code = Annotated[str, mapped_column(String(40))]
Name = Annotated[str, mapped_column(String(200))]
Words = Annotated[str, mapped_column(Text)]
Bag = Annotated[dict[str, Any], mapped_column(JSON)]
Items = Annotated[list[Any], mapped_column(JSON)]


class Stamped:
    """Who made the row and who changed it last; ``values.stamp`` fills these."""

    created_at: Mapped[Moment]
    created_by: Mapped[Code]
    updated_at: Mapped[Moment]
    updated_by: Mapped[Code]
