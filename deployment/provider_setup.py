"""Decide where Terraform takes its AWS provider from, and say so in the settings file that it is started with.

Talks to: disk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deployment.atomic_file import write_atomically
from deployment.environment import terraform_environment
from deployment.folders import TargetFolders
from deployment.provider_mirror import cli_config, find_mirror, likely_folders, own_configuration


@dataclass(frozen=True, slots=True)
class ProviderSetup:
    """`config` is Terraform's settings file, `source` says in words where the provider comes from; with `cache` set it is downloaded there."""

    config: Path
    source: str
    cache: Path | None = None

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return `environment` with what Terraform needs to find the provider."""
        found = terraform_environment(environment, str(self.config))
        if self.cache is not None and "TF_PLUGIN_CACHE_DIR" not in found:
            found |= {"TF_PLUGIN_CACHE_DIR": str(self.cache), "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1"}
        return found


def set_up_provider(folders: TargetFolders, environ: Mapping[str, str], home: Path) -> ProviderSetup:
    """Return the setup: the user's own if there is one, else a mirror on this machine, else the registry with a cache of ours.

    Writes the settings file of the target, and makes the cache folder that Terraform wants to exist.
    """
    own = own_configuration(environ, home)
    if own is not None:
        return ProviderSetup(own, f"as {own} says")
    mirror = find_mirror(likely_folders(environ, home))
    if mirror is not None:
        write_atomically(folders.cli_config, cli_config(mirror))
        return ProviderSetup(folders.cli_config, f"from the mirror {mirror.folder} ({', '.join(mirror.versions)})")
    cache = folders.root / "plugin-cache"  # the provider has 700 MB: fetched once for all stacks and targets
    cache.mkdir(parents=True, exist_ok=True)
    write_atomically(folders.cli_config, "")
    return ProviderSetup(folders.cli_config, "from registry.terraform.io", cache.resolve())
