"""What the runner keeps of the guard's reports."""

from loguru import logger

from download_module.egress.reports import KEPT, Reports


def refusal(download: int | None, target: str) -> dict[str, object]:
    return {"say": "report", "client": "browser", "download": download, "target": target, "refused": "address"}


def test_each_refusal_is_logged_once_with_its_download_and_the_last_is_remembered() -> None:
    logged: list[str] = []
    sink = logger.add(logged.append, format="{level} {message} {extra}", level="WARNING")
    reports = Reports()
    for _ in range(100):
        reports.note(refusal(7, "10.0.0.1:80"))
    reports.note(refusal(7, "10.0.0.2:80"))
    reports.note(refusal(None, "10.0.0.3:80"))
    reports.note({"client": "probe", "download": 8, "target": "a.test:443", "ended": "too long"})
    logger.remove(sink)
    assert reports.refused == {7: "10.0.0.2:80"}
    assert len(logged) == 4
    assert "'download': 7" in logged[0]
    assert "'target': '10.0.0.1:80'" in logged[0]


def test_what_is_remembered_is_bounded() -> None:
    reports = Reports()
    logger.disable("download_module")
    for number in range(KEPT + 100):
        reports.note(refusal(number, "10.0.0.1:80"))
    logger.enable("download_module")
    assert len(reports.refused) == KEPT
    assert KEPT + 99 in reports.refused
    reports.forget(KEPT + 99)
    assert KEPT + 99 not in reports.refused
