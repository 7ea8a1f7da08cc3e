"""Look at datasets in a web browser, through Datasette."""

from __future__ import annotations

import socket
import webbrowser
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.registry import dataset, datasets
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.errors import MicrocosmSQLiteError
from microcosm_sqlite.interop import datasette_plugin

with extra("browse"):
    import uvicorn
    from datasette.app import Datasette
    from datasette.plugins import pm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def browse(
    names: Iterable[str] = (),
    *,
    host: str = "127.0.0.1",
    port: int = 8001,
    open_browser: bool = True,
    announce: Callable[[str], object] | None = None,
) -> None:
    """Serve datasets until interrupted.

    Args:
        names: Names of the datasets; all installed ones by default.
        host: Address to listen on; the default accepts only connections from this machine.
        port: Port to listen on; 0 chooses a free one.
        open_browser: Open the page once it is served.
        announce: Called with the page's address once it is served.

    Raises:
        DatasetError: One of them cannot be found or opened.
        MicrocosmSQLiteError: The port is in use, or the address is not one of this machine.
    """
    application = make_datasette(names).app()
    listener = _listen(host, port)
    url = f"http://{_bracketed(host)}:{listener.getsockname()[1]}/"
    ready = [*filter(None, (announce, webbrowser.open if open_browser else None))]
    config = uvicorn.Config(application, log_level="warning", lifespan="on")
    try:
        _Server(config, lambda: [tell(url) for tell in ready]).run([listener])
    except KeyboardInterrupt:
        # Ctrl-C is how it ends: uvicorn has shut down, and raises it again.
        pass
    finally:
        listener.close()


def make_datasette(names: Iterable[str] = ()) -> Datasette:
    """A Datasette of these datasets, or of all."""
    chosen = list(names) or list(datasets())
    for name in chosen:
        datasette_plugin.check_names(dataset(name))  # now: what is wrong is said before serving
    # With it, Datasette prints the traceback of each wrong statement, and the values of variables.
    pm.get_plugin("datasette.handle_exception").rich = None
    if not pm.is_registered(datasette_plugin):
        # It is not where this distribution's metadata is older than the plugin.
        pm.register(datasette_plugin, datasette_plugin.PLUGIN)
    settings = {
        "title": "Installed datasets",
        "plugins": {datasette_plugin.PLUGIN: {"datasets": chosen}},
    }
    served = Datasette([], metadata=settings)
    # Datasette makes up an empty database where it is given no files; nobody asked for that one.
    served.remove_database("_memory")
    return served


class _Server(uvicorn.Server):  # type: ignore[misc]
    """A server that calls a function when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as usual, then call the function."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise MicrocosmSQLiteError(
            f"Cannot listen on {host} port {port}: {error.strerror}.",
            hint="Choose another port, or 0 for a free one.",
        ) from error


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
