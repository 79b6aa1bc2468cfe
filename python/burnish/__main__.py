# SPDX-License-Identifier: Apache-2.0
"""``python -m burnish``."""

import sys

from burnish._command import main

if __name__ == "__main__":
    sys.exit(main())
