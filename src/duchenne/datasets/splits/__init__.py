"""Subject-disjoint folds: three schemes that make them, and an independent check of the result."""
