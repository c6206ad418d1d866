"""gunicorn's settings, read in its master process, where a bad setting can still stop the start."""

from __future__ import annotations

from recsite.embedded.joining import join_servers_or_exit
from recsite.env import read_environment

worker_class = "gthread"
threads = 4
control_socket_disable = True

leases = join_servers_or_exit(read_environment())
