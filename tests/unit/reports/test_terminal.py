"""The end of a run says who answered, what came of it, and what that proves: no more."""

import pytest

from goldenpath.reports.terminal import summary

NEXT = "Next: goldenpath port agents   (what a service of your own must answer)"


def started(fault=None):
    return {"event": "run_started", "fault": fault}


def service(name, tier="mock", stand_in=True, reason="mode mock: in this process", rejected=()):
    return {
        "event": "service_resolved",
        "service": name,
        "tier": tier,
        "stand_in": stand_in,
        "reason": reason,
        "rejected": [{"tier": tier, "reason": why} for tier, why in rejected],
    }


def end(name, status="passed", standing=None, uses=(), attempt=1, message=None):
    return {
        "event": "scenario_finished",
        "scenario": name,
        "attempt": attempt,
        "status": status,
        "standing": standing,
        "services": [{"service": each, "tier": tier, "stand_in": stand_in} for each, tier, stand_in in uses],
        "message": message,
    }


MOCK_AGENTS = ("agents", "mock", True)
REAL_AUTH = ("auth", "real", False)


def rehearsed(count):
    return [end(f"r{number}", standing="rehearsed", uses=[MOCK_AGENTS]) for number in range(count)]


def verified(count):
    return [end(f"v{number}", standing="verified", uses=[REAL_AUTH]) for number in range(count)]


def row(lines, label):
    return next(line.split() for line in lines if line.strip().startswith(label))


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (62, "62 scenarios rehearsed on stand-ins. No code of your product ran."),
        (1, "1 scenario rehearsed on stand-ins. No code of your product ran."),
    ],
)
def test_on_stand_ins_alone_the_last_lines_say_so(count, sentence):
    lines = summary([started(), service("agents"), *rehearsed(count)])
    assert lines[-2:] == [sentence, NEXT]


def test_what_failed_on_stand_ins_was_not_rehearsed():
    lines = summary([service("agents"), *rehearsed(2), end("x", "failed", uses=[MOCK_AGENTS])])
    assert lines[-2] == "2 scenarios rehearsed on stand-ins. No code of your product ran."
    assert "  mock (stand-in)  2 passed (rehearsed), 1 failed" in lines


def test_a_mixture_is_told_as_one():
    records = [service("auth", "real", False), service("agents"), *verified(3), *rehearsed(2)]
    records.append(end("both", standing="rehearsed", uses=[REAL_AUTH, MOCK_AGENTS]))
    lines = summary(records)
    assert lines[-2:] == ["3 scenarios verified on your product, 3 rehearsed on stand-ins.", NEXT]
    assert "  mock (stand-in)        2 passed (rehearsed)" in lines
    assert "  mock (stand-in), real  1 passed (rehearsed)" in lines
    assert "  real                   3 passed (verified)" in lines


def test_without_stand_ins_nothing_is_left_to_do():
    lines = summary([service("auth", "real", False), *verified(1)])
    assert lines[-1] == "1 scenario verified on your product. No stand-in answered."


def test_a_product_that_failed_is_not_called_verified():
    lines = summary([service("auth", "real", False), end("x", "failed", uses=[REAL_AUTH])])
    assert lines[-1] == "0 scenarios verified on your product. No stand-in answered."


def test_a_scenario_counts_once_by_its_last_attempt():
    records = [service("agents"), end("a", "failed", uses=[MOCK_AGENTS])]
    records.append(end("a", standing="rehearsed", uses=[MOCK_AGENTS], attempt=2))
    told = "\n".join(summary(records))
    assert "1 flaky" in told
    assert "failed" not in told
    assert "0 scenarios rehearsed" in told


def test_each_service_that_was_used_has_its_line_and_its_reason():
    records = [service("auth"), service("agents", "local", False, "local was asked for: it is there"), service("cache")]
    records.append(end("a", standing="rehearsed", uses=[("auth", "mock", True), ("agents", "local", False)]))
    lines = summary(records)
    assert row(lines, "auth")[:3] == ["auth", "mock", "yes"]
    assert row(lines, "agents") == ["agents", "local", "no", "local", "was", "asked", "for:", "it", "is", "there"]
    assert "  not used: cache" in lines


def test_who_was_not_taken_is_told_once_for_all_services():
    asked = [("local", "mock was asked for"), ("real", "refused")]
    records = [service("auth", rejected=asked), service("agents", rejected=asked[:1])]
    records.append(end("a", standing="rehearsed", uses=[("auth", "mock", True), MOCK_AGENTS]))
    lines = summary(records)
    assert "  not taken: local for any service: mock was asked for" in lines
    assert "  not taken: real for auth: refused" in lines


def test_a_fault_is_told_before_what_the_run_means():
    lines = summary([started("answer-is-not-saved"), service("agents"), *rehearsed(1)])
    assert lines[-3] == "The reference platform was broken on purpose: --fault answer-is-not-saved."


def test_why_scenarios_did_not_run():
    records = [service("agents"), *rehearsed(1)]
    records += [end(f"s{number}", "skipped", message="nothing answers cache: local: refused") for number in range(2)]
    lines = summary(records)
    assert "  2 not run: nothing answers cache: local: refused" in lines
    assert "  no service       2 skipped" in lines


def test_many_reasons_are_not_all_told():
    records = [end(f"s{number}", "skipped", message=f"reason {number}") for number in range(8)]
    assert "  and 3 other reasons" in summary(records)


def test_what_was_skipped_did_not_run():
    assert summary([end("a", "skipped")])[-1] == "No scenario ran, so nothing is known of your product."
    lines = summary([end("a", "skipped"), end("b")])
    assert lines[-1] == "1 scenario ran, and it used no service: of your product it proves nothing."


def test_what_an_interrupt_left_in_the_middle_was_cut_short():
    assert "  no service    1 passed, 1 cut short" in summary([end("a"), end("b", "unknown")])


def test_scenarios_that_used_no_service_prove_nothing():
    lines = summary([service("auth"), end("a"), end("b")])
    assert lines[-1] == "2 scenarios ran, and none used a service: of your product they prove nothing."
    assert "auth" not in "\n".join(lines)


def test_a_run_without_scenarios_says_nothing():
    assert summary([]) == []
    assert summary([started(), service("auth")]) == []


def test_no_line_is_wider_than_80_columns():
    words = "a reason that goes on and on " * 8
    records = [
        service("auth", reason=words, rejected=[("real", words)]),
        service("a-service-with-quite-a-long-name", reason="x" * 200),
        end("a", standing="rehearsed", uses=[("auth", "mock", True)]),
        end("b", standing="rehearsed", uses=[("a-service-with-quite-a-long-name", "mock", True)]),
        end("c", "skipped", message=words),
        *(
            end(status, status, uses=[MOCK_AGENTS, REAL_AUTH])
            for status in ("failed", "undefined", "ambiguous", "pending")
        ),
    ]
    lines = summary([started("f" * 60), *records])
    assert max(map(len, lines)) <= 80


def test_tests_are_counted_beside_scenarios():
    lines = summary(
        [
            started(),
            service("agents"),
            *rehearsed(2),
            end("tests/test_a.py::test_a", standing="rehearsed", uses=[MOCK_AGENTS]),
            end("tests/test_a.py::test_b", "failed", uses=[MOCK_AGENTS]),
        ]
    )
    scenarios, tests = lines.index("  scenarios on     results"), lines.index("  tests on         results")
    assert lines[scenarios + 1] == "  mock (stand-in)  2 passed (rehearsed)"
    assert lines[tests + 1] == "  mock (stand-in)  1 passed (rehearsed), 1 failed"
    assert "2 scenarios and 1 test rehearsed on stand-ins. No code of your product ran." in lines


@pytest.mark.parametrize(
    ("ends", "sentence"),
    [
        ([end("test_a.py::test_a", "skipped")], "No test ran, so nothing is known of your product."),
        (
            [end("test_a.py::test_a", "skipped"), end("a.feature::A", "skipped")],
            "No scenario or test ran, so nothing is known of your product.",
        ),
        ([end("test_a.py::test_a")], "1 test ran, and it used no service: of your product it proves nothing."),
        ([end("test_a.py::test_a", "failed", uses=[REAL_AUTH])], "0 tests verified on your product."),
    ],
)
def test_what_tests_prove(ends, sentence):
    lines = summary([started(), service("auth", "real", stand_in=False), *ends])
    assert any(line.startswith(sentence) for line in lines)
