"""What people who write scenarios and steps work with, shared with the runner: matching and loading of sentences."""
