import os
from pathlib import Path

from deployment.folders import TargetFolders
from deployment.parking import KEPT, park_instance, park_runs


def fill(folders: TargetFolders) -> None:
    for path in (
        folders.firehose / "journal" / "segment",
        folders.state("apache-logs"),
        folders.outputs("apache-logs"),
        folders.runs("apache-logs") / "one.json",
        folders.reports("apache-logs") / "report.json",
        folders.stack("apache-logs") / "main.tf",
        folders.logs / "moto.log",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name, "utf-8")


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_belonged_to_a_cloud_is_put_aside_and_code_and_logs_stay(tmp_path: Path) -> None:
    folders = TargetFolders(tmp_path, "local")
    fill(folders)
    assert park_instance(folders, "abc")
    assert files(folders.parked("abc")) == [
        "firehose/journal/segment",
        "outputs/apache-logs.json",
        "reports/apache-logs/report.json",
        "runs/apache-logs/one.json",
        "terraform/stacks/apache-logs/terraform.tfstate",
    ]
    assert [name for name in files(folders.base) if not name.startswith("parked")] == [
        "logs/moto.log",
        "terraform/stacks/apache-logs/main.tf",
    ]
    assert not park_instance(folders, "def")


def test_runs_of_one_pipeline_are_put_aside_alone(tmp_path: Path) -> None:
    folders = TargetFolders(tmp_path, "local")
    fill(folders)
    other = folders.runs("store-inventory") / "two.json"
    other.parent.mkdir(parents=True)
    other.touch()
    assert park_runs(folders, "apache-logs", "abc")
    assert files(folders.parked("abc")) == ["reports/apache-logs/report.json", "runs/apache-logs/one.json"]
    assert other.exists()
    assert not park_runs(folders, "apache-logs", "abc")


def test_only_the_latest_are_kept(tmp_path: Path) -> None:
    folders = TargetFolders(tmp_path, "local")
    for number in range(KEPT + 2):
        fill(folders)
        park_instance(folders, f"instance-{number}")
        os.utime(folders.parked(f"instance-{number}"), (number, number))
    fill(folders)
    park_instance(folders, "last")
    assert sorted(path.name for path in (folders.base / "parked").iterdir()) == [
        "instance-3",
        "instance-4",
        "instance-5",
        "instance-6",
        "last",
    ]
