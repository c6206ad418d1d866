"""What a component raised, as a text that a row of the database can hold: a plug-in may raise anything."""

LONGEST = 2_000


def describe_fault(error: BaseException) -> str:
    """Return kind and message of an error, storable."""
    name = type(error).__name__
    return make_storable(f"{name}: {error}" if str(error) else name)


def make_storable(text: str) -> str:
    """Return a message without what Postgres cannot store (NUL, lone surrogates), cut after 2,000 characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[:LONGEST]
