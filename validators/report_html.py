"""report.html: the report as one page that needs no network, with pictures drawn as SVG.

Pure: the template is read from the package.
"""

from importlib.resources import files
from typing import Any

import jinja2

_ENVIRONMENT = jinja2.Environment(
    autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def html_page(report: dict[str, Any]) -> str:
    """Return the page for one report."""
    template = _ENVIRONMENT.from_string(files("validators").joinpath("templates/report.html").read_text("utf-8"))
    return template.render(report=report)
