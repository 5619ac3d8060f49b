"""The `duchenne` command: what `dvc` does not do."""
