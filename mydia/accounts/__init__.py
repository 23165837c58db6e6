"""Accounts: who may enter, and what they may do. Only hashes of passwords, sessions and API keys are ever kept."""
