"""What the house measures, for Prometheus: requests by route, mailboxes, restarts, jobs, the writer's batches, the library."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from quart import Blueprint, Response, current_app

from mydia.jobs.queries import job_counts
from mydia.media.model import Counts
from mydia.media.queries import counts
from mydia.otp import ChildInfo, Mailbox
from web.policy import Answer, Policy, Visit, route

pages = Blueprint("metrics", __name__)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class WriterStats(Protocol):
    """How the database writer batches: `sizes` counts batches by the upper bound of their size."""

    @property
    def sizes(self) -> Mapping[int, int]: ...

    batches: int
    changes: int
    seconds: float


class Meter:
    """The counters of one process: they outlive the web actor, so a restart of it sets nothing back to zero."""

    def __init__(self, writer: WriterStats | None = None) -> None:
        self.writer = writer
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "mydia_http_requests", "Answers by route", ("route", "method", "status"), registry=self.registry
        )
        self.latency = Histogram(
            "mydia_http_request_seconds", "Time to answer", ("route", "method"), buckets=SECONDS, registry=self.registry
        )

        # Looking a series up by its labels costs more than counting.
        self._counts: dict[tuple[str, str, int], Counter] = {}
        self._spreads: dict[tuple[str, str], Histogram] = {}

    def observe(self, rule: str, method: str, status: int, seconds: float) -> None:
        """One answer: the route's pattern, never its path, so that the number of series stays small."""
        count = self._counts.get((rule, method, status))
        if count is None:
            count = self._counts[rule, method, status] = self.requests.labels(rule, method, str(status))
        count.inc()
        spread = self._spreads.get((rule, method))
        if spread is None:
            spread = self._spreads[rule, method] = self.latency.labels(rule, method)
        spread.observe(seconds)


@dataclass(frozen=True, slots=True, eq=False)  # the registry keeps collectors by identity
class Snapshot(Collector):
    """What is counted elsewhere, as it stands at one scrape."""

    children: Sequence[ChildInfo]
    mailboxes: Sequence[Mailbox]
    jobs: Mapping[tuple[str, str], int]
    library: Counts
    writer: WriterStats | None

    def collect(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily("mydia_mailbox_depth", "Unread letters", labels=["mailbox"])
        for box in self.mailboxes:
            depth.add_metric([box.name], box.depth)
        yield depth
        restarts = CounterMetricFamily("mydia_actor_restarts", "Restarts since the process started", labels=["actor"])
        running = GaugeMetricFamily("mydia_actor_running", "1 while it runs", labels=["actor"])
        for child in flat(self.children):
            restarts.add_metric([child.path], child.restarts)
            running.add_metric([child.path], float(child.state == "running"))
        yield restarts
        yield running
        jobs = GaugeMetricFamily("mydia_jobs", "Jobs by queue and state", labels=["queue", "state"])
        for (queue, state), number in self.jobs.items():
            jobs.add_metric([queue, state], number)
        yield jobs
        library = GaugeMetricFamily("mydia_library", "What the library holds", labels=["what"])
        for what in ("movies", "shows", "episodes", "files", "missing", "unmatched"):
            library.add_metric([what], getattr(self.library, what))
        yield library
        yield GaugeMetricFamily("mydia_library_bytes", "Size of all files", value=self.library.bytes)
        if self.writer is not None:
            yield self._batches(self.writer)

    @staticmethod
    def _batches(writer: WriterStats) -> Metric:
        buckets, below = [], 0
        for bound in sorted(writer.sizes):
            below += writer.sizes[bound]
            buckets.append((str(float(bound)), below))
        family = HistogramMetricFamily("mydia_writer_batch_changes", "Changes committed together")
        family.add_metric([], [*buckets, ("+Inf", writer.batches)], sum_value=writer.changes)
        return family


def flat(children: Sequence[ChildInfo]) -> Iterator[ChildInfo]:
    for child in children:
        yield child
        yield from flat(child.children)


@route(pages, "/metrics", Policy.READ)
async def metrics(visit: Visit) -> Answer:
    """For Prometheus, with an API key as its bearer token."""
    meter: Meter = current_app.extensions["mydia.meter"]
    now = visit.house.clock.now().date().isoformat()
    snapshot = Snapshot(
        visit.site.tree.children() if visit.site.tree is not None else (),
        visit.house.mail.all(),
        await visit.read(job_counts),
        await visit.read(counts, today=now),
        meter.writer,
    )
    registry = CollectorRegistry(auto_describe=False)
    registry.register(snapshot)
    return Response(generate_latest(meter.registry) + generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
