"""Waits for what must come."""

import time


def until(condition, timeout=30.0, what="it never came"):
    """What the condition answers, once that is true.

    A look that began in time counts, however long it took: only one that began after the deadline tells that what
    was waited for has not come.
    """
    deadline = time.monotonic() + timeout
    while True:
        late = time.monotonic() > deadline
        if found := condition():
            return found
        assert not late, what
        time.sleep(0.02)
