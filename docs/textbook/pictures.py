"""Render the pictures of the textbook by running the code of each page: python docs/textbook/pictures.py"""

import os
import re
from pathlib import Path

here = Path(__file__).resolve().parent
os.chdir(here)
for page in sorted(here.glob("t?_*.md")):
    fences = re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    exec(compile("\n".join(fences), page.name, "exec"), {"__name__": page.stem})
