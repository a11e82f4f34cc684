"""How a service is spoken to, wherever it is: the reference platform's wire, and what the settings map onto it."""
