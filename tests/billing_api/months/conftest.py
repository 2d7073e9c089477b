"""The helpers' asserts show their values too."""

import pytest

for name in ("bank", "books", "life", "model", "observe", "world"):
    pytest.register_assert_rewrite(f"tests.billing_api.months.{name}")
