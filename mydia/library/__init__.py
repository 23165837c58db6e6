"""The library: folders that are watched, every file in them, what each is, and the trash that deletions go to."""
