"""Numbers for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from smn.serve.engine import Engine

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """What is counted. Each service has its own registry, so that two in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "smn_requests", "Requests answered", ["method", "path", "status"], registry=self.registry
        )
        self._seconds = Histogram("smn_request_seconds", "Seconds a request took", ["path"], buckets=_SECONDS,
                                  registry=self.registry)  # fmt: skip
        self._batch = Histogram("smn_batch_pictures", "Pictures that the network saw at once", registry=self.registry,
                                buckets=(1, 2, 4, 8, 16, 32))  # fmt: skip
        self._outcomes = Counter("smn_answers", "Answers given", ["outcome", "model"], registry=self.registry)

    def watch(self, engine: Engine) -> None:
        """Show how many pictures an engine has waiting, and how often it knew the answer already."""
        Gauge("smn_pictures_pending", "Pictures that wait or are worked on", registry=self.registry).set_function(
            lambda: engine.pending
        )
        Gauge("smn_cache_hits", "Answers that were known already", registry=self.registry).set_function(
            lambda: engine.hits
        )

    def count_request(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count a request."""
        # Whatever strangers call their methods must not become a row each.
        self._requests.labels(method if method in _METHODS else "other", path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def count_batch(self, size: int) -> None:
        """Count a batch."""
        self._batch.observe(size)

    def count_answer(self, outcome: str, model: str) -> None:
        """Count an answer."""
        self._outcomes.labels(outcome, model).inc()

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)
