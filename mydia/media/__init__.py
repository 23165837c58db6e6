"""Titles: films and shows on one path, their episodes, slots and what a page shows of them."""
