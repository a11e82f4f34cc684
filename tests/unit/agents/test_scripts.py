import pytest

from goldenpath.domain.errors import SettingsError
from goldenpath.reference.scripts import Asked, Crash, Scripts, Think, Together, ToolCall, load, read

GOOD = """
[[scripts]]
name = "weather"
question = "Will it rain?"
steps = [{ think = "I look." }, { tool = "sky", arguments = { at = ["{question}"] }, result = 1, takes = 0.1 }]
answer = "No."
"""


def written(tmp_path, text):
    path = tmp_path / "scripts.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("question", ["Hello", "  hello\n", "HELLO"])
def test_letter_case_and_blanks_around_a_question_do_not_matter(question):
    assert load().find(question).name == "greeting"


def test_a_question_without_a_script_is_answered_by_the_one_that_has_no_question():
    script = load().find("Hello there")
    asked = Asked("Hello there")
    assert script.answer_to(asked) == 'Here is what I found on "Hello there".'
    assert asked.fill(script.steps[1].arguments) == {"query": "Hello there"}


def test_a_question_is_no_pattern():
    assert Asked("{previous} {0} {x}").fill('on "{question}"') == 'on "{previous} {0} {x}"'


def test_the_answer_speaks_of_what_was_asked_before_if_there_was_anything():
    script = load().find("What did I ask before?")
    assert script.looks_back
    assert "secret" in script.answer_to(Asked("What did I ask before?", "the secret"))
    assert script.answer_to(Asked("What did I ask before?")) == "You have not asked anything before."


def test_steps_are_read(tmp_path):
    (script,) = read(written(tmp_path, GOOD))
    call = ToolCall("sky", {"at": ["{question}"]}, result=1, takes=0.1)
    assert script.steps == (Think("I look."), call)
    assert Asked("Will it rain?").fill(call.arguments) == {"at": ["Will it rain?"]}


def test_a_file_of_a_team_wins_over_ours(tmp_path):
    path = written(tmp_path, GOOD.replace("Will it rain?", "hello"))
    assert load([path]).find("Hello").name == "weather"
    assert load([str(path)]).find("Plan our launch").name == "several-tools"


def test_tools_at_once_are_done_in_the_order_of_their_time_the_last_of_equals_first():
    calls = tuple(ToolCall("t", takes=takes) for takes in (0.1, 0.0, 0.0, 0.05))
    assert Together(calls).by_completion() == [2, 1, 3, 0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "weather"', "", "script 1 needs 'name'"),
        ("answer =", "anwser =", "script 'weather' needs one ending"),
        ('"No."', '"No."\ncolour = "red"', "script 'weather' has 'colour'"),
        ("think", "thinks", "script 'weather', step 1 is no step"),
        ("0.1", "0.3", "script 'weather', step 2 has takes = 0.3"),
        ("0.1", "true", "script 'weather', step 2 has takes = True"),
        ("result = 1", 'result = 1, error = "x"', "script 'weather', step 2 has a result and an error"),
        ('"No."', '"{quesion}"', "script 'weather' has {quesion} in 'answer'"),
        ('{ think = "I look." }', '{ crash = "Oh." }', "script 'weather' goes on after a crash"),
        ('answer = "No."', 'first_answer = "No."', "script 'weather' needs one ending"),
        ("steps = [", "steps = 5 # [", "script 'weather' needs 'steps'"),
        ("[[scripts]]", "[scripts]", "the file needs 'scripts'"),
        ("[[scripts]]", "[[script]]", "the file needs 'scripts'"),
        ("[[scripts]]", "[[scripts", "no TOML"),
        ('{ think = "I look." }', "{ together = [{ think = 'x' }] }", "script 'weather', step 1, call 1 is no step"),
        ('{ think = "I look." }', '"think"', "script 'weather', step 1 is no table"),
        ('{ at = ["{question}"] }', '"x"', "script 'weather', step 2 has 'arguments', which is no table"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path, old, new, said):
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(SettingsError) as error:
        load([path])
    assert said in error.value.message
    assert error.value.where == str(path)


def test_two_answers_to_one_question_in_a_file_are_a_mistake(tmp_path):
    path = written(tmp_path, GOOD + GOOD.replace('"weather"', '"rain"').replace("Will", " will"))
    with pytest.raises(SettingsError, match="'weather' and 'rain' answer the same question"):
        load([path])


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"gone\.toml: cannot read the scripts"):
        load([tmp_path / "gone.toml"])


def test_a_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "scripts.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="UTF-8"):
        load([path])


def test_some_script_must_answer_anything_else():
    with pytest.raises(SettingsError):
        Scripts([script for script in read_ours() if script.question])


def test_every_script_of_ours_ends():
    for script in read_ours():
        assert isinstance(script.steps[-1], Crash) != bool(script.answer)


def read_ours():
    from goldenpath.reference.scripts import OURS

    return read(OURS)
