"""From a folder of files to a list of clips with subjects, labels and folds."""
