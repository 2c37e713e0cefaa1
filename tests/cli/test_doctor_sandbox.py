"""What `doctor` says of the walls around children."""

from cli.checks.finding import Verdict
from cli.checks.sandbox import check_sandbox
from core.sandbox import Layers, layers


def test_each_layer_has_a_line_and_one_that_is_missing_a_reason_and_a_remedy() -> None:
    whole = Layers(namespaces=True, files=True)
    assert [finding.verdict for finding in check_sandbox(whole)] == [Verdict.GOOD] * 2
    bare = Layers(namespaces=False, files=False, why_no_namespaces="unshare: EPERM", why_no_files="no Landlock")
    network, files = check_sandbox(bare)
    assert (network.verdict, files.verdict) == (Verdict.WARNING, Verdict.WARNING)
    assert "unshare: EPERM" in network.found
    assert "no Landlock" in files.found
    assert network.next_step
    assert files.next_step


def test_what_is_said_is_what_this_machine_can_do() -> None:
    found = layers()
    expected = [Verdict.GOOD if layer else Verdict.WARNING for layer in (found.namespaces, found.files)]
    assert [finding.verdict for finding in check_sandbox()] == expected
