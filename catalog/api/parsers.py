"""Bodies as JSON, read by orjson: strict, bounded, safe against deep nesting."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from rest_framework.parsers import BaseParser

from catalog.api.errors import ApiError


class JsonParser(BaseParser):
    """Takes strict JSON in UTF-8: no NaN, no lone surrogates, no more than 1,024 levels."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the value, or raise ApiError: 413 for a body above the limit, before it is read, 400 for bad JSON."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        declared = getattr(stream, "META", {}).get("CONTENT_LENGTH", "")
        if declared.isdecimal() and int(declared) > limit:
            raise refuse_size(limit)
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise refuse_size(limit)
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ApiError("malformed_json", f"The body is not JSON: {error}") from None


def refuse_size(limit: int) -> ApiError:
    """Return the error for a body of more than ``limit`` bytes."""
    return ApiError("too_large", f"The body is larger than {limit:,} bytes; send it in parts.", status=413)
