"""The blueprint that the studio's pages hang on."""

from flask import Blueprint

blueprint = Blueprint("studio", __name__)
