"""The platform's ports over the wire: who calls a server of ours, or one that speaks as they do."""
