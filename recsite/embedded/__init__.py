"""Postgres and Valkey from Python packages, run for as long as some process of this installation uses them."""

from recsite.embedded.addresses import embedded_broker_url, embedded_cache_url, embedded_database_settings
from recsite.embedded.errors import EmbeddedError
from recsite.embedded.leases import join_servers, servers

__all__ = [
    "EmbeddedError",
    "embedded_broker_url",
    "embedded_cache_url",
    "embedded_database_settings",
    "join_servers",
    "servers",
]
