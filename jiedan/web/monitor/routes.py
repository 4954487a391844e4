"""The blueprint that the monitor's pages hang on."""

from flask import Blueprint

blueprint = Blueprint("monitor", __name__)
