"""Find the clips of a data set, with their subjects, labels and folds."""
