"""The sentences of the Golden Path, one body each (also shipped as ``goldenpath.steps``)."""
