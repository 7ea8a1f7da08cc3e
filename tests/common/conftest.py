"""A dataset to call functions of."""

from tests.interop.conftest import halves, make  # noqa: F401  # fixtures
