"""The line of a key in a TOML text."""

import tomllib

import pytest

from goldenpath.config.toml_lines import line_of, line_of_error, without_place

TEXT = """\
# mode = "a comment"
mode = "mock"

steps = [
  "one",
]
[services]  # a table
"auth" = "mock"
agents.tier = "local"

[services.cache]
port = 1
'tier' = "mock"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (["mode"], 2),
        (["steps"], 4),
        (["steps", 0], 4),
        (["services"], 7),
        (["services", "auth"], 8),
        (["services", "agents", "tier"], 9),
        (["services", "cache"], 11),
        (["services", "cache", "tier"], 13),
        (["services", "cache", "unwritten"], 11),
        (["nowhere"], 1),
    ],
)
def test_line_of(path, line):
    assert line_of(TEXT, path) == line


@pytest.mark.parametrize(("text", "line"), [("a = 1\nb = ", 2), ("a = 1\nb = [\n", 2), ("= 1", 1)])
def test_the_line_of_an_error(text, line):
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    assert line_of_error(caught.value, text) == line
    assert "line" not in without_place(caught.value)
