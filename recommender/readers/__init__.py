"""Readers: the only code that turns a published shape into candidates, by SQL."""
