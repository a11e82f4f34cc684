"""The ways to answer the ports. Nobody imports them: they come in by the entry points ``goldenpath.adapters``."""
