"""The runs that were made, as folders of files."""
