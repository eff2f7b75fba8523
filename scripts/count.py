"""Counts the tests of a finished `meson test`: cmocka's cases where there are any, else the program.

count.py BUILD_DIR prints cmocka's closing lines of each program, then "PASSED FAILED" as last line.
"""

import json
import re
import sys

PASSED = re.compile(r"\[  PASSED  \] (\d+) test\(s\)")
FAILED = re.compile(r"\[  FAILED  \] (\d+) test\(s\)")


def count(test):
    """Cases passed and failed in one program; a crash without closing lines is one failure."""
    output = test.get("stdout", "") + test.get("stderr", "")
    passed = sum(int(n) for n in PASSED.findall(output))
    failed = sum(int(n) for n in FAILED.findall(output))
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    if not good and failed == 0:
        failed = 1
    if good and passed == 0:
        passed = 1
    return passed, failed


def main():
    total_passed = total_failed = 0
    with open(sys.argv[1] + "/meson-logs/testlog.json", encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            passed, failed = count(test)
            total_passed += passed
            total_failed += failed
            print(f"  {test['name']:40} [  PASSED  ] {passed} test(s)."
                  + (f" [  FAILED  ] {failed} test(s)." if failed else "")
                  + f" {test['duration']:.1f} s")
    print(total_passed, total_failed)


main()
