"""Why a release would be taken for a title, or not: its facts, every rule's answer, and its value under every rank key."""

from __future__ import annotations

from dataclasses import dataclass

from mydia.core.decide import Candidate, Context, Rejection, Target, Verdict
from mydia.core.decide.bench import Bench
from mydia.core.decide.engine import judge
from mydia.core.decide.facts import Facts
from mydia.core.decide.rules import RULES
from mydia.core.decide.words import episode_words, size_words, time_words
from mydia.core.rank import Key, key_words


@dataclass(frozen=True, slots=True)
class Explanation:
    """One candidate laid open. `rules` holds every rule by name, with its rejection or None."""

    verdict: Verdict
    facts: tuple[tuple[str, str], ...]
    rules: tuple[tuple[str, Rejection | None], ...]
    keys: tuple[Key, ...]


def explain(candidate: Candidate, target: Target, context: Context) -> Explanation:
    """The same decision as `decide` makes, with everything it was made from."""
    (facts,) = Bench(target, context).lay([candidate])
    verdict = judge(facts, target, context, RULES)
    said = {r.rule: r for r in verdict.rejections}
    return Explanation(
        verdict=verdict,
        facts=tuple((name, words) for name, words in _facts(facts, target) if words),
        rules=tuple((rule.__name__, said.get(rule.__name__)) for rule in RULES),
        keys=key_words(verdict, target, context),
    )


def _facts(facts: Facts, target: Target) -> list[tuple[str, str]]:
    release, candidate = facts.release, facts.candidate
    return [
        ("name", candidate.title),
        ("title", f"{release.title or '(none)'}{'' if facts.fits else f', which is not {target.title}'}"),
        ("year", str(release.year or "")),
        ("episodes", episode_words(facts.place.episodes) if target.kind == "episode" else ""),
        ("whole season", "yes" if facts.pack else ""),
        ("quality and revision", str(facts.worth).partition(" (")[0]),
        ("custom formats", f"{', '.join(facts.formats) or 'none'}: score {facts.score}"),
        ("languages", ", ".join(facts.languages)),
        ("release group", release.release_group or ""),
        ("edition", release.edition or ""),
        ("run time", f"{facts.place.runtime:.0f} min" if facts.place.runtime else ""),
        ("size", size_words(candidate.size) if candidate.size else "unknown"),
        ("age", "unknown" if facts.age is None else time_words(facts.age)),
        ("from", f"{candidate.indexer or 'unnamed indexer'} ({candidate.protocol})"),
        ("held", "; ".join(f"{h.quality} (score {h.score})" for h in facts.place.held) or "nothing"),
    ]
