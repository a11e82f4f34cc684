"""The reference platform's promises, as features (also shipped as ``goldenpath.features``)."""
