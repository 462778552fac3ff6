from smn.serve.service_state import Metrics


def test_arbitrary_methods_do_not_become_labels() -> None:
    metrics = Metrics()
    for number in range(100):
        metrics.count_request(f"METHOD{number}", "/v1/predict", 405, 0.01)
    assert metrics.text().decode().count("smn_requests_total{") == 1
