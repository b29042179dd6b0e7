"""JUnit XML, as CI systems read it: one test case a check.

Pure. Source: the schema that Jenkins, GitLab and GitHub actions share, https://github.com/testmoapp/junitxml
"""

import re
from typing import Any
from xml.etree import ElementTree as Xml

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(report: dict[str, Any]) -> str:
    """Return the report as JUnit XML."""
    checks = report["checks"]
    failed, skipped = (sum(check["status"] == status for check in checks) for status in ("FAIL", "SKIP"))
    counts = {"tests": str(len(checks)), "failures": str(failed), "skipped": str(skipped), "errors": "0"}
    root = Xml.Element("testsuites", {"name": "verify", **counts})
    suite = Xml.SubElement(
        root, "testsuite", {"name": f"verify {report['pipeline']}", "timestamp": report["verified_at"], **counts}
    )
    for check in checks:
        case = Xml.SubElement(suite, "testcase", {"classname": f"verify.{report['pipeline']}", "name": check["check"]})
        if check["status"] == "SKIP":
            Xml.SubElement(case, "skipped", {"message": _clean(check["found"])})
        elif check["status"] == "FAIL":
            message = f"{check['title']}: {check['findings']} findings"
            failure = Xml.SubElement(case, "failure", {"message": message, "type": check["check"]})
            failure.text = _clean(
                "\n".join(
                    f"{finding['location']}\n  expected {finding['expected']}\n  found    {finding['found']}"
                    for finding in report["findings"]
                    if finding["check"] == check["check"]
                )
            )
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    """Replace characters that XML cannot hold."""
    return _FORBIDDEN.sub("\ufffd", text)
