"""The page as a browser renders it; needs Chromium on PATH."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH")
def test_page_renders_with_its_pictures_and_no_errors(cloud, tmp_path: Path) -> None:
    cloud.run("verify", "--outputs", cloud.outputs, "--manifest", cloud.manifest, "--report-dir", tmp_path / "r")
    page = (tmp_path / "r" / "report.html").as_uri()
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-logging=stderr",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    answer = subprocess.run(
        [str(CHROMIUM), *flags, "--dump-dom", page], capture_output=True, text=True, timeout=90, check=True
    )
    assert not re.search(r"CONSOLE.*(error|Uncaught)", answer.stderr)
    assert answer.stdout.count("<rect ") >= 2
    assert len(re.findall(r'<td class="h\d"', answer.stdout)) == 12
    assert '<td class="status PASS">PASS</td>' in answer.stdout
