"""Containers of our starting: what a keeper keeps in a Docker engine, and the images that they are made from."""
