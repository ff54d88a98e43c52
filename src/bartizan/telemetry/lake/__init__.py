"""The lake: the journal's records as Parquet files, one folder a day, for questions over weeks."""
