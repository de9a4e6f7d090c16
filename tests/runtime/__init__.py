"""The running parts: database, Blob storage, logs, metrics."""
