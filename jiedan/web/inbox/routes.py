"""The blueprint that the inbox's pages hang on."""

from flask import Blueprint

blueprint = Blueprint("inbox", __name__)
