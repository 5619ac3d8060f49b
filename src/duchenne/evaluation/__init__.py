"""How good the predictions of all folds are, how sure that is, and proof that it was fair."""
