"""Notifiers (`ports.Notifier`): a webhook of our own shape, and Discord."""
