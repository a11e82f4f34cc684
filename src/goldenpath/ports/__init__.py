"""What the Golden Path asks of each service: operations, values, errors and waits.

Steps and contracts know only what stands here; which adapter answers is settled at run time.
"""
