"""Checks a raw friendship row, from a file or a JSON body, and turns it into a FriendshipRecord."""

from catalog.field_values import FieldProblem, read_key
from catalog.records import RowError, SourceRow
from profiles.records import FriendshipRecord

FRIENDSHIP_FIELDS = ("user_id", "friend_id")
_KNOWN = ", ".join(FRIENDSHIP_FIELDS)
_MAX_ERRORS = 20


def check_friendship_row(row: SourceRow) -> FriendshipRecord | tuple[RowError, ...]:
    """Return the friendship that ``row`` describes, or every reason why it is not taken.

    A field that is None counts as not given. Nobody is a friend of their own.
    """
    values: dict[str, str] = {}
    errors: list[RowError] = []
    for name, raw in row.fields.items():
        if name not in FRIENDSHIP_FIELDS:
            reason = f"unknown field (known: {_KNOWN})"
            errors.append(RowError(row.line, str(name)[:100], reason, "unknown_field"))
        elif raw is not None:
            try:
                values[name] = read_key(raw)
            except FieldProblem as problem:
                errors.append(RowError(row.line, name, problem.reason, problem.code))
    failed = {error.field for error in errors}
    missing = [name for name in FRIENDSHIP_FIELDS if name not in values and name not in failed]
    errors += [RowError(row.line, name, "required", "required") for name in missing]
    if not errors and values["user_id"] == values["friend_id"]:
        errors.append(name_same_person(row.line))
    return tuple(errors[:_MAX_ERRORS]) or FriendshipRecord(**values)


def name_same_person(line: int) -> RowError:
    """Return the error of a row whose two ids are one person's."""
    return RowError(line, "friend_id", "both are one person", "same_profile")
