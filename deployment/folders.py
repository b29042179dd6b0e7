"""Where a target keeps its files; everything lives below one ignored folder.

Pure: paths only, nothing is read or made.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TargetFolders:
    """Paths of one target; `root` is the folder for all targets, ``.pipeline`` unless told otherwise."""

    root: Path
    target: str

    @property
    def base(self) -> Path:
        return self.root / self.target

    @property
    def record(self) -> Path:
        return self.base / "target.json"

    @property
    def lock(self) -> Path:
        return self.base / "lock"

    @property
    def terraform(self) -> Path:
        return self.base / "terraform"

    @property
    def cli_config(self) -> Path:
        return self.base / "terraform.rc"

    @property
    def firehose(self) -> Path:
        return self.base / "firehose"

    @property
    def logs(self) -> Path:
        return self.base / "logs"

    @property
    def samples(self) -> Path:
        return self.base / "samples"

    def stack(self, pipeline: str) -> Path:
        return self.terraform / "stacks" / pipeline

    def state(self, pipeline: str) -> Path:
        return self.stack(pipeline) / "terraform.tfstate"

    def outputs(self, pipeline: str) -> Path:
        return self.base / "outputs" / f"{pipeline}.json"

    def runs(self, pipeline: str) -> Path:
        return self.base / "runs" / pipeline

    def reports(self, pipeline: str) -> Path:
        return self.base / "reports" / pipeline

    def parked(self, name: str) -> Path:
        return self.base / "parked" / name
