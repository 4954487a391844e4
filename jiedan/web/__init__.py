"""What people see: pages, the studio, the monitor, and the API for programs."""

from jiedan.web.factory import create_web

__all__ = ["create_web"]
