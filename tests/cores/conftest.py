"""Which of these tests there are: one compares with the compiled core, one takes a gigabyte and is run by hand."""

import os

import autograd_scalar as ag

collect_ignore = []
if ag.core() != "native":
    collect_ignore += ["test_agreement.py", "test_slabs.py"]
if ag.core() != "native" or os.environ.get("AUTOGRAD_SCALAR_HUGE", "0") in ("", "0"):
    collect_ignore += ["test_huge.py"]
