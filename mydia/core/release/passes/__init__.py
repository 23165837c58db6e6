"""The small passes of the grammar: each takes the `Reading`, decides one thing, and leaves the rest alone."""
