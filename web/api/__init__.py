"""REST under /api/v1: the same queries and changes as the pages, as JSON. One error shape (RFC 9457), one place that says who may what.

kit.py       how an operation is declared, answered and documented      models.py   the shapes that come in and go out
media.py     titles, searching                                          downloads.py  grabs, the queue, the blocklist
library.py   folders, files, trash                                      settings.py   configuration, quality profiles
house.py     jobs, history, API keys, the document itself
"""

from quart import Blueprint, Quart

from web.api import downloads, house, library, media, settings
from web.api.kit import document


def install(app: Quart) -> None:
    """Add the API and its document to an app."""
    blueprints: tuple[Blueprint, ...] = (media.api, downloads.api, library.api, settings.api, house.api)
    for blueprint in blueprints:
        app.register_blueprint(blueprint, url_prefix="/api/v1")
    document(app)
