"""What is told of a run: read from its timeline, and from nothing else."""
