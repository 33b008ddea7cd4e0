"""`python -m autograd_scalar` is the command autograd-scalar."""

import sys

from autograd_scalar.cli import main

sys.exit(main())
