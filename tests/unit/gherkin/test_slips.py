"""A misspelt keyword hides no step; a description stays one."""

from pathlib import Path
from textwrap import dedent

import pytest

from goldenpath.domain.errors import FeatureError
from goldenpath.gherkin import Feature, read


def feature(folder: Path, text: str) -> Feature:
    path = folder / "shop.feature"
    path.write_text(dedent(text), encoding="utf-8")
    return read(path, rootdir=folder, features_root=folder)


@pytest.mark.parametrize("word", ["Whn", "Wehn", "when", "Givne", "Gven", "Tehn", "Thenn", "Given:"])
def test_a_misspelt_step_right_above_the_others_is_refused(tmp_path: Path, word: str) -> None:
    with pytest.raises(FeatureError, match="would not run") as error:
        feature(tmp_path, f"Feature: Shop\n\n  Scenario: Buying\n    {word} Ada buys\n    Then Ada pays\n")
    assert error.value.where == "shop.feature:4"


@pytest.mark.parametrize("word", ["Scenaro", "scenario", "Scenerio", "Scenario outline", "Backgroud"])
def test_a_misspelt_title_is_refused_at_its_own_line(tmp_path: Path, word: str) -> None:
    text = f"Feature: Shop\n\n  # first\n  {word}: Buying\n    When Ada buys\n\n  Scenario: Paying\n    When Ada pays\n"
    with pytest.raises(FeatureError, match="would not run") as error:
        feature(tmp_path, text)
    assert error.value.where == "shop.feature:4"


@pytest.mark.parametrize(
    "description",
    [
        "The shop is open.",
        "Give and take.",
        "They buy\n    and they pay.",
        "when it is late, nobody buys.\n",
        "Rules: few",
        "background: the shop is new",
        "Note: nobody buys",
    ],
)
def test_a_description_is_left_alone(tmp_path: Path, description: str) -> None:
    read = feature(tmp_path, f"Feature: Shop\n\n  Scenario: Buying\n    {description}\n    When Ada buys\n")
    assert [step.text for pickle in read.pickles for step in pickle.steps] == ["Ada buys"]


def test_another_language_is_left_alone(tmp_path: Path) -> None:
    read = feature(tmp_path, "# language: de\nFunktion: Laden\n\n  Szenario: Kauf\n    Then\n    Wenn Ada kauft\n")
    assert len(read.pickles) == 1
