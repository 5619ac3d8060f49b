"""From clips to subject-disjoint folds: three ways of making them, and a check that trusts none."""
