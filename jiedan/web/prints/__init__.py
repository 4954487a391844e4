"""Papers of an order for A4: order, confirmation, contract, pick list, delivery note and others."""

from jiedan.web.prints.offered import Offer, papers_of
from jiedan.web.prints.pages import blueprint

__all__ = ["Offer", "blueprint", "papers_of"]
