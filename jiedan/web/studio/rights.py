"""Who reads definitions and who changes them (SPEC §4.1, SOD-12)."""

READERS = frozenset({"PO", "AD", "GM", "AU"})
OWNERS = frozenset({"PO"})
"""Process owners deploy; an admin repairs instances and draws no processes."""
