"""What runs a scenario: the event loop, the opened session, the observed ports and the timeline."""
