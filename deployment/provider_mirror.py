"""Find an unpacked (or zipped) copy of the AWS provider on this machine, and tell Terraform of it.

Talks to: disk (folder names only). Terraform knows some of these places itself, but only without a configuration of its own; the others
are where air-gapped machines keep a mirror.
Source: https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
"""

import os
import platform
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROVIDER = Path("registry.terraform.io", "hashicorp", "aws")
OLDEST, TOO_NEW = (5, 100), (7,)  # as required_providers in terraform/stacks/*/versions.tf

ROOTS = tuple(
    map(
        Path,
        ("/usr/share", "/usr/local", "/opt", "/srv", "/var/lib", "/var/cache", "/mnt", "/media", "/data", "/nix/var"),
    )
)
_DEPTH = 4  # folders below a root in which a mirror may begin
_MOST_FOLDERS = 5_000  # looked at below one root; a mirror that lies deeper among more is named by TF_PLUGIN_CACHE_DIR
_SKIPPED = frozenset(
    {
        "proc",
        "sys",
        "dev",
        "node_modules",
        "site-packages",
        "docker",
        "containerd",
        "overlay2",
        "snapd",
        "doc",
        "man",
        "locale",
    }
)
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "i386": "386", "i686": "386", "armv7l": "arm"}
_ZIP = re.compile(r"terraform-provider-aws_(?P<version>[0-9.]+)_(?P<platform>[a-z0-9]+_[a-z0-9]+)\.zip")


@dataclass(frozen=True, slots=True)
class Mirror:
    """A folder that holds ``registry.terraform.io/hashicorp/aws`` in `versions` that the stacks take."""

    folder: Path
    versions: tuple[str, ...]


def terraform_platform() -> str:
    """Return this machine as Terraform names it, such as ``linux_amd64``."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{_ARCHITECTURES.get(machine, machine)}"


def likely_folders(environ: Mapping[str, str], home: Path) -> list[Path]:
    """Return the folders where plug-ins usually lie, the user's own first."""
    named = [Path(environ[name]) for name in ("TF_PLUGIN_CACHE_DIR",) if environ.get(name)]
    data_home = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    data_folders = [
        Path(folder) for folder in (environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":") if folder
    ]
    return [
        *named,
        home / ".terraform.d" / "plugin-cache",
        home / ".terraform.d" / "plugins",
        data_home / "terraform" / "plugins",
        home / "Library" / "Application Support" / "io.terraform" / "plugins",
        *(folder / "terraform" / "plugins" for folder in data_folders),
    ]


def find_mirror(
    folders: Iterable[Path], *, roots: Sequence[Path] = ROOTS, platform_name: str | None = None
) -> Mirror | None:
    """Return the first mirror that holds a version for this machine: in `folders` themselves, then anywhere near the top of `roots`."""
    wanted = platform_name or terraform_platform()
    for folder in (*folders, *(folder for root in roots for folder in _below(root))):
        versions = _versions(folder / PROVIDER, wanted)
        if versions:
            return Mirror(folder.resolve(), versions)
    return None


def cli_config(mirror: Mirror) -> str:
    """Return a Terraform configuration that takes the AWS provider from `mirror` and everything else from where it comes."""
    source = PROVIDER.as_posix()
    folder = str(mirror.folder).replace("\\", "\\\\").replace('"', '\\"')
    return (
        "provider_installation {\n"
        f'  filesystem_mirror {{\n    path    = "{folder}"\n    include = ["{source}"]\n  }}\n'
        f'  direct {{\n    exclude = ["{source}"]\n  }}\n'
        "}\n"
    )


def own_configuration(environ: Mapping[str, str], home: Path) -> Path | None:
    """Return the user's Terraform configuration if it says where providers come from; then it stands and nothing is looked for."""
    named = environ.get("TF_CLI_CONFIG_FILE") or environ.get("TERRAFORM_CONFIG")
    path = Path(named) if named else home / ".terraformrc"
    try:
        text = path.read_text("utf-8", errors="replace")
    except OSError:  # also a variable that names a missing file: Terraform warns and goes on
        return None
    return path if re.search(r"^\s*provider_installation\s*\{", text, re.MULTILINE) else None


def _versions(folder: Path, wanted: str) -> tuple[str, ...]:
    """Return the fitting versions in a provider's folder, unpacked (version/platform/binary) or packed (zip files)."""
    try:
        entries = sorted(path.name for path in folder.iterdir())
    except OSError:
        return ()
    found = set()
    for entry in entries:
        packed = _ZIP.fullmatch(entry)
        if packed and packed["platform"] == wanted:
            found.add(packed["version"])
        elif (folder / entry / wanted).is_dir():
            found.add(entry)
    return tuple(sorted((version for version in found if _fits(version)), key=_number))


def _fits(version: str) -> bool:
    return OLDEST <= _number(version) < TOO_NEW


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _below(root: Path) -> Iterator[Path]:
    """Yield `root` and the folders below it, nearest first, a bounded number of them."""
    level, seen = [root], 0
    for depth in range(_DEPTH + 1):
        following: list[Path] = []
        for folder in level:
            seen += 1
            if seen > _MOST_FOLDERS:
                return
            yield folder
            if depth < _DEPTH:
                following += _subfolders(folder)
        level = following


def _subfolders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                Path(entry.path)
                for entry in entries
                if entry.name not in _SKIPPED and entry.is_dir(follow_symlinks=False)
            )
    except OSError:
        return []
