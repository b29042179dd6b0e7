from pathlib import Path

import pytest

from deployment.provider_mirror import Mirror, cli_config, find_mirror, likely_folders, own_configuration

LINUX = "linux_amd64"
AWS = Path("registry.terraform.io/hashicorp/aws")


def unpacked(folder: Path, version: str = "5.100.0", platform: str = LINUX) -> Path:
    (folder / AWS / version / platform).mkdir(parents=True)
    return folder


def zipped(folder: Path, version: str = "5.100.0", platform: str = LINUX) -> Path:
    (folder / AWS).mkdir(parents=True, exist_ok=True)
    (folder / AWS / f"terraform-provider-aws_{version}_{platform}.zip").touch()
    return folder


@pytest.mark.parametrize("make", [unpacked, zipped])
def test_a_mirror_is_found_unpacked_and_zipped(tmp_path: Path, make: object) -> None:
    folder = make(tmp_path / "mirror")  # type: ignore[operator]
    assert find_mirror([folder], roots=(), platform_name=LINUX) == Mirror(folder, ("5.100.0",))


@pytest.mark.parametrize(
    ("version", "platform"),
    [
        pytest.param("5.100.0", "darwin_arm64", id="another-platform"),
        pytest.param("5.99.1", LINUX, id="too-old"),
        pytest.param("4.67.0", LINUX, id="much-too-old"),
        pytest.param("7.0.0", LINUX, id="a-major-that-is-not-known-to-work"),
    ],
)
def test_a_mirror_without_a_fitting_version_is_none(tmp_path: Path, version: str, platform: str) -> None:
    assert find_mirror([unpacked(tmp_path, version, platform)], roots=(), platform_name=LINUX) is None


def test_versions_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for version in ("6.9.0", "6.10.0", "5.100.0", "5.1.0"):
        unpacked(tmp_path, version)
    assert find_mirror([tmp_path], roots=(), platform_name=LINUX) == Mirror(tmp_path, ("5.100.0", "6.9.0", "6.10.0"))


def test_a_mirror_some_folders_below_a_root_is_found(tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "company" / "mirrors" / "terraform")
    assert find_mirror([], roots=(tmp_path,), platform_name=LINUX) == Mirror(folder, ("5.100.0",))


def test_a_mirror_too_deep_below_a_root_is_not_looked_for(tmp_path: Path) -> None:
    unpacked(tmp_path / "1" / "2" / "3" / "4" / "5")
    assert find_mirror([], roots=(tmp_path,), platform_name=LINUX) is None


def test_the_users_own_folders_come_before_the_roots(tmp_path: Path) -> None:
    own, other = unpacked(tmp_path / "own"), unpacked(tmp_path / "root" / "mirror")
    assert find_mirror([own], roots=(other.parent,), platform_name=LINUX) == Mirror(own, ("5.100.0",))


def test_folders_that_can_not_be_read_are_passed_over(tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "b")
    (tmp_path / "a").symlink_to(tmp_path)  # a loop
    assert find_mirror([tmp_path / "missing"], roots=(tmp_path, tmp_path / "missing"), platform_name=LINUX) == Mirror(
        folder, ("5.100.0",)
    )


def test_the_plugin_cache_that_is_named_comes_first(tmp_path: Path) -> None:
    folders = likely_folders({"TF_PLUGIN_CACHE_DIR": "/cache", "XDG_DATA_DIRS": "/one:/two"}, tmp_path)
    assert folders[0] == Path("/cache")
    assert [tmp_path / ".terraform.d" / "plugins", Path("/one/terraform/plugins"), Path("/two/terraform/plugins")] == [
        folder
        for folder in folders
        if folder.name == "plugins"
        and folder.parts[1:2] != ("usr",)
        and "share" not in folder.parts
        and "Library" not in folder.parts
    ]


def test_the_settings_take_one_provider_from_the_mirror_and_the_rest_from_where_it_comes() -> None:
    assert cli_config(Mirror(Path('/mirrors/with "quotes"'), ("5.100.0",))) == (
        "provider_installation {\n"
        '  filesystem_mirror {\n    path    = "/mirrors/with \\"quotes\\""\n    include = ["registry.terraform.io/hashicorp/aws"]\n  }\n'
        '  direct {\n    exclude = ["registry.terraform.io/hashicorp/aws"]\n  }\n'
        "}\n"
    )


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        pytest.param("provider_installation {\n  direct {}\n}\n", True, id="says-where-providers-are"),
        pytest.param('plugin_cache_dir = "/cache"\n', False, id="says-something-else"),
        pytest.param("# provider_installation {\n", False, id="in-a-comment"),
        pytest.param(None, False, id="file-missing"),
    ],
)
def test_the_users_own_configuration_stands_if_it_says_where_providers_are(
    tmp_path: Path, text: str | None, stands: bool
) -> None:
    path = tmp_path / "terraform.rc"
    if text is not None:
        path.write_text(text, "utf-8")
    assert own_configuration({"TF_CLI_CONFIG_FILE": str(path)}, tmp_path) == (path if stands else None)


def test_without_a_variable_the_configuration_lies_in_the_home_folder(tmp_path: Path) -> None:
    (tmp_path / ".terraformrc").write_text("provider_installation {\n}\n", "utf-8")
    assert own_configuration({}, tmp_path) == tmp_path / ".terraformrc"
