"""The reference platform's behaviour, over ports: what the mocks do and what its servers speak over the wire."""
