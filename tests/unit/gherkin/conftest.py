"""What the tests of features share."""

from textwrap import dedent

import pytest

from goldenpath.gherkin import read


@pytest.fixture
def feature(tmp_path):
    """Write a file among the features, and read it."""

    def write(text, name="shop.feature", cache=None):
        path = tmp_path / "features" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
        return read(path, rootdir=tmp_path, features_root=tmp_path / "features", cache=cache)

    return write
