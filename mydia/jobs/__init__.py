"""Jobs: what must still happen, as rows. Enqueued with the change that wants them, so that they cannot be lost."""
