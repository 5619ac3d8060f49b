"""The Parquet tables that stages pass to each other: schema, reader and writer of each."""
