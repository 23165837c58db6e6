"""One file per page. Each is thin: queries, a view, a template; changes, and back to the page."""

from quart import Blueprint

from web.pages import (
    account,
    activity,
    add,
    backups,
    dashboard,
    decisions,
    door,
    explain,
    files,
    formats,
    grid,
    identity,
    jobs,
    oidc,
    pictures,
    profiles,
    renames,
    rules,
    search,
    settings,
    system,
    title,
    versions,
    wanted,
)


def blueprints() -> tuple[Blueprint, ...]:
    watching = (
        dashboard,
        grid,
        title,
        decisions,
        versions,
        add,
        search,
        activity,
        jobs,
        wanted,
        files,
        identity,
        system,
        backups,
    )
    choosing = (settings, profiles, formats, rules, renames, explain)
    return tuple(module.pages for module in (door, oidc, *watching, *choosing, account, pictures))
