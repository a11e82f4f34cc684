"""Features of several features roots in one run: no two scenarios have one id.

An id counts from the features root (see the design's Words), so ``bank/features/login.feature`` and
``shop/features/login.feature`` say the same. Where both are in a run, the ids of both count from what they have in
common: pytest's rootdir.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldenpath import gherkin
from goldenpath.pytest_plugin.item import FeatureItem

if TYPE_CHECKING:
    from goldenpath.pytest_plugin.run import Run


def tell_apart(run: Run, items: Iterable[pytest.Item]) -> None:
    """Give the scenarios of files that say the same ids of their own, before anybody is told of one.

    Args:
        run: Of this process; its features are replaced.
        items: All that will run.
    """
    features = [each for each in run.features.values() if isinstance(each, gherkin.Feature)]
    if len({feature.root for feature in features}) == 1:
        return
    alike: dict[str, list[gherkin.Feature]] = defaultdict(list)
    for feature in features:
        alike[os.path.relpath(feature.path, feature.root)].append(feature)
    mine = [each for each in items if isinstance(each, FeatureItem)]
    for same in alike.values():
        if len(same) > 1:
            root = _in_common(run.rootdir, same)
            for feature in same:
                _count_from(root, feature, run, mine)


def _in_common(rootdir: Path, features: Iterable[gherkin.Feature]) -> Path:
    paths = [feature.path for feature in features]
    return rootdir if all(rootdir in path.parents for path in paths) else Path(os.path.commonpath(paths))


def _count_from(root: Path, feature: gherkin.Feature, run: Run, items: Iterable[FeatureItem]) -> None:
    fresh = gherkin.read(feature.path, rootdir=run.rootdir, features_root=root, cache=run.cache)
    run.features[feature.path] = fresh
    pairs: list[tuple[Any, Any]] = [*zip(feature.pickles, fresh.pickles, strict=True)]
    pairs += zip(feature.hollow, fresh.hollow, strict=True)
    scenarios = {id(old): new for old, new in pairs}
    for item in items:
        if item.feature is feature:
            item.feature, item.scenario = fresh, scenarios[id(item.scenario)]
