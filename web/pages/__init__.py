"""One file per page. Each is thin: queries, a view, a template; changes, and back to the page."""

from quart import Blueprint

from web.pages import account, activity, add, dashboard, door, files, grid, pictures, search, settings, system, title


def blueprints() -> tuple[Blueprint, ...]:
    return tuple(
        module.pages
        for module in (door, dashboard, grid, title, add, search, activity, files, system, settings, account, pictures)
    )
