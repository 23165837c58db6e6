"""The faces: pages and the API, served by one actor. Views read with queries, write with changes, and decide nothing.

server.py   the web actor: serves the app, closes streams politely      app.py       puts the parts together
edge.py     what may come in: hosts, peers, forwarded addresses         policy.py    who may do what, in one place
auth.py     sessions, API keys, CSRF                                    throttle.py  how often a login may be tried
confirm.py  deeds that ask first
oidc.py     log-in by OpenID Connect, this house's half
live.py     server-sent events                                          health.py, metrics.py  for machines that watch
page.py     a page, and its regions that refresh by themselves          render.py    the templates
views.py    values as people read them                                  story.py     events as sentences
posters.py  the posters we draw                                         pages/       one file per page
api/        REST                                                        assets/      the front end's sources
"""
