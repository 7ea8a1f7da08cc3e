"""Threads for work beside other work, where there can be any."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from typing import Any


def open_pool(workers: int) -> Executor:
    """Return a pool of threads; what no thread can be started for is done by whoever submits it.

    WebAssembly has no threads, and a container may limit them.
    """
    from concurrent.futures import Executor, Future, ThreadPoolExecutor

    class Pool(Executor):
        def __init__(self) -> None:
            self._threads = ThreadPoolExecutor(workers)

        def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            call = _Once(lambda: function(*args, **kwargs))
            try:
                return self._threads.submit(call)
            except RuntimeError:
                # The pool has queued the call: a thread that runs already may take it.
                done: Future[Any] = Future()
                try:
                    done.set_result(call())
                except BaseException as error:  # noqa: BLE001  # raised where the result is asked for
                    done.set_exception(error)
                return done

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            self._threads.shutdown(wait, cancel_futures=cancel_futures)

    return Pool()


def follow_parent() -> None:
    """End this process when its parent ends, by whatever: then its standard input ends."""
    import os

    while os.read(0, 1024):
        pass
    os._exit(1)


class _Once:
    """A call that is made by one of two callers; the other waits for its result."""

    def __init__(self, function: Callable[[], Any]) -> None:
        from threading import Lock

        self._function: Callable[[], Any] | None = function
        self._lock = Lock()
        self._result: Any = None
        self._error: BaseException | None = None

    def __call__(self) -> Any:
        with self._lock:
            function, self._function = self._function, None
            if function is not None:
                try:
                    self._result = function()
                except BaseException as error:  # noqa: BLE001  # raised where the result is asked for
                    self._error = error
            if self._error is not None:
                raise self._error
            return self._result
