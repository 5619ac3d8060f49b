"""How units of work are run: their cache, the engines that run them, and the fan-out over all.

This package knows nothing of faces, and nothing in it changes a result.
"""
