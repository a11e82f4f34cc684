"""The best choice for all services together: what is chosen for one can make sense only with what answers another.

The best leaves the fewest services without an answer, then the fewest to more than was asked for, then the fewest to
stand-ins; then each service gets the candidate that is preferred for it, the first service first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from goldenpath.domain.values import Tier
from goldenpath.resolution.policy import Policy, needs
from goldenpath.resolution.registry import Candidate

Answers: TypeAlias = dict[str, Candidate | None]
"""What answers each service; None for nothing."""

_Cost: TypeAlias = tuple[int, int, int, tuple[int, ...]]


def best(options: Mapping[str, Sequence[Candidate]], policy: Policy) -> Answers:
    """The best choice.

    Args:
        options: For each service the candidates that may answer it and are up, the preferred one first.
        policy: The rules.
    """
    return _Search(options, policy).best()


class _Search:
    def __init__(self, options: Mapping[str, Sequence[Candidate]], policy: Policy) -> None:
        self._services = tuple(options)
        self._options = options
        self._policy = policy
        self._best: tuple[_Cost, Answers] | None = None

    def best(self) -> Answers:
        self._descend({}, (0, 0, 0, ()))
        # Nothing for every service is always a choice, so there is one.
        assert self._best is not None
        return self._best[1]

    def _descend(self, answers: Answers, cost: _Cost) -> None:
        if self._best is not None:
            *counts, places = self._best[0]
            if cost >= (*counts, places[: len(answers)]):
                return
        if len(answers) == len(self._services):
            if not circular(answers) and not self._in_vain(answers):
                self._best = cost, dict(answers)
            return
        service = self._services[len(answers)]
        for place, each in enumerate((*self._options[service], None)):
            answers[service] = each
            if self._makes_sense(answers, service):
                self._descend(answers, self._with(cost, service, each, place))
            del answers[service]

    def _in_vain(self, answers: Answers) -> bool:
        """Whether something is more than was asked for, and no other process needs it."""
        chosen = [each for each in answers.values() if each is not None]
        return any(
            each is not None
            and self._policy.rises(service, each)
            and not any(service in needs(user) and user.tier is not Tier.MOCK for user in chosen)
            for service, each in answers.items()
        )

    def _with(self, cost: _Cost, service: str, answer: Candidate | None, place: int) -> _Cost:
        unanswered, risen, stand_ins, places = cost
        if answer is None:
            return unanswered + 1, risen, stand_ins, (*places, place)
        rises, stand_in = self._policy.rises(service, answer), self._policy.stand_in(answer)
        return unanswered, risen + rises, stand_ins + stand_in, (*places, place)

    def _makes_sense(self, answers: Answers, service: str) -> bool:
        """Whether what was just chosen for a service goes with what was chosen before."""
        chosen = answers[service]
        for name, each in answers.items():
            if each is not None and service in needs(each) and self._policy.clash(each, service, chosen):
                return False
            if chosen is not None and name in needs(chosen) and self._policy.clash(chosen, name, each):
                return False
        return True


def circular(answers: Mapping[str, Candidate | None]) -> bool:
    """Whether something that would have to be opened first needs what needs it."""
    waiting = {service: each for service, each in answers.items() if each is not None}
    while waiting:
        ready = [service for service, each in waiting.items() if not any(need in waiting for need in needs(each))]
        if not ready:
            return True
        for service in ready:
            del waiting[service]
    return False
