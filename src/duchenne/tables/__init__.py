"""The Parquet tables that stages exchange: schema, reader and writer of each."""
