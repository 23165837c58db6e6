"""Names and moments as templates show them: a release name breaks at its dots and stays text; a time that has passed is no forecast."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from web import views
from web.render import breakable

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_a_release_name_may_break_behind_its_dots_dashes_and_slashes() -> None:
    assert breakable("Films/The.General.1926-PD") == "Films/<wbr>The.<wbr>General.<wbr>1926-<wbr>PD"
    assert breakable("indexer · 5.5 MiB · DDP5.1-GRP") == "indexer · 5.5 MiB · DDP5.1-<wbr>GRP"
    assert breakable("") == ""
    assert breakable("...and more") == "...<wbr>and more"


@given(st.text())
def test_a_name_stays_text_whatever_is_in_it(name: str) -> None:
    shown = breakable(name)
    assert isinstance(shown, Markup)
    assert "<" not in shown.replace("<wbr>", "")
    assert shown.replace("<wbr>", "").unescape() == name.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def test_a_forecast_that_has_passed_is_none() -> None:
    assert views.until((NOW + timedelta(seconds=90)).isoformat(), NOW) == "1 min"
    assert views.until((NOW - timedelta(seconds=1)).isoformat(), NOW) == ""
    assert views.until(None, NOW) == ""
