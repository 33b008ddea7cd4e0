"""Select tests: some need the native engine, and one takes a gigabyte and runs only on request."""

import os

import autograd_scalar as ag

collect_ignore = []
if ag.core() != "native":
    collect_ignore += ["test_agreement.py", "test_slabs.py"]
if ag.core() != "native" or os.environ.get("AUTOGRAD_SCALAR_HUGE", "0") in ("", "0"):
    collect_ignore += ["test_huge.py"]
