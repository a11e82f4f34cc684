"""Feature files: read, parse and compile into pickles.

gherkin-official parses the text and compiles the pickles (https://github.com/cucumber/gherkin); what is added here
is what a runner asks of them: the kind of each step, names that stay the same between runs, and a list of what looks
like a scenario but would run nothing.

The parser is imported when the first file is read: a suite without features does not pay for it.
"""

from __future__ import annotations

import os
from pathlib import Path

from goldenpath.gherkin import slips
from goldenpath.gherkin.compiling import SyntaxTree, pickles, tags_of
from goldenpath.gherkin.model import Feature, Hollow, Pickle, Step
from goldenpath.gherkin.parsing import decode, parse

__all__ = ["Feature", "Hollow", "Pickle", "Step", "read"]


def read(path: Path, *, rootdir: Path, features_root: Path) -> Feature:
    """Read one ``.feature`` file.

    Args:
        path: The file. It is UTF-8, with or without a byte order mark.
        rootdir: What ``uri`` is relative to: pytest's rootdir.
        features_root: What scenario ids are relative to: the folder of features that was asked for or is set.

    Raises:
        FeatureError: The file is not UTF-8 or does not parse, a column of an Examples table is there twice, the
            first step of a scenario or background has no kind, or a misspelt keyword would hide a step. It names all
            syntax errors; ``where`` is the first.
        OSError: The file cannot be read.
    """
    uri = _relative(path, rootdir)
    text = decode(path.read_bytes(), uri)
    document = parse(text, uri)
    feature = document.get("feature")
    if feature is None:
        nothing = Hollow(path.name, 1, "has no feature in it", is_scenario=False)
        return Feature(path, uri, features_root, "", "", "en", "", (), 1, (), (nothing,), document)
    slips.refuse(feature, text, uri)
    tree = SyntaxTree(feature, uri)
    return Feature(
        path=path,
        uri=uri,
        root=features_root,
        name=feature["name"],
        description=feature["description"].strip(),
        language=feature["language"],
        keyword=feature["keyword"],
        tags=tags_of(feature),
        line=feature["location"]["line"],
        pickles=tuple(pickles(document, tree, uri, _relative(path, features_root))),
        hollow=tuple(tree.hollow),
        document=document,
    )


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive of Windows
        return path.as_posix()
