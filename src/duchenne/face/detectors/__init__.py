"""Places where a face may be, one file for each way of finding them."""
