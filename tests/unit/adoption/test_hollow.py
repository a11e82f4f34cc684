"""Which tests can never fail."""

from __future__ import annotations

from textwrap import dedent

import pytest

from goldenpath.authoring.adoption import Kind, Offer, survey

OFFER = Offer({"DATABASE_URL": "database"})


@pytest.fixture
def kinds(tmp_path):
    """What is found in a file ``test_it.py``, as pairs of the test and the kind; other files beside it."""

    def look(text, ini="", **others):
        (tmp_path / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
        for name, source in {"test_it": text, **others}.items():
            (tmp_path / f"{name}.py").write_text(dedent(source))
        found = survey([tmp_path], OFFER)
        file = next(each for each in found.files if each.path.endswith("test_it.py"))
        assert not file.problem
        return [(each.test, each.kind) for each in file.findings]

    return look


def in_test(body):
    return f"import pytest, unittest, contextlib\ndef test_it(a, b):\n{body}\n"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("    pass", Kind.EMPTY),
        ("    '''What it would do.'''\n    ...", Kind.EMPTY),
        ("    return", Kind.EMPTY),
        ("    return\n    assert a == b", Kind.EMPTY),
        ("    a.run()", Kind.ASSERTS_NOTHING),
        ("    a.assert_called_once", Kind.ASSERTS_NOTHING),
        ("    if False:\n        assert a", Kind.ASSERTS_NOTHING),
        ("    assert True", Kind.CONSTANT),
        ("    assert (a == b, 'they differ')", Kind.CONSTANT),
        ("    assert len(a) >= 0", Kind.CONSTANT),
        ("    assert a is None or a is not None", Kind.CONSTANT),
        ("    assert a == a", Kind.CONSTANT),
        ("    assert a or True", Kind.CONSTANT),
        ("    try:\n        assert a == b\n    except Exception:\n        pass", Kind.SWALLOWED),
        ("    try:\n        assert a == b\n    except AssertionError as e:\n        print(e)", Kind.SWALLOWED),
        ("    try:\n        assert a == b\n    except:\n        pytest.skip('not today')", Kind.SWALLOWED),
        ("    try:\n        pytest.fail('no')\n    except BaseException:\n        pass", Kind.SWALLOWED),
        ("    with contextlib.suppress(AssertionError):\n        assert a", Kind.SWALLOWED),
        ("    pytest.skip('later')\n    assert a", Kind.SKIPPED),
        ("    x = a.run()\n    raise unittest.SkipTest('later')", Kind.SKIPPED),
    ],
)
def test_bodies_that_can_never_fail(kinds, body, kind):
    assert kinds(in_test(body)) == [("test_it", kind)]


@pytest.mark.parametrize(
    "body",
    [
        "    assert a",
        "    assert a == b, 'they differ'",
        "    a.assert_called_once()",
        "    with pytest.raises(ValueError):\n        a.run()",
        "    if a:\n        raise ValueError",
        "    pytest.fail('no')",
        "    try:\n        a.run()\n    except Exception as e:\n        pytest.fail(str(e))",
        "    try:\n        assert a\n    except ValueError:\n        pass",
        "    try:\n        assert a\n    except Exception:\n        raise",
        "    try:\n        pytest.fail('no')\n    except Exception:\n        pass",
        "    try:\n        assert a\n    except Exception:\n        pass\n    assert b",
        "    for each in a:\n        with b:\n            assert each",
        "    match a:\n        case 1:\n            assert b",
        "    if a:\n        pytest.skip('not here')\n    assert b",
        "    def each(x):\n        assert x\n    a.map(each)",
        "    a.get('/').raise_for_status()",
        "    assert len(a) >= 1",
        "    check_it(a)",
    ],
)
def test_bodies_that_can_fail(kinds, body):
    assert kinds(in_test(body)) == []


@pytest.mark.parametrize(
    ("mark", "kind"),
    [
        ("@pytest.mark.skip", Kind.SKIPPED),
        ("@pytest.mark.skip(reason='later')", Kind.SKIPPED),
        ("@pytest.mark.skipif(True, reason='later')", Kind.SKIPPED),
        ("@pytest.mark.skipif('1', reason='later')", Kind.SKIPPED),
        ("@unittest.skip('later')", Kind.SKIPPED),
        ("@unittest.skipUnless(False, 'later')", Kind.SKIPPED),
        ("@pytest.mark.parametrize('a', [])", Kind.SKIPPED),
        ("@pytest.mark.xfail", Kind.EXPECTED),
        ("@pytest.mark.xfail(reason='a bug')", Kind.EXPECTED),
        ("@pytest.mark.skipif(os.name == 'nt', reason='Windows')", None),
        ("@pytest.mark.parametrize('a', [1])", None),
        ("@pytest.mark.xfail(strict=True)", None),
        ("@pytest.mark.xfail(raises=ValueError)", None),
        ("@pytest.mark.slow", None),
    ],
)
def test_marks(kinds, mark, kind):
    found = kinds(f"import os, pytest, unittest\n{mark}\ndef test_it(a):\n    assert a\n")
    assert found == ([("test_it", kind)] if kind else [])


def test_strict_xfail_may_be_the_rule_of_the_project(kinds):
    text = "import pytest\n@pytest.mark.xfail\ndef test_it(a):\n    assert a\n"
    assert kinds(text, "xfail_strict = true") == []


def test_a_whole_file_that_skips(kinds):
    text = (
        "import pytest\npytestmark = [pytest.mark.skip]\n"
        "def test_a(a): assert a\nclass TestB:\n  def test_b(self): assert self\n"
    )
    assert kinds(text) == [("test_a", Kind.SKIPPED), ("TestB.test_b", Kind.SKIPPED)]
    text = "import pytest\npytest.skip('no', allow_module_level=True)\ndef test_a(a): assert a\n"
    assert kinds(text) == [("test_a", Kind.SKIPPED)]


def test_a_set_up_that_skips(kinds):
    text = (
        "import unittest\nclass T(unittest.TestCase):\n"
        "  def setUp(self): self.skipTest('no')\n  def test_a(self): assert self\n"
    )
    assert kinds(text) == [("T.test_a", Kind.SKIPPED)]


UNITTEST = "import unittest\nclass T({}):\n    async def test_a(self):\n        self.assertEqual(await self.x(), 1)\n"


@pytest.mark.parametrize(
    ("base", "kind"),
    [
        ("unittest.TestCase", Kind.UNITTEST_ASYNC),
        ("unittest.IsolatedAsyncioTestCase", None),
        ("unittest.TestCase, unittest.IsolatedAsyncioTestCase", None),
    ],
)
def test_async_tests_in_classes_of_unittest(kinds, base, kind):
    assert kinds(UNITTEST.format(base)) == ([("T.test_a", kind)] if kind else [])


def test_a_mark_does_not_help_in_a_class_of_unittest(kinds):
    text = UNITTEST.format("unittest.TestCase").replace("    async", "    @pytest.mark.asyncio\n    async")
    assert kinds(text, "asyncio_mode = auto") == [("T.test_a", Kind.UNITTEST_ASYNC)]


def test_a_base_in_another_file_is_read(kinds):
    text = "from base import Base\nclass T(Base):\n    async def test_a(self):\n        assert await self.x()\n"
    base = "from unittest import {0}\nclass Base({0}):\n    pass\n"
    assert kinds(text, base=base.format("TestCase")) == [("T.test_a", Kind.UNITTEST_ASYNC)]
    assert kinds(text, base=base.format("IsolatedAsyncioTestCase")) == []


ASYNC = "import pytest\n{}\nasync def test_a(x{}):\n    assert await x\n"


@pytest.mark.parametrize(
    ("mark", "argument", "ini", "awaited"),
    [
        ("", "", "", False),
        ("@pytest.mark.slow", "", "asyncio_mode = strict", False),
        ("@pytest.mark.asyncio", "", "", True),
        ("@pytest.mark.anyio", "", "", True),
        ("@pytest.mark.trio", "", "", True),
        ("@mock.patch('a.b')", "", "", False),
        ("@awaited", "", "", True),
        ("pytestmark = pytest.mark.asyncio", "", "", True),
        ("", "", "asyncio_mode = auto", True),
        ("", "", "anyio_mode = auto", True),
        ("", "", "trio_mode = true", True),
        ("", "", "addopts = -q --asyncio-mode=auto", True),
        ("", "", "addopts = -o asyncio_mode=auto", True),
        ("", ", gp_auth", "", True),
        ("", ", services", "", True),
    ],
)
def test_async_functions(kinds, mark, argument, ini, awaited):
    found = kinds(ASYNC.format(mark, argument), ini)
    assert found == ([] if awaited else [("test_a", Kind.NEVER_AWAITED)])


def test_a_hook_may_await(kinds):
    hook = "import asyncio\ndef pytest_pyfunc_call(pyfuncitem): asyncio.run(pyfuncitem.obj())\n"
    assert kinds(ASYNC.format("", ""), conftest=hook) == []


def test_the_settings_of_pyproject_count(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\nasyncio_mode = "auto"\npython_files = "check_*"\n'
    )
    (tmp_path / "check_it.py").write_text("async def test_a(x):\n    assert await x\n")
    (file,) = survey([tmp_path], OFFER).files
    assert (file.tests, file.findings) == (1, ())


def test_of_two_with_one_name_the_first_never_runs(kinds):
    text = """
        class TestA:
            def test_a(self, x): assert x
            def test_a(self, x): assert x == 2
        def test_b(x): assert x
        def test_b(x): assert x == 2
    """
    assert kinds(text) == [("TestA.test_a", Kind.DUPLICATE), ("test_b", Kind.DUPLICATE)]


def test_one_name_in_two_branches_is_no_duplicate(kinds):
    text = "import os\nif os.name == 'nt':\n  def test_a(x): assert x\nelse:\n  def test_a(x): assert x == 2\n"
    assert kinds(text) == []


def test_what_pytest_does_not_collect(kinds):
    text = """
        import pytest
        class TestA:
            def __init__(self): self.x = 1
            def test_a(self): assert self.x
            def test_b(self): assert self.x
        class LoginTests:
            def test_a(self): assert self
        class Mixin:
            def test_a(self): assert self
        class TestWith(Mixin):
            pass
        def tset_b(x): assert x
        def Test_c(x): assert x
        @pytest.mark.slow
        def when_d(x): assert x
        @pytest.fixture
        def test_data(): return 1
        def helper(x): assert x
    """
    assert kinds(text) == [
        ("TestA", Kind.WITH_INIT),
        ("LoginTests", Kind.NOT_COLLECTED),
        ("tset_b", Kind.NOT_COLLECTED),
        ("Test_c", Kind.NOT_COLLECTED),
        ("when_d", Kind.NOT_COLLECTED),
    ]


def test_a_class_from_which_others_inherit_is_collected_there(kinds):
    shared = "class LoginChecks:\n    def test_a(self): assert self.x\n"
    text = f"{shared}"
    assert kinds(text, test_other="from test_it import LoginChecks\nclass TestB(LoginChecks): x = 1\n") == []


def test_a_file_whose_name_is_not_collected(tmp_path):
    (tmp_path / "login_checks.py").write_text("import pytest\ndef test_a(x): assert x\ndef test_b(x): assert x\n")
    (tmp_path / "product.py").write_text("def test_connection(x): return x\n")
    (file,) = survey([tmp_path], OFFER).files
    assert [(each.kind, each.tests) for each in file.findings] == [(Kind.NOT_COLLECTED, 2)]


HELPERS = """
    import unittest
    from checks import is_fine, looks, unread
    def _same(a, b): assert a == b
    def _nothing(a): print(a)
    def _deep(a): return _same(a, 1)
    async def _later(a): assert a
    def _round(a): return _round(a)
    class TestA:
        def _mine(self, a): assert a
        def test_own(self, a): self._mine(a)
        def test_other(self, a): self._yours(a)
    def test_same(a): _same(a, 1)
    def test_deep(a): _deep(a)
    def test_imported(a): is_fine(a)
    def test_nothing(a): _nothing(a)
    def test_looks(a): looks(a)
    def test_round(a): _round(a)
    def test_forgotten(a): _later(a)
"""


def test_helpers_are_read(kinds):
    found = kinds(HELPERS, checks="def is_fine(a): assert a\ndef looks(a): return a\n")
    names = ["TestA.test_other", "test_nothing", "test_looks", "test_round", "test_forgotten"]
    assert found == [(name, Kind.ASSERTS_NOTHING) for name in names]


def test_what_a_fixture_of_the_file_asserts_counts(kinds):
    text = (
        "import pytest\n@pytest.fixture\ndef seen():\n  x = []\n  yield x\n  assert x\n"
        "def test_a(seen): seen.append(1)\n"
    )
    assert kinds(text) == []


def test_what_every_test_of_ours_says_of_itself(kinds):
    """A file of a usual kind has nothing to tell."""
    text = """
        import pytest
        from unittest import mock

        class TestShop:
            @pytest.fixture(autouse=True)
            def setup(self): self.shop = mock.Mock()

            @mock.patch("shop.pay")
            def test_pays(self, pay):
                self.shop.buy(1)
                pay.assert_called_once_with(1)

            class TestInner:
                def test_it(self, x):
                    with pytest.raises(KeyError, match="x"):
                        x.y()
    """
    assert kinds(text) == []
