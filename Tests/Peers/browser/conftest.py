"""A browser for the tests of pages."""

import chromium
import pytest


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    if chromium.PROGRAM is None:
        pytest.exit("chromium is missing: install it (make deps), or name it in CHROMIUM", returncode=2)
    page = chromium.Page(tmp_path_factory.mktemp("profile"))
    yield page
    page.close()
