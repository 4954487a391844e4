"""Owns the import of diagrams that were drawn for other engines."""
