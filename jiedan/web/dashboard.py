from flask import Blueprint

blueprint = Blueprint("dashboard", __name__, url_prefix="/dashboard")
LEADERS = ("SM", "SD", "GM", "BM", "FM", "AM", "LM")


@blueprint.get("")
def show() -> str:
    return ""
