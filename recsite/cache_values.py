"""How values stand in the cache: as JSON, so that nothing that comes out of it is ever unpickled."""

from typing import Any

import orjson


class JsonValues:
    """The serializer of the cache; a value that JSON cannot hold is a TypeError."""

    def dumps(self, value: Any) -> bytes:
        """Return the bytes to store; whole numbers stay such as the server can count with."""
        return orjson.dumps(value)

    def loads(self, stored: bytes) -> Any:
        """Return the value that was stored."""
        return orjson.loads(stored)
