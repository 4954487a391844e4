"""Column types that every desk table shares: keys, money, quantities, percentages, stamps."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from jiedan.core.database import JsonValue, ScaledDecimal, UtcDateTime
from jiedan.core.ids import new_id

Key = Annotated[UUID, mapped_column(Uuid, primary_key=True, default=new_id)]
Link = Annotated[UUID, mapped_column(Uuid, index=True)]
Fen = Annotated[int, mapped_column(BigInteger)]
Qty = Annotated[Decimal, mapped_column(ScaledDecimal(3), default=Decimal(0))]
Pct = Annotated[Decimal, mapped_column(ScaledDecimal(2))]
Moment = Annotated[datetime, mapped_column(UtcDateTime)]
Code = Annotated[str, mapped_column(String(60))]
Name = Annotated[str, mapped_column(String(200))]
Words = Annotated[str, mapped_column(Text)]
Bag = Annotated[dict[str, Any], mapped_column(JsonValue)]
Items = Annotated[list[Any], mapped_column(JsonValue)]


class Stamped:
    """Who made the row and who changed it last; ``values.add`` and ``values.touch`` fill these."""

    created_at: Mapped[Moment]
    created_by: Mapped[Code]
    updated_at: Mapped[Moment]
    updated_by: Mapped[Code]
