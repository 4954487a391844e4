"""Orders."""

from uuid import UUID

from flask import Blueprint

blueprint = Blueprint("orders", __name__, url_prefix="/orders")


@blueprint.get("/find")
def find() -> str:
    return ""


@blueprint.get("/of/<uuid:instance_id>")
def of_instance(instance_id: UUID) -> str:
    return ""
