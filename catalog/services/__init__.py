"""Writes, in one transaction, announcing after commit."""
