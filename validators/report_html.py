"""report.html: the report as one page that needs no network, with pictures drawn as SVG.

Pure: the template is read from the package.
"""

from importlib.resources import files
from typing import Any

import jinja2

from validators.accounting import COLUMNS
from validators.checks import CHECKS
from validators.report_charts import HEIGHT, WIDTH, heat_map_chart, histogram_chart, timeline_chart

_ENVIRONMENT = jinja2.Environment(
    autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def html_page(report: dict[str, Any]) -> str:
    """Return the page for one report."""
    template = _ENVIRONMENT.from_string(files("validators").joinpath("templates/report.html").read_text("utf-8"))
    statistics = report["statistics"]
    statuses = [check["status"] for check in report["checks"]]
    return template.render(
        report=report,
        statistics=statistics,
        columns=COLUMNS,
        has_manifest=bool(statistics["runs"]),
        counts={status: statuses.count(status) for status in ("PASS", "FAIL", "SKIP")},
        failed=[check for check in report["checks"] if check["status"] == "FAIL"],
        advice={name: check.advice for name, check in CHECKS.items()},
        about={name: check.about for name, check in CHECKS.items()},
        heat_map=heat_map_chart(statistics["heat_map"]),
        timeline=timeline_chart(statistics["timeline"]),
        histogram=histogram_chart(statistics["size_histogram"]),
        chart_width=WIDTH,
        chart_height=HEIGHT,
    )
