"""The restore drill and the end of an environment, by programs that note what they are asked."""
