"""Entry point of `python -m autograd_scalar`, the same as the command autograd-scalar."""

import sys

from autograd_scalar.cli import main

sys.exit(main())
