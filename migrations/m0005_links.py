"""Why imports into a library folder are copied, where they can't be hard links."""

STEPS: tuple[str, ...] = ("alter table library_roots add column copies text",)
