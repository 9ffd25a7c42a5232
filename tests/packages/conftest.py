"""Packages of a shared library, and of libraries that a test may kill."""

import pytest

from driver.caller import token_caller
from driver.packages import Packages


@pytest.fixture
def packages(server):
    """The instance of the first start of the shared library."""
    return Packages(token_caller(server))


@pytest.fixture
def private(farm):
    """The same of a library of the test's own."""
    return Packages(token_caller(farm.start()))
